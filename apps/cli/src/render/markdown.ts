import { wrap } from './layout.ts';
import type { Style } from './style.ts';

/** A page of ours for the terminal: headings strong, code blocks indented, text wrapped. */
export function renderMarkdown(text: string, style: Style): string {
  const width = Math.min(style.columns, 100);
  let inCode = false;
  const lines = paragraphs(text).flatMap((block) =>
    block.split('\n').flatMap((line) => {
      if (line.startsWith('```')) {
        inCode = !inCode;
        return [];
      }
      if (inCode) return [`    ${style.paint.accent(line)}`];
      const heading = /^#+ (.*)/.exec(line)?.[1];
      if (heading !== undefined) return [style.paint.strong(heading)];
      const bullet = /^( *(?:[-*]|\d+[.]) )(.*)/.exec(line);
      if (bullet === null) return wrap(inline(line, style), width);
      const [, lead = '', rest = ''] = bullet;
      return wrap(inline(rest, style), width - lead.length).map((part, index) =>
        index === 0 ? lead + part : ' '.repeat(lead.length) + part,
      );
    }),
  );
  return lines.join('\n').trimEnd();
}

/** Lines of one paragraph become one line; what has a form of its own keeps its lines. */
function paragraphs(text: string): readonly string[] {
  const joined: string[] = [];
  let inCode = false;
  for (const line of text.split('\n')) {
    const own = /^(```|#| *[-*] | *\d+[.] |\s*$|\|)/.test(line);
    if (line.startsWith('```')) inCode = !inCode;
    const last = joined.at(-1);
    if (inCode || own || last === undefined || /^(```|#|\s*$|\|)/.test(last)) joined.push(line);
    else joined[joined.length - 1] = `${last} ${line.trim()}`;
  }
  return joined;
}

function inline(text: string, style: Style): string {
  return text
    .replaceAll(/\*\*([^*]+)\*\*/g, (_, strong: string) => style.paint.strong(strong))
    .replaceAll(/`([^`]+)`/g, (_, code: string) => style.paint.accent(code));
}
