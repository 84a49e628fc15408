import { FileSystemError } from '../../disk/file-system-error.ts';
import { patternRegExp } from '../../shell/pattern.ts';
import type { Process, Program } from '../../shell/process.ts';
import { operandText } from './digest.ts';
import { walk } from './file-commands.ts';
import { type Options, parseArguments } from './options.ts';
import { type RegexSyntax, regexSource } from './regular-expression.ts';

const ACCEPTS =
  'E extended-regexp F fixed-strings G basic-regexp P perl-regexp e: regexp= f: file= i ignore-case y no-ignore-case v invert-match w word-regexp x line-regexp c count color:: colour:: l files-with-matches L files-without-match m: max-count= o only-matching q quiet silent s no-messages b H with-filename h no-filename n line-number a text r recursive R dereference-recursive A: after-context= B: before-context= C: context= z null-data Z null include= exclude= exclude-dir= line-buffered I U label= binary-files=';

/** grep(1), egrep and fgrep of GNU. */
export const grep: Program = async (process) => {
  const options = parseArguments(
    process.argv.slice(1).map((arg) => arg.replace(/^-(\d+)$/, '-C$1')),
    ACCEPTS,
  );
  const operands = [...options.operands];
  const patterns = options.values('e', 'regexp').flatMap((pattern) => pattern.split('\n'));
  for (const path of options.values('f', 'file')) {
    let text: string;
    try {
      text = await operandText(process, path);
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      return process.fail(`${path}: ${error.message}`, 2);
    }
    if (text !== '') patterns.push(...text.replace(/\n$/, '').split('\n'));
  }
  const hasPattern = options.has('e', 'regexp', 'f', 'file');
  if (!hasPattern) {
    const first = operands.shift();
    if (first === undefined) return process.fail('no pattern given', 2);
    patterns.push(...first.split('\n'));
  }
  let expression: RegExp | undefined;
  try {
    expression = patterns.length === 0 ? undefined : matcher(process, options, patterns);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return process.fail(posixComplaint(error.message), 2);
  }
  return searchAll(process, options, operands, expression);
};

/** GNU's words for what is wrong with an expression. */
function posixComplaint(message: string): string {
  if (/Unterminated group/.test(message)) return 'Unmatched ( or \\(';
  if (/Unmatched '\)'/.test(message)) return 'Unmatched ) or \\)';
  if (/numbers out of order/.test(message)) return 'Invalid content of \\{\\}';
  return 'Invalid regular expression';
}

function matcher(process: Process, options: Options, patterns: readonly string[]): RegExp {
  const syntax: RegexSyntax =
    options.has('F', 'fixed-strings') || process.name === 'fgrep'
      ? 'fixed'
      : options.has('P', 'perl-regexp')
        ? 'perl'
        : options.has('E', 'extended-regexp') || process.name === 'egrep'
          ? 'extended'
          : 'basic';
  let source = patterns.map((pattern) => `(?:${regexSource(pattern, syntax)})`).join('|');
  if (options.has('w', 'word-regexp')) source = `(?<![A-Za-z0-9_])(?:${source})(?![A-Za-z0-9_])`;
  if (options.has('x', 'line-regexp')) source = `^(?:${source})$`;
  return new RegExp(source, options.has('i', 'ignore-case', 'y') ? 'i' : '');
}

async function searchAll(
  process: Process,
  options: Options,
  operands: readonly string[],
  expression: RegExp | undefined,
): Promise<number> {
  const recursive = options.has('r', 'recursive', 'R', 'dereference-recursive');
  const files = filesOf(process, options, operands, recursive);
  const named =
    !options.has('h', 'no-filename') && (options.has('H', 'with-filename') || files.length > 1 || recursive);
  let found = false;
  let failed = false;
  for (const path of files) {
    try {
      const text = await operandText(process, path);
      const selected = await searchOne(
        process,
        options,
        text,
        path === '-' ? (options.value('label') ?? '(standard input)') : path,
        named,
        expression,
      );
      found = found || selected;
      if (selected && options.has('q', 'quiet', 'silent')) return 0;
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      if (error.code === 'EISDIR' && recursive) continue;
      failed = true;
      if (!options.has('s', 'no-messages')) await process.err(`${process.name}: ${path}: ${error.message}\n`);
    }
  }
  if (failed && !(found && options.has('q', 'quiet', 'silent'))) return 2;
  return found ? 0 : 1;
}

function filesOf(process: Process, options: Options, operands: readonly string[], recursive: boolean): string[] {
  if (!recursive) return operands.length > 0 ? [...operands] : ['-'];
  const include = options.values('include').map(patternRegExp);
  const exclude = options.values('exclude').map(patternRegExp);
  return (operands.length > 0 ? operands : ['.']).flatMap((path) => {
    if (!process.find(path)) return [path];
    return walk(process, path).filter((each) => {
      const name = each.split('/').pop() ?? '';
      if (process.find(each)?.kind !== 'file') return false;
      return (include.length === 0 || include.some((one) => one.test(name))) && !exclude.some((one) => one.test(name));
    });
  });
}

async function searchOne(
  process: Process,
  options: Options,
  text: string,
  name: string,
  named: boolean,
  expression: RegExp | undefined,
): Promise<boolean> {
  const end = options.has('z', 'null-data') ? '\0' : '\n';
  const lines = text.split(end);
  if (lines.at(-1) === '') lines.pop();
  const inverted = options.has('v', 'invert-match');
  const limit = Number(options.value('m', 'max-count') ?? Number.POSITIVE_INFINITY);
  const hits: number[] = [];
  for (const [index, line] of lines.entries()) {
    if (hits.length >= limit) break;
    if ((expression?.test(line) ?? false) !== inverted) hits.push(index);
  }
  if (options.has('q', 'quiet', 'silent')) return hits.length > 0;
  if (options.has('c', 'count')) await process.out(`${named ? `${name}:` : ''}${hits.length}\n`);
  else if (options.has('l', 'files-with-matches')) await process.out(hits.length > 0 ? `${name}\n` : '');
  else if (options.has('L', 'files-without-match')) await process.out(hits.length > 0 ? '' : `${name}\n`);
  else if (hits.length > 0 && text.includes('\0') && end === '\n' && !options.has('a', 'text'))
    await process.out(`${process.name}: ${name}: binary file matches\n`);
  else await show(process, options, lines, hits, { name: named ? name : '', end, expression });
  return hits.length > 0;
}

async function show(
  process: Process,
  options: Options,
  lines: readonly string[],
  hits: readonly number[],
  how: { name: string; end: string; expression: RegExp | undefined },
): Promise<void> {
  const around = options.value('C', 'context');
  const before = Number(options.value('B', 'before-context') ?? around ?? 0);
  const after = Number(options.value('A', 'after-context') ?? around ?? 0);
  const prefix = (index: number, mark: string): string =>
    `${how.name ? `${how.name}${mark}` : ''}${options.has('n', 'line-number') ? `${index + 1}${mark}` : ''}`;
  const output: string[] = [];
  let last = -1;
  const isHit = new Set(hits);
  for (const hit of hits) {
    if (options.has('o', 'only-matching')) {
      const all = new RegExp(how.expression?.source ?? '', `${how.expression?.flags ?? ''}g`);
      for (const match of (lines[hit] as string).matchAll(all))
        if (match[0] !== '') output.push(`${prefix(hit, ':')}${match[0]}${how.end}`);
      continue;
    }
    const from = Math.max(last + 1, hit - before);
    if (last >= 0 && from > last + 1 && before + after > 0) output.push('--\n');
    for (let index = from; index <= Math.min(lines.length - 1, hit + after); index += 1) {
      if (index <= last) continue;
      output.push(`${prefix(index, isHit.has(index) ? ':' : '-')}${lines[index]}${how.end}`);
      last = index;
    }
  }
  await process.out(output.join(''));
}
