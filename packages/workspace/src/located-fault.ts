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

/** More than anybody mends in one go. */
const mostShown = 50;

/**
 * Faults as text: `file:line:column`, what is wrong, the line with a caret, how to mend it, the code. Of very many the first fifty, errors
 * before warnings. Ends with a line that counts them all; empty text for no faults.
 */
export function renderFaults(faults: readonly LocatedFault[], options: { readonly color: boolean }): string {
  if (faults.length === 0) return '';
  const paint = (style: keyof typeof colors, text: string): string =>
    options.color ? `${colors[style]}${text}${colors.off}` : text;
  const shown = sortedFaults(firstFaults(faults));
  const blocks = shown.map((fault) => renderFault(fault, paint));
  const left = faults.length - shown.length;
  const more =
    left === 0 ? [] : [`… and ${left} more, to be shown when these are mended (vmstation check --json has all).`];
  return `${[...blocks, ...more, countLine(faults)].join('\n\n')}\n`;
}

function firstFaults(faults: readonly LocatedFault[]): readonly LocatedFault[] {
  if (faults.length <= mostShown) return faults;
  const sorted = sortedFaults(faults);
  const ofSeverity = (severity: LocatedFault['severity']) => sorted.filter((fault) => fault.severity === severity);
  return [...ofSeverity('error'), ...ofSeverity('warning')].slice(0, mostShown);
}

function renderFault(fault: LocatedFault, paint: (style: keyof typeof colors, text: string) => string): string {
  const file = printable(fault.file);
  const place = fault.sourceLine === undefined ? file : `${file}:${fault.line}:${fault.column}`;
  const lines = [`${paint('bold', place)}: ${paint(fault.severity, fault.severity)}: ${printable(fault.message)}`];
  if (fault.sourceLine !== undefined) {
    const number = String(fault.line).padStart(5);
    const { text, offset, length } = excerpt(fault.sourceLine, fault.column, fault.length ?? 1);
    const caret = '^'.repeat(length);
    lines.push(`${paint('dim', `${number} |`)} ${text}`);
    lines.push(`${paint('dim', '      |')} ${' '.repeat(offset)}${paint(fault.severity, caret)}`);
  }
  const related = fault.related;
  if (related !== undefined) lines.push(`      see ${printable(related.file)}:${related.line}:${related.column}`);
  lines.push(`      ${printable(fault.tryThis)} ${paint('dim', `(${fault.code})`)}`);
  return lines.join('\n');
}

/** The part of a long line around what is meant, as it is shown: where that starts, and how many characters of it there are. */
function excerpt(
  line: string,
  column: number,
  length: number,
): { readonly text: string; readonly offset: number; readonly length: number } {
  const shown = (part: string): string => printable(part.replaceAll('\t', ' '));
  const clean = shown(line);
  const from = shown(line.slice(0, column - 1)).length;
  const meant = shown(line.slice(column - 1, column - 1 + length)).length;
  const width = 110;
  const start = clean.length <= width ? 0 : Math.max(0, Math.min(from - 40, clean.length - width));
  const text = clean.slice(start, start + width);
  return { text, offset: from - start, length: Math.max(1, Math.min(meant, text.length - (from - start))) };
}

/** Control characters of a hostile file must not reach the terminal, and what turns or hides text must not deceive: both are shown by number. */
function printable(text: string): string {
  return text.replaceAll(
    // oxlint-disable-next-line no-control-regex, no-misleading-character-class -- these are the characters that are meant
    /[\u0000-\u001F\u007F-\u009F\u00AD\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function countLine(faults: readonly LocatedFault[]): string {
  const errors = faults.filter((fault) => fault.severity === 'error').length;
  const warnings = faults.length - errors;
  const counted = (count: number, word: string): string[] =>
    count === 0 ? [] : [`${count} ${word}${count === 1 ? '' : 's'}`];
  return [...counted(errors, 'error'), ...counted(warnings, 'warning')].join(', ');
}
