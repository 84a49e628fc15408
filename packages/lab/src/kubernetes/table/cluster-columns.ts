import type {
  ClusterEvent,
  PersistentVolume,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  RoleBinding,
} from '../kinds.ts';
import { age } from './age.ts';
import { ageColumn, type ColumnOf, type ColumnTable, nameColumn } from './column.ts';

const accessModeNames: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

function accessModes(modes: readonly string[] | undefined): string {
  return (modes ?? []).map((mode) => accessModeNames[mode] ?? mode).join(',');
}

function claimOf({ spec }: PersistentVolume): string {
  return spec?.claimRef ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : '';
}

function claimStatus(claim: PersistentVolumeClaim): string {
  return claim.metadata.deletionTimestamp ? 'Terminating' : (claim.status?.phase ?? '');
}

function lastSeen(event: ClusterEvent, nowMs: number): string {
  const first = event.firstTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
  const last = event.series?.lastObservedTime ?? event.lastTimestamp ?? first;
  const count = event.series?.count ?? event.count ?? 1;
  return count > 1 ? `${age(last, nowMs)} (x${count} over ${age(first, nowMs)})` : age(last, nowMs);
}

const eventColumns: readonly ColumnOf<ClusterEvent>[] = [
  { name: 'Last Seen', cell: lastSeen },
  { name: 'Type', cell: ({ type }) => type ?? '' },
  { name: 'Reason', cell: ({ reason }) => reason ?? '' },
  {
    name: 'Object',
    cell: ({ involvedObject }) => `${(involvedObject.kind ?? '').toLowerCase()}/${involvedObject.name ?? ''}`,
  },
  { name: 'Subobject', wide: true, cell: ({ involvedObject }) => involvedObject.fieldPath ?? '' },
  { name: 'Source', wide: true, cell: ({ source }) => [source?.component, source?.host].filter(Boolean).join(', ') },
  { name: 'Message', cell: ({ message }) => (message ?? '').trim() },
  { name: 'First Seen', wide: true, cell: ({ firstTimestamp }, nowMs) => age(firstTimestamp, nowMs) },
  { name: 'Count', wide: true, type: 'integer', cell: ({ count }) => count ?? 1 },
  { name: 'Name', wide: true, cell: ({ metadata }) => metadata.name },
];

const bindingColumns: readonly ColumnOf<
  Pick<RoleBinding, 'metadata' | 'roleRef' | 'subjects' | 'apiVersion' | 'kind'>
>[] = [
  nameColumn,
  { name: 'Role', cell: ({ roleRef }) => `${roleRef.kind}/${roleRef.name}` },
  ageColumn,
  ...(['User', 'Group', 'ServiceAccount'] as const).map((kind) => ({
    name: kind === 'ServiceAccount' ? 'ServiceAccounts' : `${kind}s`,
    wide: true,
    cell: ({ subjects }: Pick<RoleBinding, 'subjects'>): string =>
      (subjects ?? [])
        .filter((subject) => subject.kind === kind)
        .map(({ namespace, name }) => (kind === 'ServiceAccount' ? `${namespace}/${name}` : name))
        .join(', '),
  })),
];

function budgetText(value: number | string | undefined): string {
  return value === undefined ? 'N/A' : String(value);
}

const budgetColumns: readonly ColumnOf<PodDisruptionBudget>[] = [
  nameColumn,
  { name: 'Min Available', cell: ({ spec }) => budgetText(spec?.minAvailable) },
  { name: 'Max Unavailable', cell: ({ spec }) => budgetText(spec?.maxUnavailable) },
  { name: 'Allowed Disruptions', type: 'integer', cell: ({ status }) => status?.disruptionsAllowed ?? 0 },
  ageColumn,
];

export const clusterColumns: ColumnTable = {
  events: eventColumns,
  namespaces: [nameColumn, { name: 'Status', cell: ({ status }) => status?.phase ?? '' }, ageColumn],
  configmaps: [
    nameColumn,
    {
      name: 'Data',
      type: 'integer',
      cell: ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
    },
    ageColumn,
  ],
  secrets: [
    nameColumn,
    { name: 'Type', cell: ({ type }) => type ?? '' },
    { name: 'Data', type: 'integer', cell: ({ data }) => Object.keys(data ?? {}).length },
    ageColumn,
  ],
  serviceaccounts: [
    nameColumn,
    { name: 'Secrets', type: 'integer', cell: ({ secrets }) => secrets?.length ?? 0 },
    ageColumn,
  ],
  persistentvolumes: [
    nameColumn,
    { name: 'Capacity', cell: ({ spec }) => spec?.capacity?.storage ?? '' },
    { name: 'Access Modes', cell: ({ spec }) => accessModes(spec?.accessModes) },
    { name: 'Reclaim Policy', cell: ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? '' },
    {
      name: 'Status',
      cell: ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? '')),
    },
    { name: 'Claim', cell: claimOf },
    { name: 'StorageClass', cell: ({ spec }) => spec?.storageClassName ?? '' },
    { name: 'VolumeAttributesClass', cell: ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>' },
    { name: 'Reason', cell: ({ status }) => status?.reason ?? '' },
    ageColumn,
    { name: 'VolumeMode', wide: true, cell: ({ spec }) => spec?.volumeMode ?? '<unset>' },
  ],
  persistentvolumeclaims: [
    nameColumn,
    { name: 'Status', cell: claimStatus },
    { name: 'Volume', cell: ({ spec }) => spec?.volumeName ?? '' },
    { name: 'Capacity', cell: ({ status }) => status?.capacity?.storage ?? '' },
    { name: 'Access Modes', cell: ({ status }) => accessModes(status?.accessModes) },
    { name: 'StorageClass', cell: ({ spec }) => spec?.storageClassName ?? '' },
    { name: 'VolumeAttributesClass', cell: ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>' },
    ageColumn,
    { name: 'VolumeMode', wide: true, cell: ({ spec }) => spec?.volumeMode ?? '<unset>' },
  ],
  'storageclasses.storage.k8s.io': [
    {
      name: 'Name',
      cell: ({ metadata }) => {
        const isDefault = metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true';
        return isDefault ? `${metadata.name} (default)` : metadata.name;
      },
    },
    { name: 'Provisioner', cell: ({ provisioner }) => provisioner },
    { name: 'ReclaimPolicy', cell: ({ reclaimPolicy }) => reclaimPolicy ?? '' },
    { name: 'VolumeBindingMode', cell: ({ volumeBindingMode }) => volumeBindingMode ?? '' },
    {
      name: 'AllowVolumeExpansion',
      type: 'boolean',
      cell: ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false,
    },
    ageColumn,
  ],
  'rolebindings.rbac.authorization.k8s.io': bindingColumns,
  'clusterrolebindings.rbac.authorization.k8s.io': bindingColumns,
  'leases.coordination.k8s.io': [
    nameColumn,
    { name: 'Holder', cell: ({ spec }) => spec?.holderIdentity ?? '' },
    ageColumn,
  ],
  'priorityclasses.scheduling.k8s.io': [
    nameColumn,
    { name: 'Value', type: 'integer', cell: ({ value }) => value ?? 0 },
    { name: 'Global-Default', type: 'boolean', cell: ({ globalDefault }) => globalDefault ?? false },
    ageColumn,
    { name: 'PreemptionPolicy', cell: ({ preemptionPolicy }) => preemptionPolicy ?? '' },
  ],
  'poddisruptionbudgets.policy': budgetColumns,
  resourcequotas: [
    nameColumn,
    {
      name: 'Request',
      cell: ({ spec, status }) =>
        Object.keys(spec?.hard ?? {})
          .toSorted()
          .map((name) => `${name}: ${status?.used?.[name] ?? 0}/${spec?.hard?.[name]}`)
          .join(', '),
    },
    { name: 'Limit', cell: () => '' },
    ageColumn,
  ],
};
