import type { DesiredResource, DesiredState } from '../desired/desired-state.ts';
import type { NodeReading } from '../desired/node-readings.ts';
import type { PhaseName } from '../phase/phase-name.ts';
import { type GuardArea, type ResourceId, resourceId } from '../resource/resource.ts';
import { inputHash } from './input-hash.ts';
import type { Step, StepChange } from './step.ts';
import { blockOfUnread } from './step-block.ts';

/** What {@link planHostSteps} decides on. */
export interface HostSlice {
  readonly phase: PhaseName;
  readonly desired: DesiredState;
  readonly readings: ReadonlyMap<string, NodeReading>;
  /** Why a role is there, for the plan; the role's name when it has none. */
  readonly whyOf?: (role: string) => string;
}

/**
 * The host steps of a phase: one per node and role, guarded resources apart from the rest. Pure. A node that sleeps gives queued
 * steps, one that could not be read gives steps that are blocked with the reason.
 */
export function planHostSteps(slice: HostSlice): readonly Step[] {
  const steps: Step[] = [];
  for (const [node, list] of slice.desired.nodes) {
    const groups = Map.groupBy(
      list.filter((desired) => desired.phase === slice.phase),
      (desired) => `${desired.role}\n${desired.resource.guard ?? ''}`,
    );
    for (const group of groups.values()) steps.push(hostStep(slice, node, group));
  }
  return steps;
}

/** The id of the host step that carries a role on a node. */
export function hostStepId(phase: PhaseName, role: string, node: string, guard: GuardArea | undefined): string {
  return guard === undefined ? `${phase}/${role}/${node}` : `${phase}/${role}/${node}/${guard}`;
}

/**
 * A host step with only some of its resources, judged by themselves; undefined when it would do nothing to any of them. Pure.
 * Its hash is another one than the whole step's, so that a green end of a part is never taken for the whole.
 */
export function narrowedHostStep(step: Step, wanted: ReadonlySet<ResourceId>, reading: NodeReading): Step | undefined {
  if (step.action?.type !== 'host') return undefined;
  const resources = step.action.resources.filter((id) => wanted.has(id));
  if (resources.length === 0) return undefined;
  const action = { ...step.action, resources };
  const inputs = inputHash([step.inputHash, resources]);
  if (reading.state !== 'read') return { ...step, action, inputHash: inputs };
  const { blockedBy: _whole, ...rest } = step;
  const judged = judge(resources, reading, action);
  return judged.effect === 'none' ? undefined : { ...rest, ...judged, inputHash: inputs };
}

function hostStep(slice: HostSlice, node: string, group: readonly DesiredResource[]): Step {
  const [first] = group as readonly [DesiredResource, ...DesiredResource[]];
  const { role } = first;
  const guard = first.resource.guard;
  const reading = slice.readings.get(node);
  const resources = group.map((desired) => resourceId(desired.resource));
  const base = {
    id: hostStepId(slice.phase, role, node, guard),
    phase: slice.phase,
    node,
    title: guard === undefined ? role : `${role} (${guard})`,
    why: slice.whyOf?.(role) ?? first.origins.join(', '),
    tags: [role, ...(guard === undefined ? [] : [guard])],
    reversible: true,
    needs: { steps: [], awake: [node] },
    inputHash: inputHash(group.map((desired) => desired.resource)),
  };
  const action = { type: 'host', resources, guard } as const;
  if (reading === undefined)
    return {
      ...base,
      effect: 'unknown',
      changes: [],
      action,
      blockedBy: { code: 'plan/node-not-read', reason: `${node} was not read` },
    };
  if (reading.state !== 'read')
    return { ...base, effect: 'unknown', changes: [], action, blockedBy: blockOfUnread(node, reading) };
  return { ...base, ...judge(resources, reading, action) };
}

function judge(
  resources: readonly ResourceId[],
  reading: NodeReading & { state: 'read' },
  action: { readonly type: 'host'; readonly resources: readonly ResourceId[]; readonly guard: GuardArea | undefined },
): Pick<Step, 'effect' | 'changes' | 'action' | 'blockedBy'> {
  const changes: StepChange[] = [];
  const unreadable: string[] = [];
  for (const id of resources) {
    const state = reading.check.resources.get(id);
    if (state === undefined) unreadable.push(`${id}: the check did not speak of it`);
    else if (state.state === 'unreadable') unreadable.push(`${id}: ${state.reason}`);
    else if (state.state === 'differs')
      changes.push(...state.differences.map((difference) => ({ target: id, ...difference })));
  }
  if (unreadable.length > 0) {
    return {
      effect: 'unknown',
      changes,
      action,
      blockedBy: { code: 'host/unreadable', reason: unreadable.join('; ') },
    };
  }
  return changes.length === 0 ? { effect: 'none', changes, action: undefined } : { effect: 'change', changes, action };
}
