import {
  AppError,
  errorRecord,
  type KubeConnector,
  type KubePort,
  type KubeReadiness,
  type Step,
  type StepProgress,
  type StepResult,
  toAppError,
} from '@vmstation/core';
import { refOf, showRef } from '../kube-ref.ts';
import { mapLimited } from '../limit-concurrency.ts';
import { makeDigestKey } from './digest-key.ts';
import {
  awaitedRefs,
  isSettled,
  type ManifestSet,
  type ManifestSetState,
  ownerOf,
  readManifestSets,
  withDigests,
} from './manifest-set.ts';
import { manifestChanges } from './plan-manifests.ts';

/** How long a set may take to become ready: images of several hundred MB are pulled, and a first start makes a world or a database. */
const readyTimeoutMs = 600_000;
/** How long a pod may be in a state that means failure (an image that cannot be pulled, a crash) before nobody waits for it any more. */
const stuckTimeoutMs = 90_000;

const setsAtOnce = 6;

/** What {@link performManifestSets} works with. */
export interface ManifestPerforming {
  readonly kube: KubeConnector;
  readonly progress: StepProgress;
  readonly signal: AbortSignal;
  /** From the apply until ready; ten minutes when left out. */
  readonly timeoutMs?: number;
}

/**
 * Applies the sets of the steps, prunes what they no longer have, and waits until all of it is ready. A step is `changed` only when
 * a comparison after the wait finds the cluster as declared; a set that is not ready at the deadline has failed, with the reason
 * that the cluster gives. One set's failure does not touch the others. Throws only when interrupted, and for bugs.
 */
export async function performManifestSets(
  sets: readonly ManifestSet[],
  steps: readonly Step[],
  performing: ManifestPerforming,
): Promise<readonly StepResult[]> {
  let key: Promise<Uint8Array> | undefined;
  // Made once for all of them: two keys would contradict each other.
  const digestKey = (port: KubePort) => {
    key ??= makeDigestKey(port, performing.kube);
    return key;
  };
  return mapLimited(steps, setsAtOnce, (step) => performStep(sets, step, { ...performing, digestKey, all: sets }));
}

interface SetPerforming extends ManifestPerforming {
  readonly all: readonly ManifestSet[];
  readonly digestKey: (port: KubePort) => Promise<Uint8Array>;
}

async function performStep(sets: readonly ManifestSet[], step: Step, performing: SetPerforming): Promise<StepResult> {
  const action = step.action;
  const set = action?.type === 'manifests' ? sets.find((candidate) => candidate.name === action.set) : undefined;
  try {
    if (set === undefined) throw unknownSet(step);
    if (set.blockedBy !== undefined) return ended(step, 'blocked', { reason: set.blockedBy.reason });
    return await applySet(await performing.kube.connect(), set, step, performing);
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === 'interrupted' || performing.signal.aborted) throw thrown;
    return ended(step, 'failed', { reason: error.message, error: errorRecord(error) });
  }
}

async function applySet(
  port: KubePort,
  plain: ManifestSet,
  step: Step,
  { progress, signal, timeoutMs = readyTimeoutMs, digestKey, all }: SetPerforming,
): Promise<StepResult> {
  const [set = plain] = await withDigests([plain], () => digestKey(port));
  const before = await readOne(port, set, all);
  if (isSettled(before)) return ended(step, 'unchanged', {});
  if (before.refused !== undefined) throw before.refused;
  const changes = manifestChanges(before);
  const applied = await port.apply(set.objects);
  for (const { ref, takenOver } of applied)
    for (const field of takenOver ?? []) progress(step.id, `${showRef(ref)}: took over ${field}`);
  const everybodys = all.flatMap(({ objects }) => objects.map(refOf));
  const pruned = await port.prune(ownerOf(set), everybodys, { deleteData: set.removal?.deleteData === true });
  if (applied.length > 0)
    progress(step.id, `${applied.filter(({ changed }) => changed).length} of ${applied.length} objects applied`);
  for (const ref of pruned) progress(step.id, `${showRef(ref)} removed`);
  const readiness = await port
    .waitReady(awaitedRefs(set), { timeoutMs, stuckTimeoutMs, signal, onReason: (reason) => progress(step.id, reason) })
    .catch((thrown: unknown) => {
      if (signal.aborted) return undefined;
      throw thrown;
    });
  if (readiness === undefined) {
    return ended(step, 'unknown', { reason: 'it was applied; you stopped before it was ready', changes });
  }
  const late = readiness.filter(({ ready }) => !ready);
  if (late.length > 0) {
    const error = notReady(set, late);
    return ended(step, 'failed', { reason: error.message, changes, error: errorRecord(error) });
  }
  const after = await readOne(port, set, all);
  if (isSettled(after)) return ended(step, 'changed', { changes });
  if (after.refused !== undefined) throw after.refused;
  const error = notAsApplied(set, after);
  return ended(step, 'failed', { reason: error.message, changes, error: errorRecord(error) });
}

async function readOne(port: KubePort, set: ManifestSet, all: readonly ManifestSet[]): Promise<ManifestSetState> {
  const [state] = await readManifestSets(port, [set], all);
  return state as ManifestSetState;
}

function ended(step: Step, outcome: StepResult['outcome'], more: Partial<StepResult>): StepResult {
  return { stepId: step.id, outcome, changes: [], findings: [], ...more };
}

function notReady(set: ManifestSet, late: readonly KubeReadiness[]): AppError {
  return new AppError({
    code: 'kube/not-ready',
    kind: 'remote',
    message: `${set.title} was applied but does not become ready: ${late
      .map(({ ref, reason }) => `${showRef(ref)}: ${reason}`)
      .join('; ')}`,
    tryThis: 'Mend what the reason names, then run `vmstation up` again.',
    context: { set: set.name },
    retryable: true,
  });
}

function notAsApplied(set: ManifestSet, state: ManifestSetState): AppError {
  const changes = manifestChanges(state).map(({ target, attribute, want, seen }) =>
    attribute === 'restart' ? `${target}: ${seen}` : `${target} ${attribute} is ${seen}, wanted ${want}`,
  );
  return new AppError({
    code: 'kube/not-as-applied',
    kind: 'remote',
    message: `${set.title} was applied, but afterwards the cluster still differs: ${changes.slice(0, 5).join('; ')}`,
    tryThis: 'Look for another controller or an admission webhook that changes these objects back.',
    context: { set: set.name },
  });
}

function unknownSet(step: Step): AppError {
  return new AppError({
    code: 'internal/unknown-set',
    kind: 'bug',
    message: `No manifest set belongs to step ${step.id}.`,
  });
}
