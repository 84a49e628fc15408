import { randomBytes } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import type { Clock, Ids } from '@vmstation/core';

/** This computer's time. */
export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(ms, signal) {
    try {
      await after(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      // The port promises the signal's own reason.
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/** Sortable ids from time and randomness, for example `20261123-091500-k3f9`. */
export const randomIds: Ids = {
  runId() {
    const [day = '', time = ''] = new Date().toISOString().split(/[T.]/);
    const tail = BigInt(`0x${randomBytes(4).toString('hex')}`)
      .toString(36)
      .padStart(4, '0')
      .slice(-4);
    return `${day.replaceAll('-', '')}-${time.replaceAll(':', '')}-${tail}`;
  },
  nonce: (bytes) => randomBytes(bytes).toString('hex'),
};
