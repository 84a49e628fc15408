import {
  AppError,
  canonicalJson,
  inputHash,
  type KubeDifference,
  type KubeObject,
  type KubePort,
  type KubeReadiness,
  type KubeRef,
  type PhaseName,
  type StepBlock,
} from '@vmstation/core';
import { dataKinds, holdsData, prunableKinds } from '../apply-order.ts';
import { refKey, refOf } from '../kube-ref.ts';
import { isOwnedBy, managedBySelector, withOwner } from '../ownership.ts';
import { awaitedKinds } from '../readiness.ts';
import { passingDigestKey, readDigestKey } from './digest-key.ts';
import { readsSecrets, withConfigDigests, withSecretDigests } from './pod-inputs.ts';

/** Objects that are applied, waited for and pruned together: one component or one application. */
export interface ManifestSet {
  readonly phase: PhaseName;
  /** Unique within the phase; what `--tags` selects. */
  readonly name: string;
  readonly title: string;
  readonly why: string;
  /** The node that its pods are pinned to; undefined when they run on several. */
  readonly node: string | undefined;
  /** With the labels of {@link ownerOf}. */
  readonly objects: readonly KubeObject[];
  /** Ids of steps that must have ended green before. */
  readonly needs: readonly string[];
  /** Set when it cannot be applied now, with the code that explains it. */
  readonly blockedBy?: StepBlock;
  /** Set when nobody declares it any more: what was applied for it goes, data only where that was asked for. */
  readonly removal?: { readonly deleteData: boolean };
}

/** What the cluster says of a set. */
export interface ManifestSetState {
  readonly set: ManifestSet;
  /** Objects that are absent or differ. */
  readonly differing: readonly KubeDifference[];
  /** Objects that were applied for the set earlier and are no longer part of it. */
  readonly superfluous: readonly KubeRef[];
  /** Like superfluous, but they hold data, which stays. */
  readonly kept: readonly KubeRef[];
  readonly waiting: readonly KubeReadiness[];
  readonly ready: readonly KubeReadiness[];
  /** Set when the API would not take an object of the set; the rest is then unknown. */
  readonly refused?: AppError;
}

/** Makes a set, giving every object the labels by which it is found again, and pods what makes them roll with their configuration. */
export function manifestSet(parts: ManifestSet): ManifestSet {
  const objects = withConfigDigests(parts.objects).map((object) => withOwner(object, ownerOf(parts)));
  return { ...parts, objects };
}

/** The value of the label `vmstation.io/owner` on a set's objects. */
export function ownerOf(set: Pick<ManifestSet, 'phase' | 'name'>): string {
  return `${set.phase}.${set.name}`;
}

/** The id of the step that carries a set out. */
export function manifestStepId(phase: PhaseName, name: string): string {
  return `${phase}/${name}`;
}

/** The hash of what shapes a set; values of secrets are left out, as hashes of weak ones could be guessed. */
export function manifestSetHash(set: ManifestSet): string {
  return inputHash(set.objects.map((object) => canonicalJson(withoutSecrets(object))));
}

/** The object with the values of a Secret replaced by `[secret]`; any other object as it is. */
export function withoutSecrets(object: KubeObject): KubeObject {
  if (object.kind !== 'Secret') return object;
  const hide = (values: unknown) =>
    Object.fromEntries(Object.keys((values ?? {}) as Record<string, unknown>).map((key) => [key, '[secret]']));
  return {
    ...object,
    ...(object['data'] === undefined ? {} : { data: hide(object['data']) }),
    ...(object['stringData'] === undefined ? {} : { stringData: hide(object['stringData']) }),
  };
}

/** Objects of a set whose readiness is waited for. */
export function awaitedRefs(set: ManifestSet): readonly KubeRef[] {
  return set.objects.filter((object) => awaitedKinds.has(object.kind)).map(refOf);
}

/** Compares sets with the cluster: differences by dry run, leftovers by label, readiness without waiting. What one of `all` sets declares is no leftover of another. Throws what KubePort throws. */
export async function readManifestSets(
  port: KubePort,
  sets: readonly ManifestSet[],
  all: readonly ManifestSet[] = sets,
): Promise<readonly ManifestSetState[]> {
  if (sets.length === 0) return [];
  const declared = new Set(all.flatMap((set) => set.objects.map((object) => refKey(refOf(object)))));
  const withData = sets.some(({ removal }) => removal !== undefined);
  const owned = listOwned(port, withData).then((objects) =>
    objects.filter((object) => !declared.has(refKey(refOf(object)))),
  );
  // Whatever is thrown meanwhile is thrown by whoever waits for it first.
  owned.catch(() => undefined);
  const keyed = await withDigests(sets, async () => (await readDigestKey(port)) ?? passingDigestKey());
  return Promise.all(keyed.map((set) => readManifestSet(port, set, owned)));
}

/** The sets, their workloads with keyed digests of the Secrets that they read. The key is asked for only when one reads any. */
export async function withDigests(
  sets: readonly ManifestSet[],
  digestKey: () => Promise<Uint8Array>,
): Promise<readonly ManifestSet[]> {
  if (!sets.some((set) => readsSecrets(set.objects))) return sets;
  const key = await digestKey();
  return sets.map((set) => ({ ...set, objects: withSecretDigests(set.objects, key) }));
}

async function readManifestSet(
  port: KubePort,
  set: ManifestSet,
  owned: Promise<readonly KubeObject[]>,
): Promise<ManifestSetState> {
  let compared: readonly [readonly KubeDifference[], readonly KubeObject[]];
  try {
    compared = await Promise.all([port.compare(set.objects), owned]);
  } catch (thrown) {
    // A faulty manifest concerns its own set; anything else concerns the cluster.
    if (!(thrown instanceof AppError) || thrown.kind !== 'user') throw thrown;
    return { set, differing: [], superfluous: [], kept: [], waiting: [], ready: [], refused: thrown };
  }
  const [differences, found] = compared;
  const left = found.filter((object) => isOwnedBy(object, ownerOf(set)));
  const stays = (object: KubeObject) => holdsData(object) && set.removal?.deleteData !== true;
  const present = new Set(differences.filter(({ state }) => state !== 'absent').map(({ ref }) => refKey(ref)));
  const awaited = awaitedRefs(set).filter((ref) => present.has(refKey(ref)));
  const readiness = await port.waitReady(awaited, { timeoutMs: 0 });
  return {
    set,
    differing: differences.filter(({ state }) => state !== 'equal'),
    superfluous: left.filter((object) => !stays(object)).map(refOf),
    kept: left.filter(stays).map(refOf),
    waiting: readiness.filter(({ ready }) => !ready),
    ready: readiness.filter(({ ready }) => ready),
  };
}

/** True when the set is applied as declared, nothing is left over and everything is ready. */
export function isSettled(state: ManifestSetState): boolean {
  return (
    state.refused === undefined &&
    state.differing.length === 0 &&
    state.superfluous.length === 0 &&
    state.waiting.length === 0
  );
}

/** All objects that carry our labels, of kinds that can be pruned; with those that hold data if wanted. */
export async function listOwned(port: KubePort, withData: boolean): Promise<readonly KubeObject[]> {
  const kinds = [...prunableKinds, ...(withData ? dataKinds : [])];
  // What a server does not serve was never applied to it.
  const lists = await Promise.all(
    kinds.map((kind) => port.list({ ...kind, labelSelector: managedBySelector, ifServed: true })),
  );
  return lists.flat();
}
