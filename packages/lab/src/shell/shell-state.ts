import type { Process } from './process.ts';
import type { FunctionDefNode } from './syntax.ts';

/** A shell variable. `value` undefined: declared, but unset. */
export interface Variable {
  value: string | undefined;
  exported: boolean;
  readonly: boolean;
}

/** `set -o` options that are modelled. */
export interface ShellOptions {
  errexit: boolean;
  nounset: boolean;
  xtrace: boolean;
  noglob: boolean;
  noexec: boolean;
  noclobber: boolean;
  allexport: boolean;
  pipefail: boolean;
  verbose: boolean;
}

/** Leaves loops, functions or the shell. */
export class ControlFlow extends Error {
  readonly kind: 'break' | 'continue' | 'return' | 'exit';
  /** Loop levels left, or the status. */
  value: number;

  constructor(kind: ControlFlow['kind'], value: number) {
    super(kind);
    this.kind = kind;
    this.value = value;
  }
}

/** An expansion or special built-in failed in a way that ends a non-interactive shell. */
export class ShellError extends Error {
  readonly status: number;

  constructor(message: string, status = 2) {
    super(message);
    this.status = status;
  }
}

/** A background job: its process id and what it will exit with. */
export interface Job {
  readonly pid: number;
  readonly exit: Promise<number>;
}

/** Everything that one shell (or subshell) knows. */
export class ShellState {
  readonly process: Process;
  readonly dialect: 'dash' | 'bash';
  readonly variables: Map<string, Variable>;
  readonly functions: Map<string, FunctionDefNode>;
  readonly options: ShellOptions;
  readonly traps: Map<string, string>;
  readonly jobs = new Map<number, Job>();
  readonly pendingSignals: number[] = [];
  /** `$$`: the process id of the shell that the script started in, also inside subshells. */
  readonly mainPid: number;
  readonly aliases: Map<string, string>;
  zero: string;
  positional: string[];
  lastStatus = 0;
  lastBackground: number | undefined;
  /** Command substitutions run so far: tells whether an assignment's status comes from one. */
  substitutions = 0;
  /** Saved outer values of `local` variables, one map for each function being run. */
  locals: Map<string, Variable | undefined>[] = [];
  /** Above zero while a failure does not end a `set -e` shell. */
  toleratesFailure = 0;
  loopDepth = 0;
  functionDepth = 0;
  sourceDepth = 0;
  optionIndex = 0;
  interactive = false;
  /** Of a background job that is one command: the process that `$!` names is that command's. */
  becomesCommand = false;

  constructor(process: Process, dialect: 'dash' | 'bash', parent?: ShellState) {
    this.process = process;
    this.dialect = dialect;
    this.mainPid = parent?.mainPid ?? process.pid;
    this.variables = new Map();
    if (parent) for (const [name, variable] of parent.variables) this.variables.set(name, { ...variable });
    this.functions = new Map(parent?.functions);
    this.aliases = new Map(parent?.aliases);
    this.options = parent ? { ...parent.options } : defaultOptions();
    this.traps = new Map([...(parent?.traps ?? [])].filter(([, action]) => action === ''));
    this.zero = parent?.zero ?? process.argv[0] ?? 'sh';
    this.positional = [...(parent?.positional ?? [])];
    this.lastStatus = parent?.lastStatus ?? 0;
    this.lastBackground = parent?.lastBackground;
    this.toleratesFailure = parent?.toleratesFailure ?? 0;
    this.loopDepth = parent?.loopDepth ?? 0;
    this.functionDepth = parent?.functionDepth ?? 0;
    this.sourceDepth = parent?.sourceDepth ?? 0;
  }

  /** Value of a variable, undefined if it is unset. */
  get(name: string): string | undefined {
    return this.variables.get(name)?.value;
  }

  /** Assigns. Throws ShellError if the variable is read-only. */
  set(name: string, value: string): void {
    const variable = this.variables.get(name);
    if (variable) {
      if (variable.readonly) throw new ShellError(`${name}: is read only`);
      variable.value = value;
      if (this.options.allexport) variable.exported = true;
    } else {
      this.variables.set(name, { value, exported: this.options.allexport, readonly: false });
    }
    if (name === 'OPTIND') this.optionIndex = 0;
  }

  /** Removes a variable. Throws ShellError if it is read-only. */
  unset(name: string): void {
    if (this.variables.get(name)?.readonly) throw new ShellError(`unset: ${name}: is read only`);
    this.variables.delete(name);
  }

  /** The environment that a child gets, with assignments that precede its command. */
  environment(extra?: Map<string, string>): Map<string, string> {
    const environment = new Map<string, string>();
    for (const [name, variable] of this.variables) {
      if (variable.exported && variable.value !== undefined) environment.set(name, variable.value);
    }
    if (extra) for (const [name, value] of extra) environment.set(name, value);
    return environment;
  }

  /** Field separators. */
  get separators(): string {
    return this.get('IFS') ?? ' \t\n';
  }
}

function defaultOptions(): ShellOptions {
  return {
    errexit: false,
    nounset: false,
    xtrace: false,
    noglob: false,
    noexec: false,
    noclobber: false,
    allexport: false,
    pipefail: false,
    verbose: false,
  };
}
