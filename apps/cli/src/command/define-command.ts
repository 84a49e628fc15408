import type { Invocation } from './invocation.ts';

/** A positional argument. */
export interface ArgumentDefinition {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  /** Takes all that follow. */
  readonly variadic?: boolean;
}

/** An option; long form without dashes. With `value` it takes one, with `repeats` it may stand several times. */
export interface OptionDefinition {
  readonly name: string;
  readonly description: string;
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly repeats?: boolean;
}

/** What a handler gives back: the exit code. */
export type CommandHandler = (invocation: Invocation) => Promise<number>;

/** One command as data: the program, its help, its page in cluster-docs and its handler come from this. */
export interface CommandDefinition {
  /** Words after `vmstation`: `['infra', 'deploy']`. */
  readonly path: readonly string[];
  /** Half a line, for lists. */
  readonly summary: string;
  /** What it does, for its own page. */
  readonly description: string;
  readonly args?: readonly ArgumentDefinition[];
  readonly options?: readonly OptionDefinition[];
  /** Words that it understands, with their meanings, for its own page. */
  readonly terms?: readonly {
    readonly title: string;
    readonly rows: readonly (readonly [term: string, meaning: string])[];
  }[];
  /** Full command lines with what each does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** Scripts, playbooks and workflows of the architecture document whose work it does. */
  readonly replaces: readonly string[];
  /** True when it changes machines, the cluster or the workspace. */
  readonly mutates: boolean;
  /** Codes that it may end with besides those of errors. */
  readonly exitCodes: readonly number[];
  readonly load: () => Promise<CommandHandler>;
}

/** A command without a subject of its own: words that stand before others. */
export interface GroupDefinition {
  readonly path: readonly string[];
  readonly summary: string;
}

/** Everything that `vmstation` can be told. */
export interface CommandTree {
  readonly commands: readonly CommandDefinition[];
  readonly groups: readonly GroupDefinition[];
  /** First words in the order in which help lists them. */
  readonly order: readonly string[];
}

/** Checks nothing at run time: it exists so that a definition is typed where it stands. */
export function defineCommand(definition: CommandDefinition): CommandDefinition {
  return definition;
}
