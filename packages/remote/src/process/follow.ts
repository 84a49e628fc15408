import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, type FollowedProcess } from '@vmstation/core';
import { runChild } from './child.ts';

const pollMs = 50;
const readBytes = 64 * 1024;

/** Keeps process id and exit status beside the log, where whoever follows it later can read them, whenever its starter dies. */
const keepStatus =
  'log=$1; shift; printf "%s\\n" "$$" >"$log.pid.new" && mv "$log.pid.new" "$log.pid"; "$@"; code=$?; printf "%s\\n" "$code" >"$log.exit.new" && mv "$log.exit.new" "$log.exit"; exit "$code"';

/** What {@link followDetached} needs besides the program. */
export interface FollowOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly logFile: string;
  readonly onLine: (line: string) => void;
  /** Ends the whole session of the program. */
  readonly signal?: AbortSignal;
}

/** Starts a program in a session of its own, output to `logFile`, exit status to `logFile.exit`; see {@link attachTo}. */
export async function followDetached(argv: readonly string[], options: FollowOptions): Promise<FollowedProcess> {
  await mkdir(dirname(options.logFile), { recursive: true });
  for (const kept of ['exit', 'pid']) rmSync(`${options.logFile}.${kept}`, { force: true });
  const log = openSync(options.logFile, 'w', 0o600);
  const child = spawn('/bin/sh', ['-c', keepStatus, 'sh', options.logFile, ...argv], {
    detached: true,
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid ?? 0));
  });
  child.unref();
  return attachTo({ pid, logFile: options.logFile, onLine: options.onLine, ...signalOf(options) });
}

/** The process that {@link followDetached} started with this log, by what it left; its log's name among its arguments tells it from a later one with its number. */
export async function findFollowed(
  logFile: string,
): Promise<{ readonly pid: number; readonly alive: boolean } | undefined> {
  const pid = Number.parseInt(await readFile(`${logFile}.pid`, 'utf8').catch(() => ''), 10);
  return Number.isNaN(pid) ? undefined : { pid, alive: (await argumentsOf(pid)).includes(logFile) };
}

async function argumentsOf(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const listed = await runChild(['ps', '-ww', '-o', 'args=', '-p', String(pid)], { timeoutMs: 5000 });
  return listed.stdout.toString('utf8');
}

/** A running (or ended) process to follow again after our own death. */
export interface Attachment {
  readonly pid: number;
  readonly logFile: string;
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Follows the log of a process that {@link followDetached} started, from its first line, until it has ended. Its exit status is read from the file
 * beside the log; `exited` rejects with process/status-lost when the process died without leaving one (kill -9, power loss).
 */
export function attachTo(attachment: Attachment): FollowedProcess {
  const { pid, signal } = attachment;
  const stop = (): void => {
    if (isAlive(pid)) process.kill(-pid, 'SIGTERM');
  };
  if (signal?.aborted === true) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  const exited = watch(attachment).finally(() => signal?.removeEventListener('abort', stop));
  return { pid, exited };
}

async function watch({ pid, logFile, onLine }: Attachment): Promise<{ exitCode: number }> {
  const log = openSync(logFile, 'r');
  const lines = lineReader(log, onLine);
  try {
    for (;;) {
      // Order matters: what the process wrote before it ended is read after it was seen to have ended.
      const status = readStatus(logFile);
      const alive = isAlive(pid);
      lines.read();
      if (status !== undefined) return { exitCode: status };
      if (!alive) return await lastStatus(logFile, pid);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  } finally {
    lines.end();
    closeSync(log);
  }
}

async function lastStatus(logFile: string, pid: number): Promise<{ exitCode: number }> {
  const status = readStatus(logFile);
  if (status !== undefined) return { exitCode: status };
  throw new AppError({
    code: 'process/status-lost',
    kind: 'environment',
    message: `Process ${pid} ended without leaving an exit status; it was killed, or this computer was switched off.`,
    tryThis: 'Run the same command again; look at the end of the log for what it did last.',
    context: { pid, logFile },
    retryable: true,
  });
}

function lineReader(file: number, onLine: (line: string) => void): { read(): void; end(): void } {
  const buffer = Buffer.alloc(readBytes);
  const decoder = new TextDecoder();
  let offset = 0;
  let rest = '';
  return {
    read(): void {
      while (offset < fstatSync(file).size) {
        const count = readSync(file, buffer, 0, readBytes, offset);
        if (count === 0) return;
        offset += count;
        const parts = (rest + decoder.decode(buffer.subarray(0, count), { stream: true })).split('\n');
        rest = parts.pop() ?? '';
        for (const line of parts) onLine(line.replace(/\r$/, ''));
      }
    },
    end(): void {
      if (rest !== '') onLine(rest);
      rest = '';
    },
  };
}

function readStatus(logFile: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(`${logFile}.exit`, 'utf8'), 10);
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function signalOf(options: FollowOptions): { signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}
