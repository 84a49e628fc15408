import { AppError, didYouMean } from '@vmstation/core';
import type { CommandHandler } from '../command/define-command.ts';
import { type ErrorPage, readErrorPages } from '../explain/error-pages.ts';
import { jsonText } from '../render/json.ts';
import { table } from '../render/layout.ts';
import { renderMarkdown } from '../render/markdown.ts';

/** Prints the page of a code, or lists all codes. Throws explain/unknown-code. */
export const handleExplain: CommandHandler = async (invocation) => {
  const { global, io, style } = invocation;
  const pages = await readErrorPages();
  const code = invocation.argument('code');
  if (code === undefined) {
    if (global.json) io.out(`${jsonText(pages.map(({ code: name, title }) => ({ code: name, title })))}\n`);
    else
      io.out(
        `${table(
          ['code', 'what it is'],
          pages.map((page) => [page.code, page.title]),
          style,
          '',
        ).join('\n')}\n`,
      );
    return 0;
  }
  const page = pages.find((one) => one.code === code || one.code.replace('/', '-') === code);
  if (page === undefined) throw unknownCode(code, pages);
  io.out(global.json ? `${jsonText(page)}\n` : `${renderMarkdown(page.text, style)}\n`);
  return 0;
};

function unknownCode(code: string, pages: readonly ErrorPage[]): AppError {
  const [area = '', name = ''] = code.includes('/') ? code.split('/') : ['', code];
  const near = didYouMean(
    code,
    pages.map((page) => page.code),
  );
  const sameArea = pages.filter(
    (page) => page.code.startsWith(`${area}/`) || (name !== '' && page.code.includes(name)),
  );
  const candidates = near === undefined ? sameArea.slice(0, 8).map((page) => page.code) : [near];
  return new AppError({
    code: 'explain/unknown-code',
    kind: 'user',
    message: `No error or finding is called ${code}.`,
    tryThis:
      candidates.length === 0
        ? '`vmstation explain` lists every code.'
        : `Did you mean ${candidates.join(', ')}? \`vmstation explain\` lists every code.`,
  });
}
