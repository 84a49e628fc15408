import { errorRecord } from '../errors/app-error.ts';
import { toAppError } from '../errors/to-app-error.ts';
import type { HostPort, NodeCheck } from '../ports/host.ts';
import type { PowerStates } from '../ports/probe.ts';
import type { DesiredState } from './desired-state.ts';
import type { NodeReading, NodeReadings } from './node-readings.ts';

/** What {@link memoizedReadings} reads with. */
export interface ReadingSources {
  readonly host: HostPort;
  readonly power: PowerStates;
  readonly desired: DesiredState;
  /** Fetch differing text so that plans show unified diffs. */
  readonly withDiff: boolean;
  readonly signal: AbortSignal;
  /** How many nodes are read at once; 16 unless given. Each is a connection, and a reply to keep and compare. */
  readonly atOnce?: number;
  /** Hears every reply of a node. */
  readonly onCheck?: (check: NodeCheck) => void;
}

/** Reads each node once with its whole desired list, and keeps the reading until it is forgotten: one round trip serves every phase. */
export function memoizedReadings(sources: ReadingSources): NodeReadings {
  const kept = new Map<string, Promise<NodeReading>>();
  const inTurn = turns(sources.atOnce ?? 16);
  const fresh = (node: string) => {
    const reading = inTurn(() => readNode(node, sources));
    kept.set(node, reading);
    return reading;
  };
  return {
    read: (node) => kept.get(node) ?? fresh(node),
    refresh: (node) => fresh(node),
    forget: (node) => {
      kept.delete(node);
    },
  };
}

/** Runs work as soon as fewer than so many others run, in the order of asking. */
function turns(atOnce: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      // Whoever waits takes the place over.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

async function readNode(node: string, sources: ReadingSources): Promise<NodeReading> {
  const power = await sources.power.read(node);
  if (power.state === 'asleep') return { state: 'asleep', evidence: power.evidence, since: power.since };
  const resources = (sources.desired.nodes.get(node) ?? []).map((desired) => desired.resource);
  try {
    const check = await sources.host.check(node, resources, { withDiff: sources.withDiff, signal: sources.signal });
    sources.onCheck?.(check);
    return { state: 'read', check };
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === 'bug' || error.kind === 'interrupted') throw error;
    return { state: 'unreadable', error: errorRecord(error) };
  }
}
