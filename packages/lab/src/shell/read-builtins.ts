import type { Evaluator } from './evaluate.ts';
import { ShellError } from './shell-state.ts';

/** `read [-r] [-p prompt] [-u fd] name…`: one line, split at IFS; 1 at the end of the input. */
export async function readCommand(evaluator: Evaluator, argv: string[]): Promise<number> {
  const { state } = evaluator;
  const args = argv.slice(1);
  let raw = false;
  let descriptor = 0;
  while (args.length > 0 && /^-[a-z]/.test(args[0] as string)) {
    const option = args.shift() as string;
    if (option.includes('r')) raw = true;
    if (option.endsWith('p')) await state.process.err(args.shift() ?? '');
    else if (option.endsWith('u')) descriptor = Number(args.shift());
    else if (/[tnNd]$/.test(option)) args.shift();
  }
  const names = args.length > 0 ? args : ['REPLY'];
  if (!state.process.files.has(descriptor)) throw new ShellError('read: Bad file descriptor');
  const { text, ended } = await logicalLine(evaluator, descriptor, raw);
  const values = splitForRead(text, state.separators, names.length, raw);
  for (const [index, name] of names.entries()) state.set(name, values[index] ?? '');
  return ended ? 1 : 0;
}

async function logicalLine(
  evaluator: Evaluator,
  descriptor: number,
  raw: boolean,
): Promise<{ text: string; ended: boolean }> {
  const { process } = evaluator.state;
  let text = '';
  for (;;) {
    const line = (await process.readLine(descriptor)).replaceAll('\0', '');
    const ended = !line.endsWith('\n');
    text += ended ? line : line.slice(0, -1);
    if (ended || raw || !/(?:^|[^\\])(?:\\\\)*\\$/.test(text)) return { text, ended };
    text = text.slice(0, -1);
  }
}

/** Splits a line among `count` variables: the last takes the rest, with its separators, less trailing IFS whitespace. */
function splitForRead(text: string, separators: string, count: number, raw: boolean): string[] {
  const chars = escapedChars(text, raw);
  const isSpace = (at: number): boolean =>
    !chars[at]?.escaped && ' \t\n'.includes(chars[at]?.char ?? 'x') && separators.includes(chars[at]?.char as string);
  const isSeparator = (at: number): boolean => !chars[at]?.escaped && separators.includes(chars[at]?.char ?? '\0');
  const take = (from: number, to: number): string =>
    chars
      .slice(from, to)
      .map(({ char }) => char)
      .join('');
  let at = 0;
  while (at < chars.length && isSpace(at)) at += 1;
  const values: string[] = [];
  while (values.length < count - 1 && at < chars.length) {
    const start = at;
    while (at < chars.length && !isSeparator(at)) at += 1;
    values.push(take(start, at));
    while (at < chars.length && isSpace(at)) at += 1;
    if (at < chars.length && isSeparator(at)) {
      at += 1;
      while (at < chars.length && isSpace(at)) at += 1;
    }
  }
  let end = chars.length;
  while (end > at && isSpace(end - 1)) end -= 1;
  values.push(lastValue(take(at, end), separators, raw));
  return values;
}

/** One single trailing separator of the last field is dropped when the field holds no other (POSIX 2.6.5). */
function lastValue(text: string, separators: string, raw: boolean): string {
  const hard = [...separators].filter((char) => !' \t\n'.includes(char));
  const last = text.at(-1);
  if (!raw || last === undefined || !hard.includes(last)) return text;
  return [...text.slice(0, -1)].some((char) => separators.includes(char)) ? text : text.slice(0, -1);
}

function escapedChars(text: string, raw: boolean): { char: string; escaped: boolean }[] {
  const chars: { char: string; escaped: boolean }[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const escaped = !raw && text[index] === '\\';
    if (escaped) index += 1;
    if (index < text.length) chars.push({ char: text[index] as string, escaped });
  }
  return chars;
}

/** POSIX getopts. */
export async function getopts({ state }: Evaluator, argv: string[]): Promise<number> {
  const [, spec = '', name = 'opt', ...given] = argv;
  const args = given.length > 0 ? given : state.positional;
  let index = Number(state.get('OPTIND') ?? '1');
  let offset = state.optionIndex;
  const current = args[index - 1];
  if (offset === 0) {
    if (current === undefined || !/^-./.test(current) || current === '--') {
      state.set(name, '?');
      state.set('OPTIND', String(current === '--' ? index + 1 : index));
      return 1;
    }
    offset = 1;
  }
  const letter = (current as string)[offset] as string;
  const at = letter === ':' ? -1 : spec.indexOf(letter);
  const takesValue = at !== -1 && spec[at + 1] === ':';
  const silent = spec.startsWith(':');
  const rest = (current as string).slice(offset + 1);
  state.unset('OPTARG');
  let found = at === -1 ? '?' : letter;
  if (at === -1 && silent) state.set('OPTARG', letter);
  if (at === -1 && !silent) await state.process.err(`Illegal option -${letter}\n`);
  offset += 1;
  if (takesValue) {
    const value = rest === '' ? args[index] : rest;
    index += rest === '' ? 2 : 1;
    offset = 0;
    if (value !== undefined) state.set('OPTARG', value);
    else {
      found = silent ? ':' : '?';
      if (silent) state.set('OPTARG', letter);
      else await state.process.err(`No arg for -${letter} option\n`);
    }
  } else if (rest === '') {
    index += 1;
    offset = 0;
  }
  state.set('OPTIND', String(index));
  state.optionIndex = offset;
  state.set(name, found);
  return 0;
}
