import {
  type DriftState,
  type NodeReading,
  type PhaseContext,
  type ResourceId,
  resourceId,
  type StepChange,
} from '@vmstation/core';

/** Drift of one node: declared against observed. */
export interface NodeDrift {
  readonly node: string;
  readonly state: DriftState;
  /** How many resources were compared. */
  readonly compared: number;
  /** What differs, attribute by attribute. */
  readonly changes: readonly StepChange[];
  /** Resources that could not be read, or why the whole node could not. */
  readonly unreadable: readonly string[];
  /** What the operator can do about a node that could not be read. */
  readonly tryThis?: string | undefined;
  /** Evidence of sleep. */
  readonly evidence: string | undefined;
}

/** Compares every node with its whole desired list, in one round trip a node. */
export async function nodeDrifts(
  context: Pick<PhaseContext, 'desired' | 'readings'>,
  nodes: readonly string[],
): Promise<readonly NodeDrift[]> {
  return Promise.all(nodes.map(async (node) => driftOf(node, context, await context.readings.refresh(node))));
}

function driftOf(node: string, context: Pick<PhaseContext, 'desired'>, reading: NodeReading): NodeDrift {
  const nothing = { node, compared: 0, changes: [], unreadable: [], evidence: undefined };
  if (reading.state === 'asleep') return { ...nothing, state: 'asleep', evidence: reading.evidence };
  if (reading.state === 'unreadable')
    return { ...nothing, state: 'unreadable', unreadable: [reading.error.message], tryThis: reading.error.tryThis };
  const ids = (context.desired.nodes.get(node) ?? []).map((desired) => resourceId(desired.resource));
  const changes: StepChange[] = [];
  const unreadable: string[] = [];
  for (const id of ids) judge(id, reading, changes, unreadable);
  const state = changes.length > 0 ? 'drifted' : unreadable.length > 0 ? 'unreadable' : 'clean';
  return { node, state, compared: ids.length, changes, unreadable, evidence: undefined };
}

function judge(
  id: ResourceId,
  reading: NodeReading & { state: 'read' },
  changes: StepChange[],
  unreadable: string[],
): void {
  const state = reading.check.resources.get(id);
  // A resource that the check is silent about was not looked at: never "no drift".
  if (state === undefined) unreadable.push(`${id}: the check did not speak of it`);
  else if (state.state === 'unreadable') unreadable.push(`${id}: ${state.reason}`);
  else if (state.state === 'differs')
    changes.push(...state.differences.map((difference) => ({ target: id, ...difference })));
}
