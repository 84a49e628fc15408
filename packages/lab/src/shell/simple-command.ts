import { FileSystemError } from '../disk/file-system-error.ts';
import { BUILTINS, SPECIAL_BUILTINS } from './builtins.ts';
import type { Evaluator } from './evaluate.ts';
import { ExecError, run, searchPath } from './execute.ts';
import { BrokenPipe } from './open-file.ts';
import { Terminated } from './process.ts';
import { RedirectionError, redirect, withRedirections } from './redirect.ts';
import { ControlFlow, ShellError, type ShellState, type Variable } from './shell-state.ts';
import type { AssignmentNode, FunctionDefNode, SimpleCommandNode } from './syntax.ts';
import { SIGNALS } from './traps.ts';

const MAX_FUNCTION_DEPTH = 1000;

/** Runs a simple command: assignments, redirections, then a function, built-in or executable. */
export async function runSimpleCommand(evaluator: Evaluator, command: SimpleCommandNode): Promise<number> {
  const { state, words } = evaluator;
  const before = state.substitutions;
  const argv: string[] = [];
  if (command.name) argv.push(...(await words.fields(command.name)));
  const assigns = argv[0] === 'export' || argv[0] === 'readonly' || argv[0] === 'local';
  for (const word of command.args) {
    if (assigns && isAssignmentWord(word)) argv.push(await words.text(word));
    else argv.push(...(await words.fields(word)));
  }
  if (argv.length === 0) return assignOnly(evaluator, command, before);
  const assignments = await assignmentValues(evaluator, command.assignments);
  if (state.options.xtrace) await trace(evaluator, assignments, argv);
  const name = argv[0] as string;
  const special = SPECIAL_BUILTINS.get(name);
  if (special) {
    for (const [key, value] of assignments) state.set(key, value);
    if (name === 'exec') return execCommand(evaluator, command, argv, assignments);
    return withRedirections(evaluator, command.redirections, async () => special(evaluator, argv));
  }
  const body = (): Promise<number> => dispatch(evaluator, argv, assignments);
  return command.redirections.length === 0 ? body() : withRedirections(evaluator, command.redirections, body);
}

function isAssignmentWord(word: SimpleCommandNode['args'][number]): boolean {
  const first = word.parts[0];
  return first?.type === 'Literal' && /^[A-Za-z_]\w*\+?=/.test(first.value);
}

async function assignOnly(evaluator: Evaluator, command: SimpleCommandNode, before: number): Promise<number> {
  const { state } = evaluator;
  const assign = async (): Promise<number> => {
    for (const [name, value] of await assignmentValues(evaluator, command.assignments)) state.set(name, value);
    return state.substitutions === before ? 0 : state.lastStatus;
  };
  return command.redirections.length === 0 ? assign() : withRedirections(evaluator, command.redirections, assign);
}

async function assignmentValues(evaluator: Evaluator, nodes: readonly AssignmentNode[]): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for (const node of nodes) {
    if (node.array) throw new ShellError('arrays are not modelled by the lab');
    const value = node.value ? await evaluator.words.text(node.value) : '';
    values.set(node.name, node.append ? (evaluator.state.get(node.name) ?? '') + value : value);
    if (nodes.length > 1 && node.value) exposeForNext(evaluator, node.name, values.get(node.name) as string, nodes);
  }
  return values;
}

/** `a=1 b=$a` without a command: a later value sees an earlier one. */
function exposeForNext(evaluator: Evaluator, name: string, value: string, nodes: readonly AssignmentNode[]): void {
  if (nodes.at(-1)?.name !== name && !evaluator.state.variables.get(name)?.readonly) evaluator.state.set(name, value);
}

async function trace(evaluator: Evaluator, assignments: Map<string, string>, argv: readonly string[]): Promise<void> {
  const quote = (text: string): string =>
    /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\"'\"'")}'`;
  const prefix = [...assignments].map(([name, value]) => `${name}=${quote(value)}`);
  await evaluator.state.process.err(`+ ${[...prefix, ...argv.map(quote)].join(' ')}\n`);
}

async function execCommand(
  evaluator: Evaluator,
  command: SimpleCommandNode,
  argv: string[],
  assignments: Map<string, string>,
): Promise<number> {
  try {
    await redirect(evaluator, command.redirections);
  } catch (error) {
    if (!(error instanceof RedirectionError)) throw error;
    throw new ShellError(error.message);
  }
  const rest = argv[1] === '--' ? argv.slice(2) : argv.slice(1);
  if (rest.length === 0) return 0;
  evaluator.state.becomesCommand = true;
  throw new ControlFlow('exit', await runExternal(evaluator, rest, assignments, true));
}

/** Runs an already expanded command: function, built-in or executable. */
export async function dispatch(
  evaluator: Evaluator,
  argv: string[],
  assignments: Map<string, string>,
  skipFunctions = false,
): Promise<number> {
  const { state } = evaluator;
  const name = argv[0] as string;
  const defined = skipFunctions ? undefined : state.functions.get(name);
  if (defined) return withAssignments(evaluator, assignments, () => callFunction(evaluator, defined, argv));
  const special = SPECIAL_BUILTINS.get(name);
  if (special) return special(evaluator, argv);
  if (name === 'command' || name === 'type')
    return withAssignments(evaluator, assignments, () => commandBuiltin(evaluator, argv));
  const builtin = BUILTINS.get(name);
  if (!builtin) return runExternal(evaluator, argv, assignments);
  return withAssignments(evaluator, assignments, async () => {
    try {
      return await builtin(evaluator, argv);
    } catch (error) {
      // A write that the kernel refuses fails the built-in, and the script goes on.
      const why = error instanceof BrokenPipe && ignoresPipes(state) ? 'Broken pipe' : undefined;
      const refused = error instanceof FileSystemError ? error.message : why;
      const refusal = refused === undefined ? error : writeRefusal(state.dialect, name, refused);
      if (!(refusal instanceof ShellError)) throw error;
      await state.process.err(`${state.zero}: ${refusal.message}\n`);
      return refusal.status;
    }
  });
}

function ignoresPipes({ process }: ShellState): boolean {
  return process.ignoredSignals.has(SIGNALS['PIPE'] ?? 0);
}

function writeRefusal(dialect: ShellState['dialect'], name: string, why: string): ShellError {
  return new ShellError(`${name}: ${dialect === 'bash' ? `write error: ${why}` : 'I/O error'}`, 1);
}

async function withAssignments(
  evaluator: Evaluator,
  assignments: Map<string, string>,
  body: () => Promise<number>,
): Promise<number> {
  if (assignments.size === 0) return body();
  const { variables } = evaluator.state;
  const saved = new Map<string, Variable | undefined>();
  for (const [name, value] of assignments) {
    const old = variables.get(name);
    saved.set(name, old);
    variables.set(name, { value, exported: true, readonly: old?.readonly ?? false });
  }
  try {
    return await body();
  } finally {
    for (const [name, old] of saved) {
      if (old) variables.set(name, old);
      else variables.delete(name);
    }
  }
}

async function callFunction(evaluator: Evaluator, defined: FunctionDefNode, argv: string[]): Promise<number> {
  const { state } = evaluator;
  if (state.functionDepth >= MAX_FUNCTION_DEPTH) throw new ShellError(`${argv[0]}: maximum function depth exceeded`);
  const { positional, loopDepth } = state;
  state.positional = argv.slice(1);
  state.loopDepth = 0;
  state.functionDepth += 1;
  state.locals.push(new Map());
  try {
    return await evaluator.command(
      defined.redirections.length > 0 && defined.body.redirections.length === 0
        ? { ...defined.body, redirections: defined.redirections }
        : defined.body,
    );
  } catch (error) {
    if (error instanceof ControlFlow && error.kind === 'return') return error.value;
    throw error;
  } finally {
    const frame = state.locals.pop() ?? new Map<string, Variable | undefined>();
    for (const [name, old] of frame) {
      if (old) state.variables.set(name, old);
      else state.variables.delete(name);
    }
    state.functionDepth -= 1;
    state.loopDepth = loopDepth;
    state.positional = positional;
  }
}

async function runExternal(
  evaluator: Evaluator,
  argv: string[],
  assignments: Map<string, string>,
  replaces = false,
): Promise<number> {
  const { state } = evaluator;
  const environment = state.environment(assignments);
  const path = assignments.get('PATH') ?? state.get('PATH') ?? '/usr/bin:/bin';
  try {
    const file = searchPath(state.process, argv[0] as string, path);
    const started = run(state.process, argv, { file, environment, replaces });
    return await ending(state, started);
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    await state.process.err(`${state.zero}: ${argv[0]}: ${error.message}\n`);
    return error.status;
  }
}

/** A shell that a command replaces takes it along when it is ended. */
async function ending(state: ShellState, started: ReturnType<typeof run>): Promise<number> {
  try {
    return await state.process.interruptible(started.exit);
  } catch (error) {
    if (error instanceof Terminated && state.becomesCommand) started.process.kill(error.signal);
    throw error;
  }
}

/** `command`, `command -v`, `command -V` and `type`. */
async function commandBuiltin(evaluator: Evaluator, argv: string[]): Promise<number> {
  const args = argv.slice(1);
  let describes = argv[0] === 'type';
  while (/^-[pvV-]/.test(args[0] ?? '')) describes = /[vV]/.test(args.shift() as string) || describes;
  if (!describes) return args.length === 0 ? 0 : dispatch(evaluator, args, new Map(), true);
  let status = 0;
  for (const name of args) {
    const where = describeCommand(evaluator, name);
    if (where === undefined) status = evaluator.state.dialect === 'dash' ? 127 : 1;
    else await evaluator.state.process.out(argv[0] === 'type' ? `${name} is ${where}\n` : `${where}\n`);
    if (where === undefined && argv[0] === 'type') await evaluator.state.process.err(`${name}: not found\n`);
  }
  return status;
}

const KEYWORDS = new Set('! { } case do done elif else esac fi for if in then until while'.split(' '));

function describeCommand({ state }: Evaluator, name: string): string | undefined {
  if (KEYWORDS.has(name) || state.functions.has(name) || SPECIAL_BUILTINS.has(name) || BUILTINS.has(name)) return name;
  if (name === 'command' || name === 'type') return name;
  try {
    return searchPath(state.process, name, state.get('PATH') ?? '');
  } catch (error) {
    if (error instanceof ExecError) return undefined;
    throw error;
  }
}
