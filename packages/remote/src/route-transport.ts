import type { Transport } from '@vmstation/core';

/**
 * One transport over several: `pick` names the one that reaches a node (the machine itself locally, the others by SSH).
 * Counters are summed; `close` closes every one.
 */
export function routeTransport(transports: readonly Transport[], pick: (node: string) => Transport): Transport {
  const sum = (name: 'roundTrips' | 'connections'): number =>
    transports.reduce((total, transport) => total + transport.counters[name], 0);
  return {
    run: (node, command) => pick(node).run(node, command),
    counters: {
      get roundTrips(): number {
        return sum('roundTrips');
      },
      get connections(): number {
        return sum('connections');
      },
    },
    async close(): Promise<void> {
      await Promise.all(transports.map((transport) => transport.close()));
    },
  };
}
