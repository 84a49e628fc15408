import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { AppError, type ProcessResult, type ProcessRunner } from '@vmstation/core';
import { runChild } from './child.ts';
import { followDetached } from './follow.ts';

/** Runs programs on this computer by node:child_process. `env` is added to our own environment. Also throws process/interrupted. */
export function nodeProcessRunner(): ProcessRunner {
  return {
    async run(argv, options): Promise<ProcessResult> {
      if (options.signal?.aborted === true) throw stopped(argv);
      const result = await runChild(argv, {
        env: { ...process.env, ...options.env },
        timeoutMs: options.timeoutMs,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      if (result.ended === 'missing') throw notFound(argv, result.startError);
      if (result.ended === 'aborted') throw stopped(argv);
      if (result.ended === 'timeout') throw tooLong(argv, options.timeoutMs);
      return { exitCode: result.exitCode, stdout: result.stdout.toString('utf8'), stderr: result.stderr };
    },
    async follow(argv, options) {
      const program = await findOnPath(argv[0] ?? '', options.env?.PATH);
      if (program === undefined) throw notFound(argv, 'it is not on PATH');
      return followDetached([program, ...argv.slice(1)], options);
    },
    findOnPath: (program) => findOnPath(program, undefined),
  };
}

async function findOnPath(program: string, path: string | undefined): Promise<string | undefined> {
  const folders = (path ?? process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates =
    isAbsolute(program) || program.includes('/') ? [resolve(program)] : folders.map((folder) => join(folder, program));
  for (const candidate of candidates) {
    if (await isProgram(candidate)) return candidate;
  }
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function notFound(argv: readonly string[], why: string | undefined): AppError {
  return new AppError({
    code: 'process/not-found',
    kind: 'environment',
    message: `The program ${argv[0] ?? ''} could not be started on this computer: ${why ?? 'it was not found'}`,
    tryThis: `Install ${argv[0] ?? 'it'}, or put its folder on PATH.`,
    context: { program: argv[0] },
  });
}

function tooLong(argv: readonly string[], timeoutMs: number): AppError {
  return new AppError({
    code: 'process/timeout',
    kind: 'environment',
    message: `${argv[0] ?? ''} did not end within ${Math.round(timeoutMs / 1000)} s and was stopped.`,
    tryThis: 'Run the same command again; when it happens again, run the program by hand to see where it waits.',
    context: { program: argv[0], timeoutMs },
    retryable: true,
  });
}

function stopped(argv: readonly string[]): AppError {
  return new AppError({
    code: 'process/interrupted',
    kind: 'interrupted',
    message: `${argv[0] ?? ''} was stopped before it ended.`,
    tryThis: 'Run the same command again.',
    context: { program: argv[0] },
  });
}
