import { tmpdir } from 'node:os';
import type { CommandIo } from '../command/command-io.ts';
import { runCli } from '../command/run-cli.ts';
import { commandTree } from '../commands/tree.ts';

/** What a command line did. */
export interface LineResult {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a command line in this process, with no terminal, in a folder. `answers` are given to its questions in turn, `typed` to those that do not show
 * what is typed; `input` is all of standard input.
 */
export async function runLine(
  argv: readonly string[],
  options: {
    readonly folder?: string;
    readonly answers?: readonly string[];
    readonly env?: CommandIo['env'];
    readonly typed?: readonly string[];
    readonly input?: string;
  } = {},
): Promise<LineResult> {
  const texts = { out: '', err: '' };
  const answers = [...(options.answers ?? [])];
  const typed = [...(options.typed ?? [])];
  const { input } = options;
  const exitCode = await runCli(commandTree, '1.2.3', argv, {
    out: (text) => {
      texts.out += text;
    },
    err: (text) => {
      texts.err += text;
    },
    ask: options.answers === undefined ? undefined : async () => answers.shift() ?? '',
    ...(options.typed === undefined ? {} : { askHidden: async () => typed.shift() ?? '' }),
    ...(input === undefined ? {} : { readInput: async () => input }),
    outIsTerminal: false,
    errIsTerminal: false,
    columns: () => 100,
    env: options.env ?? {},
    workingDirectory: options.folder ?? tmpdir(),
    signal: new AbortController().signal,
  });
  return { exitCode, ...texts };
}
