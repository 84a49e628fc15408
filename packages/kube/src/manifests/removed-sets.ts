import type { KubePort, PhaseName } from '@vmstation/core';
import { holdsData } from '../apply-order.ts';
import { refKey, refOf } from '../kube-ref.ts';
import { ownerOfObject } from '../ownership.ts';
import { listOwned, type ManifestSet, ownerOf } from './manifest-set.ts';

/** Whose leftovers {@link removedSets} looks for. */
export interface RemovalSearch {
  readonly phase: PhaseName;
  /** What is still declared, blocked or not. */
  readonly declared: readonly ManifestSet[];
  /** Names of removed sets whose data may go too. */
  readonly deleteData: readonly string[];
}

/**
 * Sets of a phase that were applied once and that nobody declares any more, as far as something of them is left to be removed. Found by
 * the labels of what we applied, so that nothing has to be remembered. Throws what KubePort throws.
 */
export async function removedSets(
  port: KubePort,
  { phase, declared, deleteData }: RemovalSearch,
): Promise<readonly ManifestSet[]> {
  const known = new Set(declared.map(ownerOf));
  // What another set has taken over is not left over.
  const inUse = new Set(declared.flatMap(({ objects }) => objects.map((object) => refKey(refOf(object)))));
  const prefix = ownerOf({ phase, name: '' });
  const found = await listOwned(port, deleteData.length > 0);
  const names = new Set<string>();
  for (const object of found) {
    const owner = inUse.has(refKey(refOf(object))) ? undefined : ownerOfObject(object);
    if (owner === undefined || !owner.startsWith(prefix) || known.has(owner)) continue;
    const name = owner.slice(prefix.length);
    if (!holdsData(object) || deleteData.includes(name)) names.add(name);
  }
  return [...names].toSorted().map((name) => removal(phase, name, deleteData.includes(name)));
}

function removal(phase: PhaseName, name: string, deleteData: boolean): ManifestSet {
  return {
    phase,
    name,
    title: `${name}, removed`,
    why: deleteData
      ? 'it is not declared any more; its data goes too, as you asked'
      : 'it is not declared any more; its data stays',
    node: undefined,
    objects: [],
    needs: [],
    removal: { deleteData },
  };
}
