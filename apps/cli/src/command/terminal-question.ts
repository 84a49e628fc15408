import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { AppError } from '@vmstation/core';

/** Where a question is put, and how Ctrl-C at it is told to the rest of the program. */
export interface QuestionTerminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  /** Aborted when the program is told to stop while the question waits. */
  readonly signal: AbortSignal;
  /** Ctrl-C at the question: the terminal hands it over as a key, not as a signal. */
  readonly onInterrupt: () => void;
  /** What is typed is not shown. */
  readonly hidden?: boolean;
}

/**
 * Asks one question and gives the answer; the end of input (Ctrl-D) is an empty one.
 * Throws cli/interrupted at Ctrl-C, and when the signal is aborted meanwhile.
 */
export function askOnTerminal(question: string, { input, output, signal, onInterrupt, hidden }: QuestionTerminal) {
  return new Promise<string>((resolve, reject) => {
    const shown = hidden === true ? new Writable({ write: (_chunk, _encoding, done) => done() }) : output;
    const terminal = createInterface({ input, output: shown, terminal: true });
    if (shown !== output) output.write(question);
    let settled = false;
    const settle = (how: () => void, leaveLine: boolean): void => {
      if (settled) return;
      settled = true;
      signal.removeEventListener('abort', stop);
      if (leaveLine) output.write('\n');
      terminal.close();
      how();
    };
    const stop = (): void => settle(() => reject(interruptedAtQuestion()), true);
    terminal.on('SIGINT', () => {
      onInterrupt();
      stop();
    });
    terminal.on('close', () => settle(() => resolve(''), true));
    signal.addEventListener('abort', stop, { once: true });
    terminal.question(question, (answer) => settle(() => resolve(answer), shown !== output));
    if (signal.aborted) stop();
  });
}

/** Ctrl-C where somebody was asked. */
export function interruptedAtQuestion(
  message = 'Interrupted at the question; what it asked about was not done.',
): AppError {
  return new AppError({ code: 'cli/interrupted', kind: 'interrupted', message });
}
