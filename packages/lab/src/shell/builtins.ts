import { FileSystemError } from '../disk/file-system-error.ts';
import { permits } from '../disk/inode.ts';
import type { Evaluator } from './evaluate.ts';
import { formatEcho, formatPrintf } from './printf.ts';
import { getopts, readCommand } from './read-builtins.ts';
import { listOptions, setOption } from './shell-options.ts';
import { ControlFlow, ShellError, type ShellState } from './shell-state.ts';
import { testCommand } from './test-command.ts';
import { SIGNALS, signalName } from './traps.ts';

/** A command that runs inside the shell. Throws ShellError and ControlFlow. */
export type Builtin = (evaluator: Evaluator, argv: string[]) => number | Promise<number>;

const quoteValue = (text: string): string => `'${text.replaceAll("'", "'\"'\"'")}'`;

function leave(kind: 'break' | 'continue'): Builtin {
  return ({ state }, argv) => {
    if (state.loopDepth === 0) return 0;
    const levels = statusOf(argv[1] ?? '1', kind);
    if (levels < 1) throw new ShellError(`${kind}: Illegal number: ${argv[1]}`);
    throw new ControlFlow(kind, Math.min(levels, state.loopDepth));
  };
}

function statusOf(text: string, command: string): number {
  if (!/^-?\d+$/.test(text)) throw new ShellError(`${command}: Illegal number: ${text}`);
  return Number(text) & 255;
}

async function dot(evaluator: Evaluator, argv: string[]): Promise<number> {
  const { state } = evaluator;
  const name = argv[1];
  if (name === undefined) return 0;
  const candidates = name.includes('/')
    ? [name]
    : (state.get('PATH') ?? '').split(':').map((folder) => `${folder}/${name}`);
  if (state.dialect === 'bash' && !name.includes('/')) candidates.push(name);
  const file = candidates.find((path) => state.process.find(path)?.kind === 'file');
  if (file === undefined) throw new ShellError(`.: cannot open ${name}: No such file`);
  const { positional } = state;
  if (argv.length > 2 && state.dialect === 'bash') state.positional = argv.slice(2);
  state.sourceDepth += 1;
  try {
    return await evaluator.source(await state.process.readFile(file));
  } catch (error) {
    if (error instanceof ControlFlow && error.kind === 'return') return error.value;
    throw error;
  } finally {
    state.sourceDepth -= 1;
    state.positional = positional;
  }
}

function declare(property: 'exported' | 'readonly'): Builtin {
  return async ({ state }, argv) => {
    const command = argv[0] as string;
    const names = argv.slice(1).filter((arg) => arg !== '-p' && arg !== '--' && arg !== '-n');
    if (names.length === 0) {
      const listed = [...state.variables]
        .filter(([, variable]) => variable[property])
        .toSorted(([a], [b]) => (a < b ? -1 : 1));
      for (const [name, { value }] of listed) {
        await state.process.out(`${command} ${name}${value === undefined ? '' : `=${quoteValue(value)}`}\n`);
      }
      return 0;
    }
    for (const arg of names) {
      const at = arg.indexOf('=');
      const name = at === -1 ? arg : arg.slice(0, at);
      if (!/^[A-Za-z_]\w*$/.test(name)) throw new ShellError(`${command}: ${name}: bad variable name`);
      if (at !== -1) state.set(name, arg.slice(at + 1));
      const variable = state.variables.get(name) ?? { value: undefined, exported: false, readonly: false };
      variable[property] = !(argv[1] === '-n' && property === 'exported');
      state.variables.set(name, variable);
    }
    return 0;
  };
}

async function set({ state }: Evaluator, argv: string[]): Promise<number> {
  const args = argv.slice(1);
  if (args.length === 0) {
    for (const [name, { value }] of [...state.variables].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (value !== undefined) await state.process.out(`${name}=${quoteValue(value)}\n`);
    }
    return 0;
  }
  while (args.length > 0 && /^[-+]./.test(args[0] as string)) {
    const arg = args.shift() as string;
    if (arg === '--') {
      state.positional = args;
      return 0;
    }
    for (const letter of arg.slice(1)) {
      if (letter !== 'o') setOption(state, letter, arg.startsWith('-'));
      else if (args.length === 0) await state.process.out(listOptions(state));
      else setOption(state, args.shift() as string, arg.startsWith('-'));
    }
  }
  if (args.length > 0) state.positional = args[0] === '-' ? args.slice(1) : args;
  return 0;
}

async function trap({ state }: Evaluator, argv: string[]): Promise<number> {
  const args = argv.slice(argv[1] === '--' ? 2 : 1);
  if (args.length === 0) {
    for (const [name, action] of state.traps) await state.process.out(`trap -- ${quoteValue(action)} ${name}\n`);
    return 0;
  }
  const resets = args[0] === '-' || args.length === 1 || /^\d+$/.test(args[0] as string);
  const action = resets ? undefined : (args[0] as string);
  for (const text of resets && args[0] !== '-' ? args : args.slice(1)) {
    const name = signalName(text);
    if (!name) throw new ShellError(`trap: ${text}: bad trap`);
    if (action === undefined) state.traps.delete(name);
    else state.traps.set(name, action);
  }
  connectSignals(state);
  return 0;
}

function connectSignals(state: ShellState): void {
  const ignored = [...state.traps].filter(([, action]) => action === '').map(([name]) => SIGNALS[name] ?? 0);
  state.process.ignoredSignals = new Set(ignored);
  state.process.onSignal = (signal) => {
    const name = Object.entries(SIGNALS).find(([, number]) => number === signal)?.[0] ?? '';
    if (!state.traps.get(name)) return false;
    state.pendingSignals.push(signal);
    return true;
  };
}

function unset({ state }: Evaluator, argv: string[]): number {
  const functions = argv[1] === '-f';
  for (const name of argv.slice(functions || argv[1] === '-v' ? 2 : 1)) {
    if (functions) state.functions.delete(name);
    else if (state.variables.has(name)) state.unset(name);
    else state.functions.delete(state.dialect === 'bash' ? name : '');
  }
  return 0;
}

function shift({ state }: Evaluator, argv: string[]): number {
  const count = statusOf(argv[1] ?? '1', 'shift');
  if (count > state.positional.length) {
    if (state.dialect === 'bash') return 1;
    throw new ShellError("shift: can't shift that many");
  }
  state.positional = state.positional.slice(count);
  return 0;
}

/** Built-ins whose errors end the shell and whose assignments persist (POSIX XCU 2.14). */
export const SPECIAL_BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  [':', () => 0],
  ['.', dot],
  ['source', dot],
  ['break', leave('break')],
  ['continue', leave('continue')],
  [
    'eval',
    (evaluator, argv) => (argv.length > 1 ? evaluator.source(argv.slice(argv[1] === '--' ? 2 : 1).join(' ')) : 0),
  ],
  ['exec', () => 0],
  [
    'exit',
    ({ state }, argv) => {
      throw new ControlFlow('exit', argv[1] === undefined ? state.lastStatus : statusOf(argv[1], 'exit'));
    },
  ],
  ['export', declare('exported')],
  ['readonly', declare('readonly')],
  [
    'return',
    ({ state }, argv) => {
      throw new ControlFlow('return', argv[1] === undefined ? state.lastStatus : statusOf(argv[1], 'return'));
    },
  ],
  ['set', set],
  ['shift', shift],
  ['times', async ({ state }) => (await state.process.out('0m0.00s 0m0.00s\n0m0.00s 0m0.00s\n'), 0)],
  ['trap', trap],
  ['unset', unset],
]);

async function changeDirectory({ state }: Evaluator, argv: string[]): Promise<number> {
  const args = argv.slice(1).filter((arg) => !/^-[LPe-]+$/.test(arg) || arg === '-');
  const goal = args[0] === '-' ? state.get('OLDPWD') : (args[0] ?? state.get('HOME'));
  if (!goal) throw new ShellError('cd: HOME not set');
  const { process } = state;
  try {
    const inode = process.lookup(goal);
    if (inode.kind !== 'directory') throw new FileSystemError('ENOTDIR', goal);
    if (!permits(inode, process.credentials, 1)) throw new FileSystemError('EACCES', goal);
    state.set('OLDPWD', process.cwd);
    process.cwd = argv.includes('-P')
      ? process.kernel.tree.realPath(process.path(goal), process.credentials)
      : logical(process.cwd, goal);
    state.set('PWD', process.cwd);
    if (args[0] === '-') await process.out(`${process.cwd}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    throw new ShellError(
      state.dialect === 'dash' ? `cd: can't cd to ${goal}` : `cd: ${goal}: ${error.message}`,
      state.dialect === 'dash' ? 2 : 1,
    );
  }
}

function logical(cwd: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function local({ state }: Evaluator, argv: string[]): number {
  const frame = state.locals.at(-1);
  if (!frame) throw new ShellError('local: not in a function');
  for (const arg of argv.slice(1)) {
    if (/^-[a-zA-Z]+$/.test(arg)) continue;
    const at = arg.indexOf('=');
    const name = at === -1 ? arg : arg.slice(0, at);
    const outer = state.variables.get(name);
    if (!frame.has(name)) frame.set(name, outer && { ...outer });
    const inherited = state.dialect === 'dash' ? outer?.value : undefined;
    const value = at === -1 ? inherited : arg.slice(at + 1);
    state.variables.set(name, { value, exported: outer?.exported ?? false, readonly: false });
  }
  return 0;
}

async function printf({ state }: Evaluator, argv: string[]): Promise<number> {
  const args = argv.slice(argv[1] === '--' ? 2 : 1);
  if (state.dialect === 'bash' && args[0] === '-v') {
    state.set(args[1] as string, formatPrintf(args[2] ?? '', args.slice(3), true).output);
    return 0;
  }
  if (args[0] === undefined) throw new ShellError('printf: usage: printf format [arg ...]');
  const result = formatPrintf(args[0], args.slice(1), state.dialect === 'bash');
  await state.process.out(result.output);
  for (const error of result.errors) await state.process.err(`${state.zero}: printf: ${error}\n`);
  return result.errors.length > 0 ? 1 : 0;
}

async function umask({ state }: Evaluator, argv: string[]): Promise<number> {
  const { process } = state;
  const symbolic = argv[1] === '-S';
  const mask = argv[symbolic ? 2 : 1];
  if (mask === undefined) {
    const allowed = ~process.umask & 0o777;
    const letters = (bits: number): string => `${bits & 4 ? 'r' : ''}${bits & 2 ? 'w' : ''}${bits & 1 ? 'x' : ''}`;
    const text = symbolic
      ? `u=${letters(allowed >> 6)},g=${letters((allowed >> 3) & 7)},o=${letters(allowed & 7)}`
      : process.umask.toString(8).padStart(4, '0');
    await process.out(`${text}\n`);
    return 0;
  }
  if (/^[0-7]{1,4}$/.test(mask)) process.umask = Number.parseInt(mask, 8) & 0o777;
  else process.umask = ~applySymbolicMode(~process.umask & 0o777, mask) & 0o777;
  return 0;
}

/** Applies `u=rwx,go-w` to permission bits. Throws ShellError for other text. */
export function applySymbolicMode(mode: number, text: string, isDirectory = false): number {
  let bits = mode;
  for (const clause of text.split(',')) {
    const match = /^([ugoa]*)((?:[-+=][rwxXst]*)+)$/.exec(clause);
    if (!match) throw new ShellError(`invalid mode: '${text}'`, 1);
    const who = match[1] === '' || match[1]?.includes('a') ? 'ugo' : (match[1] as string);
    for (const [, operator, letters = ''] of (match[2] as string).matchAll(/([-+=])([rwxXst]*)/g)) {
      bits = applyClause(bits, who, operator as string, letters, isDirectory);
    }
  }
  return bits;
}

function applyClause(mode: number, who: string, operator: string, letters: string, isDirectory: boolean): number {
  const runs = letters.includes('x') || (letters.includes('X') && (isDirectory || (mode & 0o111) !== 0));
  const three = (letters.includes('r') ? 4 : 0) | (letters.includes('w') ? 2 : 0) | (runs ? 1 : 0);
  let bits = letters.includes('t') ? 0o1000 : 0;
  let mask = 0;
  for (const [index, letter] of ['u', 'g', 'o'].entries()) {
    if (!who.includes(letter)) continue;
    bits |= three << (6 - 3 * index);
    mask |= 7 << (6 - 3 * index);
    if (letters.includes('s') && index < 2) bits |= index === 0 ? 0o4000 : 0o2000;
  }
  if (operator === '+') return mode | bits;
  if (operator === '-') return mode & ~bits;
  return (mode & ~mask) | bits;
}

async function wait({ state }: Evaluator, argv: string[]): Promise<number> {
  if (argv.length === 1) {
    for (const job of state.jobs.values()) await state.process.interruptible(job.exit);
    state.jobs.clear();
    return 0;
  }
  let status = 0;
  for (const arg of argv.slice(1)) {
    const job = state.jobs.get(Number(arg.replace(/^%/, '')));
    status = job ? await state.process.interruptible(job.exit) : 127;
  }
  return status;
}

async function kill({ state }: Evaluator, argv: string[]): Promise<number> {
  const args = argv.slice(1);
  let signal = SIGNALS.TERM as number;
  if (args[0] === '-l') {
    await state.process.out(`${Object.keys(SIGNALS).join('\n')}\n`);
    return 0;
  }
  if (args[0] === '-s') signal = signalNumber(args.splice(0, 2)[1] ?? '');
  else if (/^-[A-Za-z0-9]+$/.test(args[0] ?? '') && args.length > 1)
    signal = signalNumber((args.shift() as string).slice(1));
  let status = 0;
  for (const arg of args.filter((text) => text !== '--')) {
    const pids = arg.startsWith('-') ? membersOf(state, Number(arg.slice(1))) : [Number(arg)];
    for (const pid of pids.length > 0 ? pids : [Number.NaN]) status = (await signalOne(state, pid, signal)) || status;
  }
  return status;
}

function membersOf(state: ShellState, session: number): number[] {
  return [...state.process.kernel.processes.values()].filter((one) => one.session === session).map((one) => one.pid);
}

async function signalOne(state: ShellState, pid: number, signal: number): Promise<number> {
  const { process } = state;
  const target = process.kernel.processes.get(pid);
  const { uid } = process.credentials;
  const why = target
    ? uid === 0 || uid === target.credentials.uid
      ? ''
      : 'Operation not permitted'
    : 'No such process';
  if (why) {
    await process.err(`${state.zero}: kill: ${why}\n`);
    return 1;
  }
  target?.kill(signal);
  if (target === process) process.checkAlive();
  return 0;
}

function signalNumber(text: string): number {
  const name = signalName(text);
  if (!name) throw new ShellError(`kill: unknown signal ${text}`, 1);
  return name === 'EXIT' ? 0 : (SIGNALS[name] as number);
}

/** The other built-ins: their errors only fail the command. */
export const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['[', ({ state }, argv) => testCommand(state.process, argv)],
  [
    'alias',
    ({ state }, argv) => (argv.slice(1).forEach((arg) => state.aliases.set(arg.split('=')[0] as string, arg)), 0),
  ],
  ['cd', changeDirectory],
  ['echo', async ({ state }, argv) => (await state.process.out(formatEcho(argv.slice(1), state.dialect)), 0)],
  ['false', () => 1],
  ['getopts', getopts],
  ['hash', () => 0],
  ['jobs', async ({ state }) => (await state.process.out([...state.jobs.keys()].map((pid) => `${pid}\n`).join('')), 0)],
  ['kill', kill],
  ['local', local],
  ['printf', printf],
  ['pwd', async ({ state }) => (await state.process.out(`${state.process.cwd}\n`), 0)],
  ['read', readCommand],
  ['test', ({ state }, argv) => testCommand(state.process, argv)],
  ['true', () => 0],
  ['ulimit', async ({ state }) => (await state.process.out('unlimited\n'), 0)],
  ['umask', umask],
  ['unalias', () => 0],
  ['wait', wait],
]);
