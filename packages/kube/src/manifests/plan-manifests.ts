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
  { kube, unknownUntil }: ManifestPlanning,
): Promise<readonly Step[]> {
  if (unknownUntil !== undefined) return sets.map((set) => ({ ...unread(set), unknownUntil }));
  const open = sets.filter((set) => set.blockedBy === undefined);
  try {
    const port = await kube.connect();
    const states = new Map((await readManifestSets(port, open)).map((state) => [state.set.name, state]));
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
  return { ...base(state.set), effect: 'change', changes: manifestChanges(state), action };
}

function base(set: ManifestSet): Omit<Step, 'effect' | 'changes' | 'action'> {
  return {
    id: manifestStepId(set.phase, set.name),
    phase: set.phase,
    node: set.node,
    title: set.title,
    why: set.why,
    tags: [set.name],
    reversible: true,
    needs: { steps: set.needs, awake: set.node === undefined ? [] : [set.node] },
    inputHash: manifestSetHash(set),
  };
}
