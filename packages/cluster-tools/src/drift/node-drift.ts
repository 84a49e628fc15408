import {
  type DesiredResource,
  type Difference,
  type DriftState,
  type NodeReading,
  type PhaseContext,
  type ResourceId,
  resourceId,
  type StepChange,
} from '@vmstation/core';

/** A resource that is not as declared. */
export interface DriftItem {
  readonly id: ResourceId;
  /** `drift`: differs · `unknown`: could not be read · `blocked`: could not be read, and something that it builds on differs. */
  readonly state: 'drift' | 'unknown' | 'blocked';
  readonly differences: readonly Difference[];
  /** Why it could not be read. */
  readonly reason?: string;
  /** The role that declares it. */
  readonly owner: string;
}

/** Drift of one node: declared against observed. */
export interface NodeDrift {
  readonly node: string;
  readonly state: DriftState;
  /** How many resources were compared. */
  readonly compared: number;
  /** What is not as declared, in the order of the declarations. */
  readonly items: readonly DriftItem[];
  /** Resources that could not be read, or why the whole node could not. */
  readonly unreadable: readonly string[];
  /** What the operator can do about a node that could not be read. */
  readonly tryThis?: string | undefined;
  /** Evidence of sleep. */
  readonly evidence: string | undefined;
  /** How it was looked at; undefined where it was not. */
  readonly look?: { readonly seenAt: string; readonly roundTrips: number; readonly durationMs: number };
}

/** Compares every node with its whole desired list, in one round trip a node. */
export async function nodeDrifts(
  context: Pick<PhaseContext, 'desired' | 'readings'>,
  nodes: readonly string[],
): Promise<readonly NodeDrift[]> {
  return Promise.all(nodes.map(async (node) => driftOf(node, context, await context.readings.refresh(node))));
}

/** What differs, attribute by attribute. */
export function changesOfDrift({ items }: NodeDrift): readonly StepChange[] {
  return items.flatMap(({ id, differences }) => differences.map((difference) => ({ target: id, ...difference })));
}

function driftOf(node: string, context: Pick<PhaseContext, 'desired'>, reading: NodeReading): NodeDrift {
  const nothing = { node, compared: 0, items: [], unreadable: [], evidence: undefined };
  if (reading.state === 'asleep') return { ...nothing, state: 'asleep', evidence: reading.evidence };
  if (reading.state === 'unreadable')
    return { ...nothing, state: 'unreadable', unreadable: [reading.error.message], tryThis: reading.error.tryThis };
  const all = context.desired.nodes.get(node) ?? [];
  const items = all.flatMap((desired) => itemOf(desired, reading) ?? []);
  const unreadable = items.flatMap(({ id, reason }) => (reason === undefined ? [] : [`${id}: ${reason}`]));
  const state = items.some((item) => item.state === 'drift')
    ? 'drifted'
    : unreadable.length > 0
      ? 'unreadable'
      : 'clean';
  const { seenAt, roundTrips, durationMs } = reading.check;
  const look = { seenAt: seenAt.toISOString(), roundTrips, durationMs };
  return { node, state, compared: all.length, items, unreadable, evidence: undefined, look };
}

function itemOf({ resource, role }: DesiredResource, reading: NodeReading & { state: 'read' }): DriftItem | undefined {
  const id = resourceId(resource);
  const { resources } = reading.check;
  const state = resources.get(id);
  if (state?.state === 'equal') return undefined;
  if (state?.state === 'differs') return { id, state: 'drift', differences: state.differences, owner: role };
  const waits = (resource.after ?? []).some((before) => resources.get(before)?.state === 'differs');
  // A resource that the check is silent about was not looked at: never "no drift".
  const reason = state === undefined ? 'the check did not speak of it' : state.reason;
  return { id, state: waits ? 'blocked' : 'unknown', differences: [], reason, owner: role };
}
