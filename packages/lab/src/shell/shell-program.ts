import { type Evaluator, parsed, runSubshell } from './evaluate.ts';
import type { Process } from './process.ts';
import { setOption } from './shell-options.ts';
import { ControlFlow, ShellError, ShellState } from './shell-state.ts';

/** How a shell was called. */
interface Invocation {
  command?: string;
  fromStdin: boolean;
  interactive: boolean;
  login: boolean;
  file?: string;
  zero: string;
  positional: string[];
}

/** The program behind sh, dash and bash. */
export async function shellProgram(process: Process): Promise<number> {
  const dialect = process.name === 'bash' || process.name === '-bash' ? 'bash' : dialectOf(process);
  const state = freshState(process, dialect);
  let call: Invocation;
  try {
    call = readArguments(state, process);
  } catch (error) {
    if (!(error instanceof ShellError)) throw error;
    return process.fail(error.message, 2);
  }
  state.zero = call.zero;
  state.positional = call.positional;
  return runSubshell(state, (evaluator) => runInvocation(evaluator, call));
}

function dialectOf(process: Process): 'dash' | 'bash' {
  return process.name === 'dash' ? 'dash' : process.kernel.shellDialect;
}

function freshState(process: Process, dialect: 'dash' | 'bash'): ShellState {
  const state = new ShellState(process, dialect);
  for (const [name, value] of process.environment) {
    if (/^[A-Za-z_]\w*$/.test(name)) state.variables.set(name, { value, exported: true, readonly: false });
  }
  state.variables.set('IFS', { value: ' \t\n', exported: false, readonly: false });
  state.variables.set('PWD', { value: process.cwd, exported: true, readonly: false });
  state.variables.set('OPTIND', { value: '1', exported: false, readonly: false });
  for (const [name, value] of Object.entries({
    PS1: dialect === 'bash' ? '\\u@\\h:\\w\\$ ' : '\\$ ',
    PS2: '> ',
    PS4: '+ ',
  })) {
    if (!state.variables.has(name)) state.variables.set(name, { value, exported: false, readonly: false });
  }
  return state;
}

function readArguments(state: ShellState, process: Process): Invocation {
  const call: Invocation = {
    fromStdin: false,
    interactive: false,
    login: (process.argv[0] ?? '').startsWith('-'),
    zero: process.argv[0] ?? 'sh',
    positional: [],
  };
  const args = process.argv.slice(1);
  let wantsCommand = false;
  while (args.length > 0 && /^[-+]./.test(args[0] as string) && args[0] !== '--') {
    const arg = args.shift() as string;
    if (arg === '--login') call.login = true;
    else if (arg.startsWith('--')) continue;
    else {
      for (const letter of arg.slice(1)) {
        if (letter === 'c') wantsCommand = true;
        else if (letter === 's') call.fromStdin = true;
        else if (letter === 'i') call.interactive = true;
        else if (letter === 'l') call.login = true;
        else if (letter === 'o') setOption(state, args.shift() ?? '', arg.startsWith('-'));
        else setOption(state, letter, arg.startsWith('-'));
      }
    }
  }
  if (args[0] === '--' || args[0] === '-') args.shift();
  if (wantsCommand) {
    call.command = args.shift();
    if (call.command === undefined) throw new ShellError('-c requires an argument');
    call.zero = args.shift() ?? call.zero;
  } else if (!call.fromStdin && args.length > 0) {
    call.file = args.shift() as string;
    call.zero = call.file;
  }
  call.positional = args;
  return call;
}

async function runInvocation(evaluator: Evaluator, call: Invocation): Promise<number> {
  const { process } = evaluator.state;
  if (call.login) await loginFiles(evaluator);
  if (call.command !== undefined) return evaluator.source(call.command);
  if (call.file !== undefined) return evaluator.source(await scriptText(process, call.file));
  if (call.interactive || process.files.get(0)?.isTerminal) return interact(evaluator);
  return evaluator.source(await process.readAll());
}

async function scriptText(process: Process, file: string): Promise<string> {
  if (!process.find(file)) throw new ShellError(`cannot open ${file}: No such file`, 127);
  return process.readFile(file);
}

async function loginFiles(evaluator: Evaluator): Promise<void> {
  const { process } = evaluator.state;
  const home = evaluator.state.get('HOME') ?? '/';
  for (const file of ['/etc/profile', `${home}/.profile`]) {
    if (process.find(file)?.kind === 'file') await evaluator.source(await process.readFile(file));
  }
}

/** Reads commands from a terminal, line by line, with a prompt. Errors do not end it. */
async function interact(evaluator: Evaluator): Promise<number> {
  const { state } = evaluator;
  state.interactive = true;
  let pending = '';
  for (;;) {
    await state.process.err(await prompt(evaluator, pending === '' ? 'PS1' : 'PS2'));
    const line = await state.process.readLine();
    if (line === '') return pending === '' ? state.lastStatus : interactOnce(evaluator, pending);
    pending += line;
    if (isIncomplete(pending)) continue;
    const text = pending;
    pending = '';
    state.lastStatus = await interactOnce(evaluator, text);
  }
}

async function prompt(evaluator: Evaluator, name: string): Promise<string> {
  const { state } = evaluator;
  const text = state.get(name) ?? '';
  const host = state.process.find('/etc/hostname')?.content;
  const values: Record<string, string> = {
    '\\h': Buffer.from(host ?? [])
      .toString('latin1')
      .trim(),
    '\\u': state.get('USER') ?? '',
    '\\w': state.process.cwd === state.get('HOME') ? '~' : state.process.cwd,
    '\\$': state.process.credentials.uid === 0 ? '#' : '$',
  };
  return text.replace(/\\[huw$]/g, (code) => values[code] ?? code);
}

function isIncomplete(text: string): boolean {
  if (text.endsWith('\\\n')) return true;
  try {
    parsed(text);
    return false;
  } catch (error) {
    if (!(error instanceof ShellError)) throw error;
    // The parser stopped behind the last line: there is more to come.
    const line = /at (\d+):1:/.exec(error.message)?.[1];
    return /EOF/.test(error.message) || (line !== undefined && Number(line) > text.split('\n').length - 1);
  }
}

async function interactOnce(evaluator: Evaluator, text: string): Promise<number> {
  try {
    return await evaluator.source(text);
  } catch (error) {
    if (error instanceof ControlFlow && error.kind !== 'exit') return error.value;
    if (!(error instanceof ShellError)) throw error;
    await evaluator.state.process.err(`${evaluator.state.zero}: ${error.message}\n`);
    return error.status;
  }
}
