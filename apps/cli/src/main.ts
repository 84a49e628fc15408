import { text as readAll } from 'node:stream/consumers';
import { AppError, exitCodes } from '@vmstation/core';
import manifest from '../package.json' with { type: 'json' };
import type { CommandIo } from './command/command-io.ts';
import { runCli } from './command/run-cli.ts';
import { askOnTerminal } from './command/terminal-question.ts';
import { commandTree } from './commands/tree.ts';
import { renderError } from './render/error.ts';
import { plainStyle } from './render/style.ts';

/** A terminal, npm and a shell may each pass the same Ctrl-C on; within this time it is one. */
const sameKeyPressMs = 400;

let outputFailed = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read our output has seen enough (`vmstation … | head`); what was begun is still brought to its end.
    if (error.code === 'EPIPE' || outputFailed) return;
    outputFailed = true;
    // Where standard error itself fails, the exit code is all that is left to tell it by.
    if (stream === process.stdout) process.stderr.write(`${renderError(outputNotWritten(error), plainStyle(100))}\n`);
    process.exitCode = codeOf(Number(process.exitCode ?? 0));
  });
}

const stopping = interruption();
const io: CommandIo = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  ask: process.stdin.isTTY && process.stderr.isTTY ? (question) => ask(question) : undefined,
  ...(process.stdin.isTTY
    ? { askHidden: (question: string) => ask(question, true) }
    : { readInput: () => readAll(process.stdin) }),
  outIsTerminal: process.stdout.isTTY,
  errIsTerminal: process.stderr.isTTY,
  columns: () => process.stderr.columns || process.stdout.columns || 100,
  env: process.env,
  workingDirectory: process.cwd(),
  signal: stopping.signal,
};
process.exitCode = codeOf(await runCli(commandTree, manifest.version, process.argv.slice(2), io));

/** A result that nobody could read is no success. */
function codeOf(exitCode: number): number {
  return outputFailed && exitCode === exitCodes.done ? exitCodes.failed : exitCode;
}

function outputNotWritten(cause: Error): AppError {
  return new AppError({
    code: 'output/not-written',
    kind: 'environment',
    message: 'What the command prints could not be written, so what you see of it is not whole.',
    tryThis: 'Make room where it is written to, or send it somewhere else. What it did was brought to its end.',
    cause,
  });
}

function ask(question: string, hidden = false): Promise<string> {
  return askOnTerminal(question, {
    hidden,
    input: process.stdin,
    output: process.stderr,
    signal: stopping.signal,
    onInterrupt: stopping.interrupt,
  });
}

/** Aborts at the first Ctrl-C or termination: the step in hand is finished. The second one ends the process at once. */
function interruption(): { readonly signal: AbortSignal; readonly interrupt: () => void } {
  const controller = new AbortController();
  let first = 0;
  const interrupt = (): void => {
    if (controller.signal.aborted && Date.now() - first > sameKeyPressMs) process.exit(130);
    if (controller.signal.aborted) return;
    first = Date.now();
    controller.abort(new Error('interrupted'));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  return { signal: controller.signal, interrupt };
}
