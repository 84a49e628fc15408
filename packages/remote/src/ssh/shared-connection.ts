import { existsSync } from 'node:fs';
import type { Transport } from '@vmstation/core';

/** OpenSSH allows ten sessions on one connection (MaxSessions); some stay free for the operator's own. */
const sessionsPerNode = 6;
const socketPollMs = 5;

/** The multiplexed connection to one node, as far as this process knows. */
export interface SharedConnection {
  readonly controlPath: string;
  /** Settles when the shared connection is open, or when the command that opened it has ended. */
  opening: Promise<void> | undefined;
  /** True when this process opened it. */
  opened: boolean;
  running: number;
  readonly waiting: (() => void)[];
}

/** Lets the first command of a node open the shared connection before the others use it, and bounds the sessions on it. */
export async function withSession<T>(
  connection: SharedConnection,
  counters: Transport['counters'],
  run: () => Promise<T>,
): Promise<T> {
  while (connection.opening !== undefined || connection.running >= sessionsPerNode) {
    await (connection.opening ?? new Promise<void>((resolve) => connection.waiting.push(resolve)));
  }
  connection.running += 1;
  try {
    if (existsSync(connection.controlPath)) return await run();
    connection.opened = true;
    counters.connections += 1;
    const first = run();
    const opening = opensOrEnds(connection.controlPath, first).finally(() => {
      if (connection.opening === opening) connection.opening = undefined;
    });
    connection.opening = opening;
    return await first;
  } finally {
    connection.running -= 1;
    connection.waiting.shift()?.();
  }
}

/** Another process may open the same connection in this very moment: then the first look finds it. */
async function opensOrEnds(controlPath: string, first: Promise<unknown>): Promise<void> {
  const progress = { ended: false };
  const settled = first.then(
    () => void (progress.ended = true),
    () => void (progress.ended = true),
  );
  while (!progress.ended && !existsSync(controlPath)) {
    await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, socketPollMs))]);
  }
}
