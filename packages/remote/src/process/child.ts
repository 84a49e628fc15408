import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** How a local program is started. */
export interface ChildOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly stdin?: Uint8Array | string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly onStdout?: (chunk: Uint8Array) => void;
  /** Decides from what is heard on stderr what the input gets and when, in place of `stdin`. */
  readonly dialogue?: ChildDialogue;
}

/** A talk with a program over its stderr and its input. */
export interface ChildDialogue {
  hear(chunk: Uint8Array): { readonly write?: Uint8Array | string; readonly end?: boolean };
  /** Called when nothing was heard for a while. */
  idle(): { readonly write?: Uint8Array | string; readonly end?: boolean };
}

/** How a local program ended. `missing` means that it could not be started because it does not exist. */
export interface ChildResult {
  readonly ended: 'exit' | 'signal' | 'timeout' | 'aborted' | 'missing';
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly durationMs: number;
  /** The operating system's word when it could not be started. */
  readonly startError?: string;
}

const killAfterMs = 2000;
const strayOutputMs = 250;
/** So long a program pauses in the middle of a line only if it waits for an answer. */
const dialogueIdleMs = 5000;

/** Runs a program to its end, its deadline or its abortion. Never throws for a failure of the program. */
export function runChild(argv: readonly string[], options: ChildOptions): Promise<ChildResult> {
  const [program, ...args] = argv as [string, ...string[]];
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const errors: Buffer[] = [];
    let ended: ChildResult['ended'] = 'exit';
    let stopTalking: (() => void) | undefined;
    const settle = (exitCode: number, startError?: string): void => {
      clearTimeout(deadline);
      stopTalking?.();
      options.signal?.removeEventListener('abort', abort);
      resolve({
        ended,
        exitCode,
        stdout: Buffer.concat(chunks),
        stderr: Buffer.concat(errors).toString('utf8'),
        durationMs: performance.now() - startedAt,
        ...(startError === undefined ? {} : { startError }),
      });
    };
    const child = spawn(program, args, {
      env: options.env ?? process.env,
      cwd: options.cwd,
      stdio: [hasInput(options) ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      // A terminal sends Ctrl-C to everything in the foreground; whether a step in hand may end is ours to decide.
      detached: true,
    }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
    const stop = (how: 'timeout' | 'aborted'): void => {
      if (ended !== 'exit') return;
      ended = how;
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), killAfterMs).unref();
    };
    const deadline = setTimeout(() => stop('timeout'), options.timeoutMs);
    const abort = (): void => stop('aborted');
    if (options.signal?.aborted === true) abort();
    else options.signal?.addEventListener('abort', abort, { once: true });

    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      if (ended === 'exit') ended = 'missing';
      settle(error.code === 'EACCES' ? 126 : 127, error.message);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      options.onStdout?.(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    stopTalking = feed(child, options);
    const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (ended === 'exit' && signal !== null) ended = 'signal';
      settle(code ?? 255);
    };
    child.on('close', finish);
    // A grandchild (ssh's shared connection, a daemon) may keep stderr open long after the program itself has ended.
    child.on('exit', (code, signal) => {
      const later = (): void => void setTimeout(() => finish(code, signal), strayOutputMs).unref();
      if (ended !== 'exit' || child.stdout.closed) later();
      else child.stdout.once('close', later);
    });
  });
}

function hasInput({ stdin, dialogue }: ChildOptions): boolean {
  return stdin !== undefined || dialogue !== undefined;
}

/** Gives a program its input, at once or as a dialogue has it; returns what ends that. */
function feed(
  child: ChildProcessByStdio<Writable | null, Readable, Readable>,
  { stdin, dialogue }: ChildOptions,
): () => void {
  // A program that ends before it has read its input breaks the pipe; its exit status tells the story.
  child.stdin?.on('error', () => undefined);
  if (dialogue === undefined) {
    child.stdin?.end(stdin);
    return () => undefined;
  }
  const answer = ({ write, end }: ReturnType<ChildDialogue['hear']>): void => {
    if (write !== undefined) child.stdin?.write(write);
    if (end === true) child.stdin?.end();
  };
  let quiet: NodeJS.Timeout | undefined;
  child.stderr.on('data', (chunk: Buffer) => {
    clearTimeout(quiet);
    answer(dialogue.hear(chunk));
    quiet = setTimeout(() => answer(dialogue.idle()), dialogueIdleMs).unref();
  });
  return () => clearTimeout(quiet);
}
