import { wrap } from './layout.ts';
import type { Style } from './style.ts';

/** A page of ours for the terminal: headings strong, text wrapped, blocks of code as they stand, indented, so that they can be pasted. */
export function renderMarkdown(text: string, style: Style): string {
  const width = Math.min(style.columns, 100);
  const lines = blocksOf(text).flatMap((block) => {
    if (typeof block !== 'string')
      return block.code.map((line) => (line === '' ? '' : `    ${style.paint.accent(line)}`));
    const heading = /^#+ (.*)/.exec(block)?.[1];
    if (heading !== undefined) return [style.paint.strong(heading)];
    const bullet = /^( *(?:[-*]|\d+[.]) )(.*)/.exec(block);
    if (bullet === null) return wrap(inline(block, style), width);
    const [, lead = '', rest = ''] = bullet;
    return wrap(inline(rest, style), width - lead.length).map((part, index) =>
      index === 0 ? lead + part : ' '.repeat(lead.length) + part,
    );
  });
  return lines.join('\n').trimEnd();
}

/** A paragraph or list item on one line, or lines of code without their common indentation. */
type Block = string | { readonly code: readonly string[] };

function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const end = endOfCode(lines, at);
    if (end > at) {
      const isFenced = line.trimStart().startsWith('```');
      blocks.push({ code: dedented(isFenced ? lines.slice(at + 1, end - 1) : lines.slice(at, end)) });
      at = end - 1;
      continue;
    }
    const last = blocks.at(-1);
    const isOwn = /^(#| *[-*] | *\d+[.] |\s*$|\|)/.test(line);
    if (isOwn || typeof last !== 'string' || /^(#|\s*$|\|)/.test(last)) blocks.push(line);
    else blocks[blocks.length - 1] = `${last} ${line.trim()}`;
  }
  return blocks;
}

/** The line after the block of code that begins here; the same line when none does. Code is fenced, or indented by four after an empty line. */
function endOfCode(lines: readonly string[], start: number): number {
  const line = lines[start] ?? '';
  if (/^ *```/.test(line)) {
    const close = lines.findIndex((one, index) => index > start && /^ *```\s*$/.test(one));
    return close === -1 ? lines.length + 1 : close + 1;
  }
  if (!/^ {4,}\S/.test(line) || (lines[start - 1] ?? '').trim() !== '') return start;
  let end = start;
  for (let at = start; at < lines.length && /^( {4,}.*|\s*)$/.test(lines[at] ?? ''); at += 1) {
    if ((lines[at] ?? '').trim() !== '') end = at + 1;
  }
  return end;
}

function dedented(lines: readonly string[]): readonly string[] {
  const widths = lines.filter((line) => line.trim() !== '').map((line) => /^ */.exec(line)?.[0].length ?? 0);
  const common = Math.min(...widths);
  return lines.map((line) => line.slice(common).trimEnd());
}

function inline(text: string, style: Style): string {
  return text
    .replaceAll(/\*\*([^*]+)\*\*/g, (_, strong: string) => style.paint.strong(strong))
    .replaceAll(/`([^`]+)`/g, (_, code: string) => style.paint.accent(code));
}
