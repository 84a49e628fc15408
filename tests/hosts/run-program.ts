import { execFile } from 'node:child_process';

/** How a program ended. */
export interface Ended {
  /** -1 when a signal or the deadline ended it, or when it could not start. */
  readonly exitCode: number;
  readonly stdout: string;
  /** All that it printed. */
  readonly text: string;
}

/** What a program gets besides its arguments: an environment of its own (else this process's), something to read, another deadline than 280 s. */
export interface ProgramInput {
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
  readonly timeoutMs?: number;
}

/** Runs a program to its end. It may end without having read its input. */
export function runProgram(
  file: string,
  args: readonly string[],
  { env = process.env, stdin = '', timeoutMs = 280_000 }: ProgramInput = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env, encoding: 'utf8' as const, timeout: timeoutMs, maxBuffer: 64 << 20 };
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      const why = typeof code === 'string' ? `${file}: ${code}\n` : '';
      resolve({ exitCode: typeof code === 'number' ? code : -1, stdout, text: `${stdout}${stderr}${why}` });
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin);
  });
}
