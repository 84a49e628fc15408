import { paintWith, type Style } from '../render/style.ts';
import type { CommandIo } from './command-io.ts';

const widest = 120;
const plainColumns = 100;

/** How text may look on a stream: no colour in a pipe, with `--no-color` or NO_COLOR; ASCII marks where the locale or TERM has no more. */
export function styleFor(where: { io: CommandIo; color: boolean; terminal: boolean }): Style {
  const { io, color, terminal } = where;
  const { env } = io;
  const noColor = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  return {
    columns: terminal ? Math.min(widest, io.columns()) : plainColumns,
    unicode: hasUnicode(env),
    paint: paintWith(terminal && color && !noColor && env['TERM'] !== 'dumb'),
  };
}

/** A locale that names another character set, or a terminal that is known to lack ours, gets ASCII. */
function hasUnicode(env: CommandIo['env']): boolean {
  if (env['TERM'] === 'linux' || env['TERM'] === 'dumb') return false;
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return locale === '' || locale === 'C' || locale === 'POSIX' || /utf-?8/i.test(locale);
}
