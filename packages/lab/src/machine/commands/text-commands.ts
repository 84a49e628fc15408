import { FileSystemError } from '../../disk/file-system-error.ts';
import { formatEcho, formatPrintf, unescape } from '../../shell/printf.ts';
import type { Process, Program } from '../../shell/process.ts';
import { ShellError } from '../../shell/shell-state.ts';
import { testCommand } from '../../shell/test-command.ts';
import { operandText } from './digest.ts';
import { type Options, parseArguments, parseOptions, UsageError } from './options.ts';
import { nameInMessage, quotedName } from './quoted-name.ts';

/** Runs `action` with the text of each file operand (standard input if none); unreadable ones are reported. */
export async function forEachText(
  process: Process,
  operands: readonly string[],
  action: (text: string, name: string) => void | Promise<void>,
  refusal: (name: string) => string = nameInMessage,
): Promise<number> {
  let status = 0;
  for (const path of operands.length > 0 ? operands : ['-']) {
    try {
      await action(await operandText(process, path), path);
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      status = await process.fail(`${refusal(path)}: ${error.message}`);
    }
  }
  return status;
}

/** How head and tail refuse a file: a folder opens, and is refused when it is read. */
const cannotOpen = (path: string): string => `cannot open ${quotedName(path)} for reading`;

export const cat: Program = async (process) => {
  const options = parseOptions(process, 'n number A v E T e t s u b');
  let number = 0;
  const numbered = (text: string): string =>
    text.replace(/[^\n]*\n|[^\n]+$/g, (line) => `${String((number += 1)).padStart(6)}\t${line}`);
  if (options.operands.length === 0 || options.operands[0] === '-') {
    if (!options.has('n', 'number') && options.operands.length <= 1) return copyInput(process);
  }
  return forEachText(process, options.operands, async (text) => {
    await process.out(options.has('n', 'number') ? numbered(text) : text);
  });
};

async function copyInput(process: Process): Promise<number> {
  for (let chunk = await process.read(0, 65_536); chunk !== ''; chunk = await process.read(0, 65_536))
    await process.out(chunk);
  return 0;
}

export const tee: Program = async (process) => {
  const options = parseOptions(process, 'a append i');
  let status = 0;
  const files = [];
  for (const path of options.operands) {
    try {
      files.push(process.open(path, options.has('a', 'append') ? 'a' : 'w'));
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      status = await process.fail(`${path}: ${error.message}`);
    }
  }
  for (let chunk = await process.read(0, 65_536); chunk !== ''; chunk = await process.read(0, 65_536)) {
    for (const file of files) {
      try {
        await file.write(chunk);
      } catch (error) {
        if (!(error instanceof FileSystemError)) throw error;
        status = await process.fail(error.message);
      }
    }
    await process.out(chunk);
  }
  for (const file of files) file.release();
  return status;
};

const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** head -N and tail -N of old are -n N. */
function withCount(args: readonly string[]): string[] {
  return args.map((arg, at) =>
    /^-\d+$/.test(arg) && !/^-[a-z]*[ncs]$/.test(args[at - 1] ?? '') ? `-n${arg.slice(1)}` : arg,
  );
}

/** Refuses a count that is no number, as head and tail do. */
async function refusedCount(process: Process, options: Options, shape: RegExp): Promise<number | undefined> {
  const bytes = options.value('c', 'bytes');
  const text = bytes ?? options.value('n', 'lines');
  if (text === undefined || shape.test(text)) return undefined;
  return process.fail(`invalid number of ${bytes === undefined ? 'lines' : 'bytes'}: ${quotedName(text)}`);
}

export const head: Program = async (process) => {
  const options = parseArguments(withCount(process.argv.slice(1)), 'n: lines= c: bytes= q quiet v verbose z');
  const refused = await refusedCount(process, options, /^[-+]?\d+$/);
  if (refused !== undefined) return refused;
  const bytes = options.value('c', 'bytes');
  const count = Number(bytes ?? options.value('n', 'lines') ?? 10);
  const slice = (text: string): string =>
    bytes === undefined ? linesOf(text).slice(0, count).join('') : text.slice(0, count);
  const [only, ...others] = options.operands;
  if (others.length === 0 && count >= 0 && !options.has('v', 'verbose')) {
    // One file is read as it is needed: /dev/zero has no end.
    if (only !== undefined && only !== '-') {
      try {
        process.setFile(0, process.open(only, 'r'));
      } catch (error) {
        if (!(error instanceof FileSystemError)) throw error;
        return process.fail(
          error.code === 'EISDIR'
            ? `error reading ${quotedName(only)}: ${error.message}`
            : `${cannotOpen(only)}: ${error.message}`,
        );
      }
    }
    if (bytes === undefined) {
      for (let taken = 0; taken < count; taken += 1) {
        const line = await process.readLine();
        if (line === '') break;
        await process.out(line);
      }
      return 0;
    }
    for (let left = count; left > 0; ) {
      const chunk = await process.read(0, left);
      if (chunk === '') break;
      left -= chunk.length;
      await process.out(chunk);
    }
    return 0;
  }
  return headings(process, options, (text) => slice(text));
};

async function headings(
  process: Process,
  options: ReturnType<typeof parseOptions>,
  slice: (text: string) => string,
): Promise<number> {
  const titled = options.has('v', 'verbose') || (options.operands.length > 1 && !options.has('q', 'quiet'));
  let first = true;
  const show = async (text: string, name: string): Promise<void> => {
    if (titled) await process.out(`${first ? '' : '\n'}==> ${name === '-' ? 'standard input' : name} <==\n`);
    first = false;
    await process.out(slice(text));
  };
  return forEachText(process, options.operands, show, cannotOpen);
}

export const tail: Program = async (process) => {
  const options = parseArguments(
    withCount(process.argv.slice(1)),
    'n: lines= c: bytes= f F follow:: q quiet v verbose s: pid=',
  );
  const refused = await refusedCount(process, options, /^[-+]?\d+$/);
  if (refused !== undefined) return refused;
  const bytes = options.value('c', 'bytes');
  const text = bytes ?? options.value('n', 'lines') ?? '10';
  const from = text.startsWith('+') ? Math.max(0, Number(text) - 1) : undefined;
  const count = Math.abs(Number(text));
  const last = <T>(items: T[]): T[] =>
    from === undefined ? items.slice(Math.max(0, items.length - count)) : items.slice(from);
  const slice = (content: string): string =>
    bytes === undefined ? last(linesOf(content)).join('') : last([...content]).join('');
  const status = await headings(process, options, slice);
  if (options.has('f', 'F', 'follow') && options.operands[0]) await follow(process, options.operands[0]);
  return status;
};

async function follow(process: Process, path: string): Promise<void> {
  let seen = (await process.readFile(path)).length;
  for (;;) {
    await process.interruptible(process.kernel.sleep(200));
    const content = process.find(path) ? await process.readFile(path) : '';
    if (content.length < seen) seen = 0;
    if (content.length > seen) await process.out(content.slice(seen));
    seen = content.length;
  }
}

export const wc: Program = async (process) => {
  const options = parseOptions(process, 'l lines w words c bytes m chars L');
  const all = !options.has('l', 'lines', 'w', 'words', 'c', 'bytes', 'm', 'chars');
  const totals = [0, 0, 0];
  const shown = [
    all || options.has('l', 'lines'),
    all || options.has('w', 'words'),
    all || options.has('c', 'bytes', 'm', 'chars'),
  ];
  const rows: { counts: number[]; name: string }[] = [];
  const status = await forEachText(process, options.operands, (text, name) => {
    const counts = [text.split('\n').length - 1, text.split(/[\s]+/).filter(Boolean).length, text.length];
    for (const [index, count] of counts.entries()) totals[index] = (totals[index] ?? 0) + count;
    rows.push({ counts, name: options.operands.length > 0 ? name : '' });
  });
  if (rows.length > 1) rows.push({ counts: totals, name: 'total' });
  const columns = shown.filter(Boolean).length;
  const width = columns === 1 && rows.length === 1 ? 0 : options.operands.length === 0 ? 7 : String(totals[2]).length;
  for (const { counts, name } of rows) {
    const numbers = counts.filter((_, index) => shown[index]).map((count) => String(count).padStart(width));
    await process.out(`${numbers.join(' ')}${name ? ` ${name}` : ''}\n`);
  }
  return status;
};

const CLASSES: Record<string, RegExp> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  digit: /[0-9]/,
  lower: /[a-z]/,
  upper: /[A-Z]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\n\v\f\r]/,
  print: /[ -~]/,
  graph: /[!-~]/,
  xdigit: /[0-9A-Fa-f]/,
  // eslint-disable-next-line no-control-regex -- the class of control characters
  cntrl: /[\x00-\x1f\x7f]/,
};

function characterSet(text: string): string {
  const plain = unescape(text, 'printf', false).text;
  let set = '';
  for (let index = 0; index < plain.length; index += 1) {
    const named = /^\[:([a-z]+):\]/.exec(plain.slice(index));
    if (named) {
      const expression = CLASSES[named[1] as string];
      for (let code = 0; code < 256; code += 1)
        if (expression?.test(String.fromCharCode(code))) set += String.fromCharCode(code);
      index += named[0].length - 1;
    } else if (plain[index + 1] === '-' && index + 2 < plain.length) {
      for (let code = plain.charCodeAt(index); code <= plain.charCodeAt(index + 2); code += 1)
        set += String.fromCharCode(code);
      index += 2;
    } else set += plain[index];
  }
  return set;
}

export const tr: Program = async (process) => {
  const options = parseOptions(process, 'd delete s squeeze-repeats c C complement t');
  const [first, second, extra] = options.operands;
  if (first === undefined) throw new UsageError('missing operand');
  if (second === undefined && !options.has('d', 'delete', 's', 'squeeze-repeats'))
    throw new UsageError(`missing operand after ${quotedName(first)}\nTwo strings must be given when translating.`);
  if (extra !== undefined) throw new UsageError(`extra operand ${quotedName(extra)}`);
  let set = characterSet(first);
  if (options.has('c', 'C', 'complement')) {
    const excluded = new Set(set);
    set = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
      .filter((char) => !excluded.has(char))
      .join('');
  }
  const goal = second === undefined ? '' : characterSet(second);
  const deletes = options.has('d', 'delete');
  const squeezed = options.has('s', 'squeeze-repeats') ? new Set(second === undefined ? set : goal) : undefined;
  const map = new Map(
    [...set].map((char, index) => [char, deletes ? '' : goal === '' ? char : (goal[index] ?? goal.at(-1) ?? '')]),
  );
  let last = '';
  for (let chunk = await process.read(0, 65_536); chunk !== ''; chunk = await process.read(0, 65_536)) {
    let output = '';
    for (const char of chunk) {
      const mapped = map.get(char) ?? char;
      if (mapped !== '' && squeezed?.has(mapped) && mapped === last) continue;
      if (mapped !== '') last = mapped;
      output += mapped;
    }
    await process.out(output);
  }
  return 0;
};

export const basename: Program = async (process) => {
  const options = parseOptions(process, 'a multiple s: suffix= z zero');
  const many = options.has('a', 'multiple', 's', 'suffix');
  const suffix = options.value('s', 'suffix') ?? (many ? '' : (options.operands[1] ?? ''));
  if (options.operands.length === 0) return process.fail('missing operand');
  for (const path of many ? options.operands : options.operands.slice(0, 1)) {
    const name = path.replace(/(.)\/+$/, '$1').replace(/^.*\/(?=.)/s, '');
    await process.out(
      `${suffix !== '' && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name}\n`,
    );
  }
  return 0;
};

export const dirname: Program = async (process) => {
  const paths = process.argv.slice(1).filter((arg) => arg !== '--');
  if (paths.length === 0) return process.fail('missing operand');
  for (const path of paths) {
    const trimmed = path.replace(/(.)\/+$/, '$1');
    const at = trimmed.lastIndexOf('/');
    await process.out(`${at === -1 ? '.' : trimmed.slice(0, at).replace(/(.)\/+$/, '$1') || '/'}\n`);
  }
  return 0;
};

export const echo: Program = async (process) => {
  await process.out(formatEcho(process.argv.slice(1), 'bash'));
  return 0;
};

export const printf: Program = async (process) => {
  const args = process.argv.slice(process.argv[1] === '--' ? 2 : 1);
  if (args[0] === undefined) return process.fail('missing operand');
  const result = formatPrintf(args[0], args.slice(1), true);
  await process.out(result.output);
  for (const error of result.errors) await process.err(`printf: ${error}\n`);
  return result.errors.length > 0 ? 1 : 0;
};

export const test: Program = async (process) => {
  try {
    return testCommand(process, [process.name, ...process.argv.slice(1)]);
  } catch (error) {
    if (!(error instanceof ShellError)) throw error;
    return process.fail(error.message, 2);
  }
};

export const seq: Program = async (process) => {
  const options = parseArguments(
    process.argv.slice(1).map((arg) => (/^-[\d.]/.test(arg) ? `\0${arg}` : arg)),
    's: separator= w equal-width f: format=',
  );
  const numbers = options.operands.map((arg) => Number(arg.replace('\0', '')));
  const [start, step, end] =
    numbers.length === 1 ? [1, 1, numbers[0]] : numbers.length === 2 ? [numbers[0], 1, numbers[1]] : numbers;
  const values: string[] = [];
  const stride = step ?? 1;
  for (let value = start ?? 1; stride > 0 ? value <= (end ?? 0) : value >= (end ?? 0); value += stride)
    values.push(String(value));
  const width = options.has('w', 'equal-width') ? Math.max(...values.map((value) => value.length)) : 0;
  const shown = values.map((value) => value.padStart(width, '0'));
  if (shown.length > 0) await process.out(`${shown.join(options.value('s', 'separator') ?? '\n')}\n`);
  return 0;
};
