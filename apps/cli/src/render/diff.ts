import type { StepChange } from '@vmstation/core';
import { widthOf } from './layout.ts';
import { arrow, type Style } from './style.ts';

/** The changes of a step, one line each, unified text for files below. Secrets were made digests where the change was read. */
export function renderChanges(changes: readonly StepChange[], style: Style, indent: string): readonly string[] {
  return changes.flatMap((change) => {
    if (change.diff !== undefined && change.diff !== '') {
      return [`${indent}${change.target}`, ...renderUnified(change.diff, style, `${indent}  `)];
    }
    const subject = `${indent}${change.target} ${style.paint.quiet(change.attribute)}`;
    const [seen, want] = [change.seen || 'absent', change.want || 'absent'];
    const line = `${subject}  ${style.paint.removed(seen)} ${arrow(style)} ${style.paint.added(want)}`;
    if (widthOf(line) <= style.columns && !line.includes('\n')) return [line];
    return [
      subject,
      ...seen.split('\n').map((text) => `${indent}  ${style.paint.removed(`- ${text}`)}`),
      ...want.split('\n').map((text) => `${indent}  ${style.paint.added(`+ ${text}`)}`),
    ];
  });
}

/** Unified text, coloured line by line, without the file headings. */
export function renderUnified(diff: string, style: Style, indent: string): readonly string[] {
  return diff
    .replace(/\n$/, '')
    .split('\n')
    .filter((line) => !line.startsWith('--- ') && !line.startsWith('+++ '))
    .map((line) => {
      if (line.startsWith('+')) return indent + style.paint.added(line);
      if (line.startsWith('-')) return indent + style.paint.removed(line);
      return indent + style.paint.quiet(line);
    });
}
