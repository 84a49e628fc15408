import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../kinds.ts';

/** Defaults of a claim, also inside a StatefulSet's template. */
export function defaultClaim(claim: {
  spec?: PersistentVolumeClaim['spec'];
  status?: PersistentVolumeClaim['status'];
}): void {
  if (claim.spec) claim.spec.volumeMode ??= 'Filesystem';
  claim.status ??= {};
  claim.status.phase ??= 'Pending';
}

/** Defaults of a volume. */
export function defaultVolumeObject(volume: PersistentVolume): void {
  if (volume.spec) {
    volume.spec.volumeMode ??= 'Filesystem';
    volume.spec.persistentVolumeReclaimPolicy ??= 'Retain';
    if (volume.spec.hostPath) volume.spec.hostPath.type ??= '';
    if (volume.spec.claimRef && !volume.spec.claimRef.namespace) volume.spec.claimRef.namespace = 'default';
  }
  volume.status ??= {};
  volume.status.phase ??= 'Pending';
}

/** Defaults of a storage class. */
export function defaultStorageClass(storageClass: StorageClass): void {
  storageClass.reclaimPolicy ??= 'Delete';
  storageClass.volumeBindingMode ??= 'Immediate';
}
