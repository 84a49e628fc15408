import type { NodeReading } from '@vmstation/core';

/**
 * How many seconds each node's clock is from the median of all nodes that were read and of this computer; positive is fast. A
 * clock is compared with this computer's at the moment of the reply, so the network's delay is part of the figure.
 */
export function clockSkews(readings: ReadonlyMap<string, NodeReading>): ReadonlyMap<string, number> {
  const ahead = new Map<string, number>();
  for (const [node, reading] of readings) {
    if (reading.state !== 'read') continue;
    const clock = Date.parse(reading.check.facts.clock);
    if (!Number.isNaN(clock)) ahead.set(node, (clock - reading.check.seenAt.getTime()) / 1000);
  }
  const middle = median([0, ...ahead.values()]);
  return new Map([...ahead].map(([node, seconds]) => [node, seconds - middle]));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? 0;
  return (lower + upper) / 2;
}
