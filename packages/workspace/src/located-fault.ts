import type { Fault } from '@vmstation/core';

/** A place in a file of the workspace; line and column count from 1. */
export interface FilePosition {
  /** Workspace-relative. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A fault with the place in the file that an editor would jump to. */
export interface LocatedFault extends FilePosition {
  readonly code: Fault['code'];
  readonly severity: Fault['severity'];
  readonly message: string;
  readonly tryThis: string;
  /** The line at fault; left out for faults of a whole file or folder. */
  readonly sourceLine?: string;
  /** How many characters of the line are meant, at least 1. */
  readonly length?: number;
  readonly related?: FilePosition;
}

/** A fault of a whole file or folder. */
export function faultOfFile(
  code: Fault['code'],
  file: string,
  message: string,
  tryThis: string,
  severity: Fault['severity'] = 'error',
): LocatedFault {
  return { code, severity, file, line: 1, column: 1, message, tryThis };
}

/** Orders faults as a reader meets them: the cluster file first, then other files by name, then by place. */
export function sortedFaults(faults: readonly LocatedFault[]): readonly LocatedFault[] {
  const rank = (fault: LocatedFault): string => (fault.file === 'vmstation.yaml' ? '' : fault.file);
  return faults.toSorted((a, b) => {
    if (rank(a) !== rank(b)) return rank(a) < rank(b) ? -1 : 1;
    return a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : Number(a.code > b.code));
  });
}

const colors = {
  error: '\u001B[31m',
  warning: '\u001B[33m',
  dim: '\u001B[2m',
  bold: '\u001B[1m',
  off: '\u001B[0m',
} as const;

/**
 * All faults as text: `file:line:column`, what is wrong, the line with a caret, how to mend it, the code.
 * Ends with a line that counts them; empty text for no faults.
 */
export function renderFaults(faults: readonly LocatedFault[], options: { readonly color: boolean }): string {
  if (faults.length === 0) return '';
  const paint = (style: keyof typeof colors, text: string): string =>
    options.color ? `${colors[style]}${text}${colors.off}` : text;
  const blocks = sortedFaults(faults).map((fault) => renderFault(fault, paint));
  return `${blocks.join('\n\n')}\n\n${countLine(faults)}\n`;
}

function renderFault(fault: LocatedFault, paint: (style: keyof typeof colors, text: string) => string): string {
  const place = fault.sourceLine === undefined ? fault.file : `${fault.file}:${fault.line}:${fault.column}`;
  const lines = [`${paint('bold', place)}: ${paint(fault.severity, fault.severity)}: ${printable(fault.message)}`];
  if (fault.sourceLine !== undefined) {
    const number = String(fault.line).padStart(5);
    const { text, offset } = excerpt(fault.sourceLine, fault.column);
    const caret = '^'.repeat(Math.max(1, Math.min(fault.length ?? 1, text.length - offset)));
    lines.push(`${paint('dim', `${number} |`)} ${text}`);
    lines.push(`${paint('dim', '      |')} ${' '.repeat(offset)}${paint(fault.severity, caret)}`);
  }
  const related = fault.related;
  if (related !== undefined) lines.push(`      see ${related.file}:${related.line}:${related.column}`);
  lines.push(`      ${printable(fault.tryThis)} ${paint('dim', `(${fault.code})`)}`);
  return lines.join('\n');
}

/** The part of a long line around the column. */
function excerpt(line: string, column: number): { readonly text: string; readonly offset: number } {
  const clean = printable(line.replaceAll('\t', ' '));
  const width = 110;
  if (clean.length <= width) return { text: clean, offset: column - 1 };
  const start = Math.max(0, Math.min(column - 1 - 40, clean.length - width));
  return { text: clean.slice(start, start + width), offset: column - 1 - start };
}

/** Control characters of a hostile file must not reach the terminal. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are the characters that are meant
  return text.replaceAll(/[\u0000-\u001F\u007F-\u009F]/g, '\uFFFD');
}

function countLine(faults: readonly LocatedFault[]): string {
  const errors = faults.filter((fault) => fault.severity === 'error').length;
  const warnings = faults.length - errors;
  const counted = (count: number, word: string): string[] =>
    count === 0 ? [] : [`${count} ${word}${count === 1 ? '' : 's'}`];
  return [...counted(errors, 'error'), ...counted(warnings, 'warning')].join(', ');
}
