import { hostname, userInfo } from 'node:os';
import { AppError, type Clock, type RemoteResult, type Transport, type TryMode } from '@vmstation/core';
import type { SecretDigest } from '../kinds/kind.ts';
import type { NodeFolders } from '../observe/check-script.ts';

/** What the parts of this package share. */
export interface HostContext {
  readonly transport: Transport;
  readonly clock: Pick<Clock, 'now'>;
  readonly tryMode: TryMode | undefined;
  readonly folders: NodeFolders;
  readonly checkTimeoutMs: number;
  readonly applyTimeoutMs: number;
  readonly settleSeconds: number;
  /** Who changes machines, for a second operator who finds one locked. */
  readonly holder: string;
  readonly reconnectSeconds: number;
  readonly nonce: (bytes: number) => string;
  readonly digestOfSecret: SecretDigest;
}

/** Seconds to wait for another change on the same node. */
export const lockSeconds = 60;

/**
 * Runs a script as root: it goes to `sh -s` on stdin, so it has no length limit and leaves no file behind. One that changes something runs in a
 * session of its own: whatever ends with the connection (a terminal of sudo, a session of the login) does not end it.
 */
export function runScript(
  context: HostContext,
  node: string,
  script: string,
  how: {
    timeoutMs: number;
    signal: AbortSignal | undefined;
    changes?: boolean;
    onStdout?: (chunk: Uint8Array) => void;
  },
): Promise<RemoteResult> {
  return context.transport.run(node, {
    argv: how.changes === true ? changingShell : ['sh', '-s'],
    stdin: script,
    elevate: true,
    timeoutMs: how.timeoutMs,
    ...(how.signal === undefined ? {} : { signal: how.signal }),
    ...(how.onStdout === undefined ? {} : { onStdout: how.onStdout }),
  });
}

/** Stdout as text; bytes that are not UTF-8 become replacement characters. */
export function textOf(result: RemoteResult): string {
  return new TextDecoder().decode(result.stdout);
}

/** What reads a script that changes something. */
export const changingShell: readonly string[] = ['setsid', '-w', 'sh', '-s'];

/** This user on this computer, as one word. */
export function thisOperator(): string {
  return `${userInfo().username}@${hostname()}`.replaceAll(/[^\w@.-]/g, '_');
}

/** host/locked: somebody else changes this machine. `owner` is the age in seconds, the run, and what else a lock tells. */
export function lockedBy(node: string, owner: string): AppError {
  const [age = '', run = '', , , , holder] = owner.split(' ');
  const who = [holder, run === '' ? 'another run' : `the run ${run}`].filter((one) => one !== undefined).join(', ');
  const since = /^\d+$/.test(age) ? `, since ${age} s` : '';
  return new AppError({
    code: 'host/locked',
    kind: 'locked',
    message: `${node} is being changed by ${who}${since}, so this change was not begun.`,
    tryThis: 'Wait for it to end and run the same command again.',
    context: { node, owner },
    retryable: true,
  });
}

/** host/records-unwritable: the machine cannot keep what an undo would need. `said` is its own word for it. */
export function recordsUnwritable(node: string, said: string): AppError {
  return new AppError({
    code: 'host/records-unwritable',
    kind: 'remote',
    message: `Nothing was changed on ${node}: it cannot keep what would be needed to take the change back (${said.trim()}).`,
    tryThis: /Read-only/.test(said)
      ? `Find out why its disk is read-only (on ${node}: dmesg, findmnt), mend it, and run the same command again.`
      : `Make room (on ${node}: df -h /var/lib/vmstation, journalctl --vacuum-size=200M), and run the same command again.`,
    context: { node, said },
    retryable: true,
  });
}
