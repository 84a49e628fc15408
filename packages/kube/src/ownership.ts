import type { KubeObject } from '@vmstation/core';

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

/** True for an object that was applied for this owner; false for what a controller made from it and what is going already. */
export function isOwnedBy(object: KubeObject, owner: string): boolean {
  const { labels, ownerReferences, deletionTimestamp } = object.metadata;
  const made = Array.isArray(ownerReferences) && ownerReferences.length > 0;
  return (
    labels?.[managedBy] === 'vmstation' && labels[ownerLabel] === owner && !made && deletionTimestamp === undefined
  );
}
