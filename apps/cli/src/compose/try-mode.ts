import type { Transport, TryMode } from '@vmstation/core';
import { nodeTryMode } from '@vmstation/host';
import { randomIds, systemClock } from './system-clock.ts';

/** Machines with a system of their own take back by themselves what nobody confirms. */
export function nodeTryModeOver(transport: Transport): TryMode {
  return nodeTryMode({ transport, clock: systemClock, nonce: (bytes) => randomIds.nonce(bytes) });
}
