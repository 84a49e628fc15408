import { jsonEqual } from '../json.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../kinds.ts';
import { quantityValue } from '../quantity.ts';
import type { ApiObjects } from '../registry/api-objects.ts';
import { matchesSelector } from '../request/selectors.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/** The storage class that a claim names, if it exists. */
export function storageClassOf(store: ObjectStore, claim: PersistentVolumeClaim): StorageClass | undefined {
  const name = claim.spec?.storageClassName;
  return name ? store.get('storageclasses.storage.k8s.io', '', name) : undefined;
}

/** The volume that is kept for a claim, else the smallest free one that satisfies it; in any case one that `accepts`. */
export function findVolume(
  store: ObjectStore,
  claim: PersistentVolumeClaim,
  accepts: (volume: PersistentVolume) => boolean,
): PersistentVolume | undefined {
  const wanted = claim.spec;
  const size = (volume: PersistentVolume): number => quantityValue(volume.spec?.capacity?.storage);
  return store
    .list('persistentvolumes')
    .filter((volume) => {
      if (volume.metadata.deletionTimestamp) return false;
      const reserved = volume.spec?.claimRef;
      if (reserved) {
        return (
          reserved.name === claim.metadata.name &&
          reserved.namespace === claim.metadata.namespace &&
          (!reserved.uid || reserved.uid === claim.metadata.uid)
        );
      }
      if (volume.status?.phase === 'Released' || volume.status?.phase === 'Failed') return false;
      if (wanted?.volumeName && wanted.volumeName !== volume.metadata.name) return false;
      if ((volume.spec?.storageClassName ?? '') !== (wanted?.storageClassName ?? '')) return false;
      if (wanted?.selector && !matchesSelector(wanted.selector, volume.metadata.labels)) return false;
      return (wanted?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode));
    })
    .filter((volume) => size(volume) >= quantityValue(wanted?.resources?.requests?.storage) && accepts(volume))
    .toSorted(
      (left, right) => Number(!left.spec?.claimRef) - Number(!right.spec?.claimRef) || size(left) - size(right),
    )[0];
}

const write = { manager: 'kube-controller-manager' };

/** Ties a claim and a volume to each other. */
export function bindClaim(api: ApiObjects, claim: PersistentVolumeClaim, volume: PersistentVolume): void {
  const { namespace = '', name, uid = '' } = claim.metadata;
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid };
  if (!jsonEqual(volume.spec?.claimRef?.uid, uid)) {
    api.mutate('persistentvolumes', '', volume.metadata.name, write, (draft) => {
      if (draft.spec) draft.spec.claimRef = claimRef;
    });
  }
  api.mutate('persistentvolumes', '', volume.metadata.name, { ...write, subresource: 'status' }, (draft) => {
    draft.status = { ...draft.status, phase: 'Bound' };
  });
  api.mutate('persistentvolumeclaims', namespace, name, write, (draft) => {
    if (draft.spec) draft.spec.volumeName = volume.metadata.name;
    draft.metadata.annotations = { ...draft.metadata.annotations, 'pv.kubernetes.io/bind-completed': 'yes' };
  });
  api.mutate('persistentvolumeclaims', namespace, name, { ...write, subresource: 'status' }, (draft) => {
    draft.status = {
      ...draft.status,
      phase: 'Bound',
      accessModes: volume.spec?.accessModes ?? [],
      capacity: volume.spec?.capacity ?? {},
    };
  });
}
