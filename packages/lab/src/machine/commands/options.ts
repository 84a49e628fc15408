import type { Process } from '../../shell/process.ts';

/** Parsed command line of a program. */
export interface Options {
  /** Whether the option was given, under any of its names. */
  has(...names: string[]): boolean;
  /** The last value given to the option. */
  value(...names: string[]): string | undefined;
  /** All values in order. */
  values(...names: string[]): string[];
  readonly operands: string[];
  /** Options in the order given, for programs where it matters. */
  readonly given: readonly { name: string; value?: string }[];
}

/** A program was called wrongly; the message has no program name. */
export class UsageError extends Error {}

/** Exit status of a program that was called wrongly, where it is not 1. */
const usageStatus: Readonly<Record<string, number>> = {
  grep: 2,
  sort: 2,
  ls: 2,
  timeout: 125,
  env: 125,
  nohup: 125,
  dpkg: 2,
  'dpkg-query': 2,
  'apt-get': 100,
  useradd: 2,
  usermod: 2,
  userdel: 2,
  groupadd: 2,
  groupmod: 2,
  groupdel: 2,
  dnf: 2,
  swapon: 16,
  swapoff: 16,
};

/** Programs that refuse an option in words of their own. */
function ownWords(program: string, message: string): string | undefined {
  const flag = /^unrecognized option '(.*)'$/.exec(message)?.[1];
  if (program === 'dpkg' || program === 'dpkg-query')
    return `${program}: error: ${flag === undefined ? message : `unknown option ${flag}`}\n`;
  if (program === 'rpm' && flag !== undefined) return `rpm: ${flag}: unknown option\n`;
  if (program === 'dnf' && flag !== undefined) return `dnf: error: unrecognized arguments: ${flag}\n`;
  if (program === 'apt-get' && flag !== undefined)
    return `E: Command line option ${flag} is not understood in combination with the other options\n`;
  return undefined;
}

/** What a program that was called wrongly prints and returns. */
export async function refuseUsage(process: Process, error: UsageError): Promise<number> {
  const own = ownWords(process.name, error.message);
  await process.err(
    own !== undefined ? own : `${process.name}: ${error.message}\nTry '${process.name} --help' for more information.\n`,
  );
  return usageStatus[process.name] ?? 1;
}

/** What a program accepts: `a b: long long=` (a colon or equals sign: takes a value; `::`: value only when attached). */
export function parseOptions(process: Process, accepts: string, settings: { stopAtOperand?: boolean } = {}): Options {
  return parseArguments(process.argv.slice(1), accepts, settings);
}

/** As parseOptions, for an argument list without a program name. Throws UsageError for an unknown option. */
export function parseArguments(
  args: readonly string[],
  accepts: string,
  settings: { stopAtOperand?: boolean } = {},
): Options {
  const known = new Map(
    accepts.split(/\s+/).map((word) => [word.replace(/(::|[:=])$/, ''), /(::|[:=])$/.exec(word)?.[0] ?? '']),
  );
  const given: { name: string; value?: string }[] = [];
  const operands: string[] = [];
  const queue = [...args];
  while (queue.length > 0) {
    const arg = queue.shift() as string;
    if (arg === '--') {
      operands.push(...queue);
      break;
    }
    if (arg.startsWith('--')) longOption(arg.slice(2), known, queue, given);
    else if (arg.startsWith('-') && arg.length > 1) letters(arg.slice(1), known, queue, given);
    else {
      operands.push(arg);
      if (settings.stopAtOperand) {
        operands.push(...queue);
        break;
      }
    }
  }
  const matching = (names: string[]): typeof given => given.filter((option) => names.includes(option.name));
  return {
    given,
    operands,
    has: (...names) => matching(names).length > 0,
    value: (...names) => matching(names).at(-1)?.value,
    values: (...names) => matching(names).map((option) => option.value ?? ''),
  };
}

function longOption(
  text: string,
  known: Map<string, string>,
  queue: string[],
  given: { name: string; value?: string }[],
): void {
  const at = text.indexOf('=');
  const typed = at === -1 ? text : text.slice(0, at);
  const candidates = known.has(typed)
    ? [typed]
    : [...known.keys()].filter((key) => key.length > 1 && key.startsWith(typed));
  const name = candidates[0];
  if (name === undefined || (candidates.length > 1 && name !== typed))
    throw new UsageError(`unrecognized option '--${typed}'`);
  const kind = known.get(name);
  if (at !== -1) given.push({ name, value: text.slice(at + 1) });
  else if (kind === '=' || kind === ':') {
    if (queue.length === 0) throw new UsageError(`option '--${name}' requires an argument`);
    given.push({ name, value: queue.shift() });
  } else given.push({ name });
}

function letters(
  text: string,
  known: Map<string, string>,
  queue: string[],
  given: { name: string; value?: string }[],
): void {
  for (let index = 0; index < text.length; index += 1) {
    const name = text[index] as string;
    const kind = known.get(name);
    if (kind === undefined) throw new UsageError(`invalid option -- '${name}'`);
    if (kind === '') {
      given.push({ name });
      continue;
    }
    const rest = text.slice(index + 1);
    if (rest !== '') given.push({ name, value: rest });
    else if (kind === '::') given.push({ name });
    else if (queue.length > 0) given.push({ name, value: queue.shift() });
    else throw new UsageError(`option requires an argument -- '${name}'`);
    return;
  }
}
