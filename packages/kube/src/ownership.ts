import type { KubeObject } from '@vmstation/core';
import { fieldManager } from './field-manager.ts';
import { listAt, valueAt } from './json-path.ts';

const managedBy = 'app.kubernetes.io/managed-by';
const ownerLabel = 'vmstation.io/owner';

/** Selects everything that the product applied. */
export const managedBySelector = `${managedBy}=vmstation`;

/** Selects what belongs to one set. */
export function ownerSelector(owner: string): string {
  return `${ownerLabel}=${owner}`;
}

/** The object with the labels by which it is found again and pruned. Pod templates are left alone. */
export function withOwner(object: KubeObject, owner: string): KubeObject {
  const labels = { ...object.metadata.labels, [managedBy]: 'vmstation', [ownerLabel]: owner };
  return { ...object, metadata: { ...object.metadata, labels } };
}

/**
 * True for an object that was applied for this owner; false for what a controller made from it, what is going already, and what carries
 * our labels without our having put them there: a copy of one of our objects, or what a controller labels after it.
 */
export function isOwnedBy(object: KubeObject, owner: string): boolean {
  return ownerOfObject(object) === owner;
}

/** The owner for whom we applied an object; undefined for what is not ours, see {@link isOwnedBy}. */
export function ownerOfObject(object: KubeObject): string | undefined {
  const { labels, ownerReferences, deletionTimestamp } = object.metadata;
  const made = Array.isArray(ownerReferences) && ownerReferences.length > 0;
  if (made || deletionTimestamp !== undefined || labels?.[managedBy] !== 'vmstation') return undefined;
  return isLabelledByUs(object) ? labels[ownerLabel] : undefined;
}

/** The server writes down who set each field: https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers */
function isLabelledByUs(object: KubeObject): boolean {
  return listAt(object, 'metadata.managedFields').some(
    (entry) =>
      entry['manager'] === fieldManager &&
      entry['operation'] === 'Apply' &&
      Object.hasOwn(valueAt(entry, 'fieldsV1.f:metadata.f:labels') ?? {}, `f:${ownerLabel}`),
  );
}
