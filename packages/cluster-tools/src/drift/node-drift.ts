import {
  type DesiredResource,
  type Difference,
  type DriftIgnore,
  type DriftState,
  isIgnoredAt,
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
  /** The operator lets this difference be: it does not count. */
  readonly ignored?: DriftIgnore;
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

/** What nodes are compared with. */
export type DriftContext = Pick<PhaseContext, 'desired' | 'readings' | 'workspace' | 'clock'>;

/** Compares every node with its whole desired list, in one round trip a node. */
export async function nodeDrifts(context: DriftContext, nodes: readonly string[]): Promise<readonly NodeDrift[]> {
  return Promise.all(nodes.map(async (node) => driftOf(node, context, await context.readings.refresh(node))));
}

/** What differs and counts, attribute by attribute. */
export function changesOfDrift({ items }: NodeDrift): readonly StepChange[] {
  const counting = items.filter(({ ignored }) => ignored === undefined);
  return counting.flatMap(({ id, differences }) => differences.map((difference) => ({ target: id, ...difference })));
}

function driftOf(node: string, context: DriftContext, reading: NodeReading): NodeDrift {
  const nothing = { node, compared: 0, items: [], unreadable: [], evidence: undefined };
  if (reading.state === 'asleep') return { ...nothing, state: 'asleep', evidence: reading.evidence };
  if (reading.state === 'unreadable')
    return { ...nothing, state: 'unreadable', unreadable: [reading.error.message], tryThis: reading.error.tryThis };
  const all = context.desired.nodes.get(node) ?? [];
  const now = context.clock.now();
  const ignores = context.workspace.driftIgnores.filter((one) => one.node === node && isIgnoredAt(one, now));
  const items = all.flatMap((desired) => itemOf(desired, reading, ignores) ?? []);
  const unreadable = items.flatMap(({ id, reason }) => (reason === undefined ? [] : [`${id}: ${reason}`]));
  const state = items.some((item) => item.state === 'drift' && item.ignored === undefined)
    ? 'drifted'
    : unreadable.length > 0
      ? 'unreadable'
      : 'clean';
  const { seenAt, roundTrips, durationMs } = reading.check;
  const look = { seenAt: seenAt.toISOString(), roundTrips, durationMs };
  return { node, state, compared: all.length, items, unreadable, evidence: undefined, look };
}

function itemOf(
  { resource, role }: DesiredResource,
  reading: NodeReading & { state: 'read' },
  ignores: readonly DriftIgnore[],
): DriftItem | undefined {
  const id = resourceId(resource);
  const { resources } = reading.check;
  const state = resources.get(id);
  if (state?.state === 'equal') return undefined;
  if (state?.state === 'differs') {
    const ignored = ignores.find((one) => one.resource === id);
    const item = { id, state: 'drift', differences: state.differences, owner: role } as const;
    return ignored === undefined ? item : { ...item, ignored };
  }
  const waits = (resource.after ?? []).some((before) => resources.get(before)?.state === 'differs');
  // A resource that the check is silent about was not looked at: never "no drift".
  const reason = state === undefined ? 'the check did not speak of it' : state.reason;
  return { id, state: waits ? 'blocked' : 'unknown', differences: [], reason, owner: role };
}
