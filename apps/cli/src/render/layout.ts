import type { Style } from './style.ts';

// oxlint-disable-next-line no-control-regex -- colour codes are control characters
const colorCodes = /\u001B\[[0-9;]*m/g;

/** Characters that a text takes on the screen, without its colour codes. */
export function widthOf(text: string): number {
  return Array.from(text.replaceAll(colorCodes, '')).length;
}

/** Pads to a width on the screen. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Shortens uncoloured text to a width, with an ellipsis. */
export function shorten(text: string, width: number, style: Style): string {
  const characters = Array.from(text);
  if (characters.length <= width) return text;
  const ellipsis = style.unicode ? '…' : '...';
  return `${characters
    .slice(0, Math.max(0, width - ellipsis.length))
    .join('')
    .trimEnd()}${ellipsis}`;
}

/** Cuts a line that may hold colour codes to a width on the screen; colours that were on are switched off. */
export function clip(line: string, width: number): string {
  if (widthOf(line) <= width) return line;
  let room = width;
  // oxlint-disable-next-line no-control-regex -- colour codes are control characters
  const parts = line.split(/(\u001B\[[0-9;]*m)/).map((part) => {
    if (part.startsWith('\u001B[')) return part;
    const kept = Array.from(part).slice(0, Math.max(0, room));
    room -= kept.length;
    return kept.join('');
  });
  return parts.join('');
}

/** Breaks text at spaces into lines of at most a width; a longer word keeps its own line. Line breaks in the text stay. */
export function wrap(text: string, width: number): readonly string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    const indent = /^ */.exec(paragraph)?.[0] ?? '';
    for (const word of paragraph.trim().split(/ +/)) {
      const longer = line === '' ? `${indent}${word}` : `${line} ${word}`;
      if (line !== '' && widthOf(longer) > width) {
        lines.push(line);
        line = `${indent}${word}`;
      } else line = longer;
    }
    return [...lines, line];
  });
}

/** Text after a label, its further lines indented below its first: `  Try    …`. */
export function labelled(
  label: string,
  text: string,
  options: { indent: number; width: number; style: Style },
): string {
  const { indent, width, style } = options;
  const start = indent + width;
  const [first = '', ...rest] = wrap(text, Math.max(20, style.columns - start));
  const head = `${' '.repeat(indent)}${style.paint.quiet(label)}${' '.repeat(Math.max(1, width - widthOf(label)))}${first}`;
  return [head, ...rest.map((line) => `${' '.repeat(start)}${line}`)].map((line) => line.trimEnd()).join('\n');
}

/** Rows under quiet headings, columns aligned, the last column wrapped to what is left of the line. Empty columns vanish. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  style: Style,
  indent = '  ',
): readonly string[] {
  const kept = headings.map((_, column) => rows.some((row) => (row[column] ?? '') !== ''));
  const body = rows.map((row) => row.filter((_, column) => kept[column]));
  const titles = headings.filter((_, column) => kept[column]);
  const widths = titles.map((title, column) =>
    Math.max(widthOf(title), ...body.map((row) => widthOf(row[column] ?? ''))),
  );
  const before = indent.length + widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  const room = Math.max(24, style.columns - before);
  const lines = body.flatMap((row) => {
    const cells = row.slice(0, -1).map((cell, column) => pad(cell, widths[column] ?? 0));
    const [first = '', ...rest] = wrap(row.at(-1) ?? '', room);
    return [`${indent}${[...cells, first].join('  ')}`, ...rest.map((line) => `${' '.repeat(before)}${line}`)];
  });
  const heading = titles.map((title, column) => pad(title.toUpperCase(), widths[column] ?? 0)).join('  ');
  const all = titles.some((title) => title !== '')
    ? [`${indent}${style.paint.quiet(heading.trimEnd())}`, ...lines]
    : lines;
  return all.map((line) => line.trimEnd());
}

/** A time span as people say it: `0.8 s`, `38 s`, `2 min 05 s`. */
export function duration(ms: number): string {
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** How long ago something was, in its largest unit: `40 s`, `12 min`, `2 h`, `3 d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `1 step`, `3 steps`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
