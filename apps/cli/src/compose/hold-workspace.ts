import { acquireWorkspaceLock } from '@vmstation/workspace';
import type { Invocation } from '../command/invocation.ts';
import { systemClock } from './system-clock.ts';

/** Does something while no other process changes the workspace or its machines. Throws lock/held, and what the work throws. */
export async function holdWorkspace<T>(stateDir: string, invocation: Invocation, work: () => Promise<T>): Promise<T> {
  const lock = acquireWorkspaceLock(stateDir, { command: invocation.line, clock: systemClock });
  try {
    return await work();
  } finally {
    lock.release();
  }
}
