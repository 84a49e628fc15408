import { AppError } from '@vmstation/core';
import type { Style } from '../render/style.ts';
import type { CommandIo } from './command-io.ts';
import type { CommandTree } from './define-command.ts';
import { styleFor } from './terminal-style.ts';

/** Options that every command has. */
export interface GlobalOptions {
  readonly workspace: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly yes: boolean;
  readonly color: boolean;
}

/** A parsed command line, as a handler gets it. */
export class Invocation {
  readonly path: readonly string[];
  /** The command line as typed, for the journal. */
  readonly line: string;
  readonly global: GlobalOptions;
  readonly io: CommandIo;
  /** All commands: for one that plays others. */
  readonly tree: CommandTree;
  readonly #args: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly #options: Readonly<Record<string, unknown>>;

  constructor(parsed: {
    path: readonly string[];
    line: string;
    args: Readonly<Record<string, string | readonly string[] | undefined>>;
    options: Readonly<Record<string, unknown>>;
    global: GlobalOptions;
    io: CommandIo;
    tree: CommandTree;
  }) {
    this.path = parsed.path;
    this.line = parsed.line;
    this.global = parsed.global;
    this.io = parsed.io;
    this.tree = parsed.tree;
    this.#args = parsed.args;
    this.#options = parsed.options;
  }

  /** A positional argument that may be absent. */
  argument(name: string): string | undefined {
    const value = this.#args[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** A positional argument that commander has made sure of. */
  required(name: string): string {
    const value = this.argument(name);
    if (value === undefined)
      throw new Error(`the definition of ${this.path.join(' ')} has no required argument ${name}`);
    return value;
  }

  /** All values of a variadic argument. */
  rest(name: string): readonly string[] {
    const value = this.#args[name];
    return Array.isArray(value) ? (value as readonly string[]) : [];
  }

  /** True when the option without value was given. */
  flag(name: string): boolean {
    return this.#options[name] === true;
  }

  /** The value of an option, or undefined. */
  option(name: string): string | undefined {
    const value = this.#options[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** All values of an option that may repeat or hold several, separated by commas; undefined when it was not given. Throws cli/bad-value for an empty one. */
  options(name: string): readonly string[] | undefined {
    const value = this.#options[name];
    if (!Array.isArray(value) || value.length === 0) return undefined;
    const all = (value as readonly string[]).flatMap((text) => text.split(',')).map((text) => text.trim());
    if (!all.includes('')) return all;
    throw new AppError({
      code: 'cli/bad-value',
      kind: 'user',
      message: `The option --${name} is given an empty value; nothing was done.`,
      tryThis: `Name what is meant (--${name} a,b), or leave the option out.`,
    });
  }

  /** How text looks on standard output. */
  get style(): Style {
    return this.#styleFor(this.io.outIsTerminal);
  }

  /** How text looks on standard error. */
  get errStyle(): Style {
    return this.#styleFor(this.io.errIsTerminal);
  }

  #styleFor(terminal: boolean): Style {
    return styleFor({ io: this.io, color: this.global.color, terminal });
  }
}
