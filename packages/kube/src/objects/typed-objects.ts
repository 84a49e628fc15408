import type { KubeObject } from '@vmstation/core';
import type {
  DaemonSetSpec,
  DeploymentSpec,
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
  PolicyRule,
  ServiceSpec,
  StatefulSetSpec,
} from './object-types.ts';

/** Where an object is and what it is called. */
export interface Place {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const rbac = 'rbac.authorization.k8s.io';

/** A Namespace. */
export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

/** A ConfigMap of text files. */
export function configMap(metadata: Place, data: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata }, data };
}

/** An Opaque Secret; the values are given as text. */
export function secret(metadata: Place, values: Readonly<Record<string, string>>): KubeObject {
  const data = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Buffer.from(value, 'utf8').toString('base64')]),
  );
  return { apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata }, type: 'Opaque', data };
}

/** A Service. */
export function service(metadata: Place, spec: ServiceSpec): KubeObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { ...metadata }, spec };
}

/** A Deployment. */
export function deployment(metadata: Place, spec: DeploymentSpec): KubeObject {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { ...metadata }, spec };
}

/** A StatefulSet. */
export function statefulSet(metadata: Place, spec: StatefulSetSpec): KubeObject {
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { ...metadata }, spec };
}

/** A DaemonSet. */
export function daemonSet(metadata: Place, spec: DaemonSetSpec): KubeObject {
  return { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { ...metadata }, spec };
}

/** A ServiceAccount and what it may do in the whole cluster: three objects of one name, prefixed for the cluster-wide two. */
export function clusterReader(place: Place, rules: readonly PolicyRule[]): readonly KubeObject[] {
  const { labels } = place;
  const wide = { name: `${place.namespace}-${place.name}`, ...(labels === undefined ? {} : { labels }) };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...place }, automountServiceAccountToken: false },
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: wide, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: wide,
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: wide.name },
      subjects: [{ kind: 'ServiceAccount', name: place.name, namespace: place.namespace }],
    },
  ];
}

/** A class for volumes that lie on a node's own disk: bound when a pod needs them, never made or removed by the cluster. */
export function localStorageClass(name: string): KubeObject {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
    reclaimPolicy: 'Retain',
  };
}

/** A directory of one node's disk as a volume. */
export interface LocalVolume {
  readonly place: Place;
  readonly node: string;
  /** Absolute; it must exist on the node. */
  readonly path: string;
  /** What the claim asks for, for example `25Gi`; a local directory does not enforce it. */
  readonly size: string;
  readonly storageClass: string;
}

/** A PersistentVolume on a node's disk, kept when its claim goes, and the one claim that it is for. */
export function localVolume({ place, node, path, size, storageClass }: LocalVolume): readonly KubeObject[] {
  const name = `${place.namespace}-${place.name}`;
  const volume: PersistentVolumeSpec = {
    capacity: { storage: size },
    accessModes: ['ReadWriteOnce'],
    persistentVolumeReclaimPolicy: 'Retain',
    storageClassName: storageClass,
    volumeMode: 'Filesystem',
    local: { path },
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] }],
      },
    },
  };
  const claim: PersistentVolumeClaimSpec = {
    accessModes: ['ReadWriteOnce'],
    storageClassName: storageClass,
    volumeMode: 'Filesystem',
    volumeName: name,
    resources: { requests: { storage: size } },
  };
  const { labels } = place;
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name, ...(labels === undefined ? {} : { labels }) },
      spec: volume,
    },
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { ...place }, spec: claim },
  ];
}
