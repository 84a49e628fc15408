import { blockOf, type KubeConnector, type PhaseName, type Step, type StepChange, toAppError } from '@vmstation/core';
import { showRef } from '../kube-ref.ts';
import {
  isSettled,
  type ManifestSet,
  type ManifestSetState,
  manifestSetHash,
  manifestStepId,
  readManifestSets,
} from './manifest-set.ts';
import { isDigest, restartOf } from './planned-restart.ts';

/** Where sets are to be applied. */
export interface ManifestPlanning {
  readonly kube: KubeConnector;
  /** The phase without which nothing can be known yet; undefined when the cluster can be asked. */
  readonly unknownUntil: PhaseName | undefined;
}

/** One step a set: what a server-side dry run would change, what would be pruned and what is not ready. Changes nothing. */
export async function planManifestSets(
  sets: readonly ManifestSet[],
  planning: ManifestPlanning,
): Promise<readonly Step[]> {
  const removals = sets
    .filter(({ removal }) => removal !== undefined)
    .map(({ phase, name }) => manifestStepId(phase, name));
  const steps = await stepsOf(sets, planning);
  return removals.length === 0 ? steps : steps.map((step) => afterRemovals(step, removals));
}

/** What the API refuses may be in the way of something that is removed first (a port, a name): it is judged again when that is done. */
function afterRemovals(step: Step, removals: readonly string[]): Step {
  if (step.blockedBy?.ownFault !== true || step.blockedBy.code !== 'kube/invalid') return step;
  const { blockedBy: _refusal, ...rest } = step;
  return { ...rest, needs: { ...step.needs, steps: [...step.needs.steps, ...removals] } };
}

async function stepsOf(
  sets: readonly ManifestSet[],
  { kube, unknownUntil }: ManifestPlanning,
): Promise<readonly Step[]> {
  if (unknownUntil !== undefined) {
    const removals = await stepsOf(
      sets.filter(({ removal }) => removal !== undefined),
      { kube, unknownUntil: undefined },
    );
    return [
      ...sets.filter(({ removal }) => removal === undefined).map((set) => ({ ...unread(set), unknownUntil })),
      ...removals,
    ];
  }
  const open = sets.filter((set) => set.blockedBy === undefined);
  try {
    const port = await kube.connect();
    const states = new Map((await readManifestSets(port, open, sets)).map((state) => [state.set.name, state]));
    return sets.map((set) => {
      const state = states.get(set.name);
      return state === undefined ? unread(set) : judged(state);
    });
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === 'bug' || error.kind === 'interrupted') throw thrown;
    return sets.map((set) => ({ ...unread(set), blockedBy: blockOf(error) }));
  }
}

/** What differs from the declared state, as a plan shows it. */
export function manifestChanges(manifests: ManifestSetState): readonly StepChange[] {
  const { differing, superfluous, waiting } = manifests;
  const differences = differing.flatMap(({ ref, state, differences: paths }): readonly StepChange[] =>
    state === 'absent'
      ? [{ target: showRef(ref), attribute: 'object', want: 'present', seen: 'absent' }]
      : [
          ...paths
            .filter((difference) => !isDigest(difference))
            .map(({ path, want, seen }) => ({ target: showRef(ref), attribute: path, want, seen })),
          ...restartOf(ref, paths.filter(isDigest), manifests),
        ],
  );
  const leftovers = superfluous.map((ref) => ({
    target: showRef(ref),
    attribute: 'object',
    want: 'absent',
    seen: 'present',
  }));
  const late = waiting.map(({ ref, reason }) => ({
    target: showRef(ref),
    attribute: 'ready',
    want: 'ready',
    seen: reason,
  }));
  return [...differences, ...leftovers, ...late];
}

function unread(set: ManifestSet): Step {
  const step: Step = { ...base(set), effect: 'unknown', changes: [], action: { type: 'manifests', set: set.name } };
  return set.blockedBy === undefined ? step : { ...step, blockedBy: set.blockedBy };
}

function judged(state: ManifestSetState): Step {
  if (isSettled(state)) return { ...base(state.set), effect: 'none', changes: [], action: undefined };
  if (state.refused !== undefined)
    return { ...unread(state.set), blockedBy: { ...blockOf(state.refused), ownFault: true } };
  const action = { type: 'manifests', set: state.set.name } as const;
  const changes = [...manifestChanges(state), ...keptChanges(state)];
  return { ...base(state.set), effect: 'change', changes, action };
}

/** Of a set that is removed, what holds data and stays: no change, but what somebody who removes a thing wants to know. */
function keptChanges({ set, kept }: ManifestSetState): readonly StepChange[] {
  if (set.removal === undefined) return [];
  const want = `stays, it holds data (--delete-data ${set.name} removes it too)`;
  return kept.map((ref) => ({ target: showRef(ref), attribute: 'object', want, seen: 'present' }));
}

function base(set: ManifestSet): Omit<Step, 'effect' | 'changes' | 'action'> {
  return {
    id: manifestStepId(set.phase, set.name),
    phase: set.phase,
    node: set.node,
    title: set.title,
    why: set.why,
    tags: [set.name],
    reversible: set.removal?.deleteData !== true,
    needs: { steps: set.needs, awake: set.node === undefined ? [] : [set.node] },
    inputHash: manifestSetHash(set),
  };
}
