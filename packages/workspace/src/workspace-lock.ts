import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError, type Clock } from '@vmstation/core';
import { isMissing } from './find-workspace.ts';
import { storageFailure } from './storage-failure.ts';

/** Who holds a workspace. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  readonly user: string;
  /** The command line, for messages. */
  readonly command: string;
  /** ISO 8601. */
  readonly since: string;
  readonly token: string;
}

/** A workspace held by this process. */
export interface WorkspaceLock {
  readonly holder: LockHolder;
  /** Throws lock/lost when somebody took the workspace over. Every mutation asks first. */
  check(): void;
  /** Gives the workspace back; does nothing when it was taken over. */
  release(): void;
}

const lockName = 'lock';

/**
 * Takes the one lock of a workspace. A lock whose process has died on this computer is taken over.
 * Throws lock/held, naming holder and age, when another process has it, and file/… when the folder cannot be written.
 */
export function acquireWorkspaceLock(
  stateDir: string,
  options: { readonly command: string; readonly clock: Clock },
): WorkspaceLock {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const path = join(stateDir, lockName);
  const holder: LockHolder = {
    pid: process.pid,
    host: hostname(),
    user: userInfo().username,
    command: options.command,
    since: options.clock.now().toISOString(),
    token: randomBytes(16).toString('hex'),
  };
  exclusively(stateDir, () => {
    const current = readHolder(path);
    if (current !== undefined && !isStale(current)) throw heldBy(current, path, options.clock.now());
    const beside = `${path}.${holder.token}`;
    writeFileSync(beside, `${JSON.stringify(holder, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(beside, path);
  });
  const isOurs = (): boolean => readHolder(path)?.token === holder.token;
  return {
    holder,
    check: () => {
      if (!isOurs()) throw lost(path);
    },
    release: () => exclusively(stateDir, () => (isOurs() ? rmSync(path, { force: true }) : undefined)),
  };
}

/** Who holds a workspace now; undefined when nobody does, or only a process that has died. */
export function workspaceLockHolder(stateDir: string): LockHolder | undefined {
  const holder = readHolder(join(stateDir, lockName));
  return holder === undefined || isStale(holder) ? undefined : holder;
}

/** Runs something while no other process does: the operating system drops SQLite's lock when a process dies, so it cannot stay behind. */
function exclusively(stateDir: string, action: () => void): void {
  const file = join(stateDir, `${lockName}.mutex`);
  let mutex: DatabaseSync | undefined;
  try {
    mutex = new DatabaseSync(file, { timeout: 10_000 });
    mutex.exec('BEGIN EXCLUSIVE');
    action();
    mutex.exec('COMMIT');
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw storageFailure(file, error) ?? error;
  } finally {
    mutex?.close();
  }
}

function readHolder(path: string): LockHolder | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as LockHolder;
  } catch (error) {
    throw new AppError({
      code: 'lock/unreadable',
      kind: 'locked',
      message: `The lock file ${path} cannot be read, so it is not known whether somebody holds the workspace.`,
      tryThis: 'Make sure that no other vmstation works on this workspace, then remove the file.',
      context: { path },
      cause: error,
    });
  }
}

/** Only this computer's own processes can be looked at; a holder elsewhere counts as alive. */
function isStale(holder: LockHolder): boolean {
  if (holder.host !== hostname()) return false;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function heldBy(holder: LockHolder, path: string, now: Date): AppError {
  const elsewhere = holder.host !== hostname();
  return new AppError({
    code: 'lock/held',
    kind: 'locked',
    message: `"${holder.command}" of ${holder.user} on ${holder.host} (process ${holder.pid}) has held this workspace for ${age(holder, now)}; nothing was done.`,
    tryThis: elsewhere
      ? `Wait for it. If that computer is gone for good, remove ${path}.`
      : 'Wait for it to end, or stop it with Ctrl-C in its own terminal.',
    context: { holder: holder.command, host: holder.host, pid: holder.pid, since: holder.since },
    retryable: true,
  });
}

function age(holder: LockHolder, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(holder.since)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

function lost(path: string): AppError {
  return new AppError({
    code: 'lock/lost',
    kind: 'locked',
    message: 'Another vmstation took this workspace over while this one was working; the step in hand was not begun.',
    tryThis: 'Look at vmstation runs list, then run the command again.',
    context: { path },
  });
}
