import { FileSystemError } from '../disk/file-system-error.ts';
import { evaluateArithmetic } from './arithmetic.ts';
import { evaluateConditional } from './conditional.ts';
import { Expander } from './expand.ts';
import { BrokenPipe, DeviceFile, Pipe } from './open-file.ts';
import { patternRegExp } from './pattern.ts';
import { Process, Terminated } from './process.ts';
import { withRedirections } from './redirect.ts';
import { ControlFlow, ShellError, ShellState } from './shell-state.ts';
import { runSimpleCommand } from './simple-command.ts';
import {
  type CommandNode,
  type CommandOf,
  type CompoundNode,
  type PipelineNode,
  parseScript,
  type ScriptNode,
  type StatementNode,
} from './syntax.ts';
import { runPendingTraps, runTrap } from './traps.ts';

/** Executes syntax trees in one shell. */
export class Evaluator {
  readonly state: ShellState;
  readonly words: Expander;

  constructor(state: ShellState) {
    this.state = state;
    this.words = new Expander(state, substitute);
  }

  /** Parses and runs text in this shell, as `eval`, `.` and traps do. Throws ShellError for a syntax error. */
  async source(text: string): Promise<number> {
    return this.statements(parsed(text).statements);
  }

  /** Runs statements in order; the status of the last one. */
  async statements(statements: readonly StatementNode[]): Promise<number> {
    for (const statement of statements) await this.#statement(statement);
    return this.state.lastStatus;
  }

  async #statement(statement: StatementNode): Promise<void> {
    const { state } = this;
    state.process.checkAlive();
    if (state.process.kernel.frozen) await state.process.kernel.frozen;
    if (state.pendingSignals.length > 0) await runPendingTraps(this);
    if (statement.deferredError) throw new ShellError(`Syntax error: ${statement.deferredError.message}`);
    if (state.options.noexec && !state.interactive) return;
    if (statement.background) {
      this.#background(statement);
      return;
    }
    const last = statement.pipelines.length - 1;
    for (const [index, pipeline] of statement.pipelines.entries()) {
      const operator = index > 0 ? statement.operators[index - 1] : undefined;
      if (operator === '&&' && state.lastStatus !== 0) continue;
      if (operator === '||' && state.lastStatus === 0) continue;
      const tolerated = index < last || pipeline.negated;
      if (tolerated) state.toleratesFailure += 1;
      try {
        await this.#pipeline(pipeline);
      } finally {
        if (tolerated) state.toleratesFailure -= 1;
      }
      if (index === last && !pipeline.negated) this.#checkErrexit();
    }
  }

  #checkErrexit(): void {
    const { state } = this;
    if (state.options.errexit && state.lastStatus !== 0 && state.toleratesFailure === 0) {
      throw new ControlFlow('exit', state.lastStatus);
    }
  }

  #background(statement: StatementNode): void {
    const { state } = this;
    const child = new Process(state.process.kernel, state.process);
    if (!state.interactive) child.setFile(0, new DeviceFile('null'));
    const shell = new ShellState(child, state.dialect, state);
    const [only, ...others] = statement.pipelines;
    shell.becomesCommand =
      others.length === 0 && only?.commands.length === 1 && only.commands[0]?.type === 'SimpleCommand';
    const exit = runSubshell(shell, (inner) => inner.statements([{ ...statement, background: false }]));
    state.jobs.set(child.pid, { pid: child.pid, exit });
    state.lastBackground = child.pid;
    state.lastStatus = 0;
  }

  async #pipeline(pipeline: PipelineNode): Promise<void> {
    const { state } = this;
    if (pipeline.commands.length === 1) state.lastStatus = await this.command(pipeline.commands[0] as CommandNode);
    else state.lastStatus = await this.#piped(pipeline);
    if (pipeline.negated) state.lastStatus = state.lastStatus === 0 ? 1 : 0;
  }

  async #piped(pipeline: PipelineNode): Promise<number> {
    const { state } = this;
    const { kernel } = state.process;
    const running: Promise<number>[] = [];
    let input: Pipe | undefined;
    for (const [index, command] of pipeline.commands.entries()) {
      const output = index < pipeline.commands.length - 1 ? new Pipe() : undefined;
      const child = new Process(kernel, state.process);
      if (input) child.setFile(0, input.reader);
      if (output) child.setFile(1, output.writer);
      if (output && pipeline.pipeStderr?.[index]) child.setFile(2, output.writer.retain());
      const shell = new ShellState(child, state.dialect, state);
      running.push(runSubshell(shell, (inner) => inner.command(command)));
      input = output;
    }
    const statuses = await state.process.interruptible(Promise.all(running));
    const failed = statuses.findLast((status) => status !== 0) ?? 0;
    return state.options.pipefail ? failed : (statuses.at(-1) ?? 0);
  }

  /** Runs one command of any form and returns its status. */
  async command(command: CommandNode): Promise<number> {
    if (command.type === 'SimpleCommand') return runSimpleCommand(this, command);
    if (command.type === 'FunctionDef') {
      this.state.functions.set(command.name, command);
      return 0;
    }
    if (command.redirections.length === 0) return this.compound(command);
    return withRedirections(this, command.redirections, () => this.compound(command));
  }

  /** Runs a compound command without its redirections. */
  async compound(command: CompoundNode): Promise<number> {
    switch (command.type) {
      case 'Group':
        return this.statements(command.body);
      case 'Subshell':
        return this.#subshell(command);
      case 'If':
        return this.#if(command);
      case 'While':
        return this.#loop(command, async () => (await this.#condition(command.condition)) === 0);
      case 'Until':
        return this.#loop(command, async () => (await this.#condition(command.condition)) !== 0);
      case 'For':
        return this.#for(command);
      case 'Case':
        return this.#case(command);
      case 'ConditionalCommand':
        return (await evaluateConditional(this.words, command.expression)) ? 0 : 1;
      case 'ArithmeticCommand':
        return (await this.#arithmetic(command.expression)) === 0n ? 1 : 0;
      case 'CStyleFor':
        return this.#countedFor(command);
      default:
        throw new Error(`lab shell: ${(command satisfies never as CommandNode).type} is not modelled`);
    }
  }

  #arithmetic(expression: CommandOf<'ArithmeticCommand'>['expression']): Promise<bigint> {
    return evaluateArithmetic(this.state, expression.expression, (text) => this.words.source(text));
  }

  async #subshell(command: CommandOf<'Subshell'>): Promise<number> {
    const { state } = this;
    const shell = new ShellState(new Process(state.process.kernel, state.process), state.dialect, state);
    return state.process.interruptible(runSubshell(shell, (inner) => inner.statements(command.body)));
  }

  async #condition(statements: readonly StatementNode[]): Promise<number> {
    this.state.toleratesFailure += 1;
    try {
      return await this.statements(statements);
    } finally {
      this.state.toleratesFailure -= 1;
    }
  }

  async #if(command: CommandOf<'If'>): Promise<number> {
    for (const clause of command.clauses) {
      if ((await this.#condition(clause.condition)) === 0) return this.statements(clause.body);
    }
    return command.elseBody ? this.statements(command.elseBody) : 0;
  }

  async #loop(command: { body: StatementNode[] }, goesOn: () => Promise<boolean>): Promise<number> {
    let status = 0;
    await this.#inLoop(async () => {
      while (await this.#step(goesOn)) {
        const more = await this.#iteration(command.body);
        status = this.state.lastStatus;
        if (!more) break;
      }
    });
    return status;
  }

  async #inLoop(body: () => Promise<void>): Promise<void> {
    this.state.loopDepth += 1;
    try {
      await body();
    } finally {
      this.state.loopDepth -= 1;
    }
  }

  /** One evaluation of a loop's condition, in which `break` and `continue` also count. */
  async #step(goesOn: () => Promise<boolean>): Promise<boolean> {
    try {
      return await goesOn();
    } catch (error) {
      return this.#leave(error);
    }
  }

  /** One pass through a loop's body; false when the loop ends. */
  async #iteration(body: readonly StatementNode[]): Promise<boolean> {
    try {
      await this.statements(body);
      return true;
    } catch (error) {
      return this.#leave(error);
    }
  }

  #leave(error: unknown): boolean {
    if (!(error instanceof ControlFlow) || (error.kind !== 'break' && error.kind !== 'continue')) throw error;
    this.state.lastStatus = 0;
    if (error.value > 1 && this.state.loopDepth > 1) {
      error.value -= 1;
      throw error;
    }
    return error.kind === 'continue';
  }

  async #for(command: CommandOf<'For'>): Promise<number> {
    const values: string[] = [];
    if (command.words) for (const word of command.words) values.push(...(await this.words.fields(word)));
    else values.push(...this.state.positional);
    if (values.length === 0) return 0;
    await this.#inLoop(async () => {
      for (const value of values) {
        this.state.set(command.variable, value);
        if (!(await this.#iteration(command.body))) break;
      }
    });
    return this.state.lastStatus;
  }

  async #countedFor(command: CommandOf<'CStyleFor'>): Promise<number> {
    if (command.init) await this.#arithmetic(command.init);
    await this.#inLoop(async () => {
      while (!command.condition || (await this.#arithmetic(command.condition)) !== 0n) {
        if (!(await this.#iteration(command.body))) break;
        if (command.update) await this.#arithmetic(command.update);
      }
    });
    return this.state.lastStatus;
  }

  async #case(command: CommandOf<'Case'>): Promise<number> {
    const subject = await this.words.text(command.word);
    let status = 0;
    let falls = false;
    for (const item of command.items) {
      if (!falls && !(await this.#matches(subject, item.patterns))) continue;
      status = item.body.length === 0 ? 0 : await this.statements(item.body);
      if (item.terminator === ';;') return status;
      falls = item.terminator === ';&';
    }
    return status;
  }

  async #matches(subject: string, patterns: CommandOf<'Case'>['items'][number]['patterns']): Promise<boolean> {
    for (const pattern of patterns) {
      if (patternRegExp(await this.words.pattern(pattern)).test(subject)) return true;
    }
    return false;
  }
}

/** Parses a script. Throws ShellError with a shell's wording for a syntax error. */
export function parsed(text: string): ScriptNode {
  try {
    return parseScript(text);
  } catch (error) {
    throw new ShellError(`Syntax error: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function substitute(state: ShellState, script: ScriptNode): Promise<string> {
  const child = new Process(state.process.kernel, state.process);
  const pipe = new Pipe();
  child.setFile(1, pipe.writer);
  const shell = new ShellState(child, state.dialect, state);
  const exit = runSubshell(shell, (inner) => inner.statements(script.statements));
  const chunks: string[] = [];
  for (;;) {
    const chunk = await state.process.interruptible(Promise.resolve(pipe.reader.read(1 << 20)));
    if (chunk === '') break;
    chunks.push(chunk);
  }
  pipe.reader.release();
  state.substitutions += 1;
  state.lastStatus = await state.process.interruptible(exit);
  return chunks.join('').replaceAll('\0', '').replace(/\n+$/, '');
}

/** Runs the body of a subshell to its exit status and gives its process's resources back. Never rejects for shell reasons. */
export async function runSubshell(state: ShellState, body: (evaluator: Evaluator) => Promise<number>): Promise<number> {
  const evaluator = new Evaluator(state);
  try {
    state.lastStatus = await settle(state, () => body(evaluator));
    const action = state.traps.get('EXIT');
    if (action && state.process.terminatedBy === undefined) {
      state.traps.delete('EXIT');
      state.lastStatus = await settle(state, () => runTrap(evaluator, action));
    }
    return state.lastStatus;
  } finally {
    state.process.finish();
  }
}

async function settle(state: ShellState, body: () => Promise<number>): Promise<number> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof ControlFlow)
      return error.kind === 'exit' || error.kind === 'return' ? error.value : state.lastStatus;
    if (error instanceof Terminated) return 128 + error.signal;
    if (error instanceof BrokenPipe) return 141;
    if (error instanceof ShellError) return complain(state, error.message, error.status);
    if (error instanceof FileSystemError) return complain(state, `${error.path}: ${error.message}`, 2);
    throw error;
  }
}

async function complain(state: ShellState, message: string, status: number): Promise<number> {
  const where = state.zero === '' ? 'sh' : state.zero;
  try {
    await state.process.err(`${where}: ${message}\n`);
  } catch (error) {
    if (!(error instanceof BrokenPipe || error instanceof FileSystemError || error instanceof Terminated)) throw error;
  }
  return status;
}
