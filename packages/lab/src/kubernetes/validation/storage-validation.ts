import { jsonEqual } from '../json.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../kinds.ts';
import { quantityValue } from '../quantity.ts';
import { forbiddenField, invalidValue, requiredValue, type StatusCause } from '../status-error.ts';
import { enumFaults } from './pod-validation.ts';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

function accessModeFaults(modes: readonly string[] | undefined, field: string): StatusCause[] {
  if (!modes?.length) return [requiredValue(field, 'at least 1 access mode is required')];
  return modes.flatMap((mode) => enumFaults(mode, field, accessModes));
}

/** Fields of a PersistentVolume's spec that say where the data is. */
export const volumeSources = [
  'local',
  'hostPath',
  'nfs',
  'csi',
  'iscsi',
  'fc',
  'cephfs',
  'rbd',
  'glusterfs',
  'flexVolume',
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cinder',
  'flocker',
  'gcePersistentDisk',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'scaleIO',
  'storageos',
  'vsphereVolume',
] as const;

/** Faults of a PersistentVolume. */
export function volumeFaults({ spec }: PersistentVolume): StatusCause[] {
  if (!spec) return [requiredValue('spec')];
  const faults = accessModeFaults(spec.accessModes, 'spec.accessModes');
  if (!spec.capacity?.storage) faults.push(requiredValue('spec.capacity'));
  const sources = volumeSources.filter((source) => spec[source] !== undefined);
  if (sources.length === 0) faults.push(requiredValue('spec', 'must specify a volume type'));
  if (sources.length > 1) faults.push(forbiddenField(`spec.${sources[1]}`, 'may not specify more than 1 volume type'));
  if (spec.local && !spec.nodeAffinity)
    faults.push(requiredValue('spec.nodeAffinity', 'Local volume requires node affinity'));
  faults.push(
    ...enumFaults(spec.persistentVolumeReclaimPolicy, 'spec.persistentVolumeReclaimPolicy', [
      'Delete',
      'Recycle',
      'Retain',
    ]),
  );
  return faults;
}

/** Faults of changing a PersistentVolume: its source is fixed. */
export function volumeUpdateFaults(next: PersistentVolume, old: PersistentVolume): StatusCause[] {
  const source = (volume: PersistentVolume): unknown => volumeSources.map((name) => volume.spec?.[name] ?? null);
  const faults = jsonEqual(source(next), source(old))
    ? []
    : [forbiddenField('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation')];
  if (old.spec?.nodeAffinity && !jsonEqual(next.spec?.nodeAffinity, old.spec.nodeAffinity)) {
    faults.push(invalidValue('spec.nodeAffinity', next.spec?.nodeAffinity, 'field is immutable'));
  }
  return faults;
}

/** Faults of a PersistentVolumeClaim. */
export function claimFaults({ spec }: PersistentVolumeClaim): StatusCause[] {
  if (!spec) return [requiredValue('spec')];
  const faults = accessModeFaults(spec.accessModes, 'spec.accessModes');
  const storage = spec.resources?.requests?.storage;
  if (storage === undefined) faults.push(requiredValue('spec.resources[storage]'));
  else if (quantityValue(storage) <= 0) {
    faults.push(invalidValue('spec.resources[storage]', storage, 'must be greater than zero'));
  }
  return faults;
}

/** Faults of changing a claim: only its size may grow, and the volume's name be filled in. */
export function claimUpdateFaults(next: PersistentVolumeClaim, old: PersistentVolumeClaim): StatusCause[] {
  const fixed = (claim: PersistentVolumeClaim, volumeName: string | undefined): unknown => ({
    ...claim.spec,
    volumeName,
    resources: undefined,
    volumeAttributesClassName: undefined,
  });
  const name = old.spec?.volumeName ? old.spec.volumeName : next.spec?.volumeName;
  const sameOtherwise = jsonEqual(fixed(next, next.spec?.volumeName), fixed(old, name));
  const before = quantityValue(old.spec?.resources?.requests?.storage);
  const after = quantityValue(next.spec?.resources?.requests?.storage);
  if (!sameOtherwise || (after !== before && old.status?.phase !== 'Bound')) {
    return [
      forbiddenField(
        'spec',
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      ),
    ];
  }
  if (after >= before) return [];
  return [forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity')];
}

/** Fault when a storage class changes what is fixed. */
export function storageClassUpdateFaults(next: StorageClass, old: StorageClass): StatusCause[] {
  return (['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const).flatMap((field) =>
    jsonEqual(next[field], old[field]) ? [] : [forbiddenField(field, `updates to ${field} are forbidden.`)],
  );
}
