import type { KubeObject, KubeRef } from '@vmstation/core';
import { textAt } from './json-path.ts';

/** Kinds in the order in which they can be applied; kinds not listed come last, with the workloads. */
const ranks: readonly (readonly string[])[] = [
  ['Namespace'],
  ['CustomResourceDefinition'],
  ['PriorityClass', 'StorageClass', 'IngressClass', 'ResourceQuota', 'LimitRange', 'NetworkPolicy'],
  ['ServiceAccount', 'Role', 'ClusterRole'],
  ['RoleBinding', 'ClusterRoleBinding'],
  ['ConfigMap', 'Secret'],
  ['PersistentVolume'],
  ['PersistentVolumeClaim'],
  ['Service', 'Endpoints', 'EndpointSlice'],
];

function rankOf(object: KubeObject): number {
  const rank = ranks.findIndex((kinds) => kinds.includes(object.kind));
  return rank === -1 ? ranks.length : rank;
}

/** Objects in groups that are applied one after the other; within a group the order does not matter. */
export function applyGroups(objects: readonly KubeObject[]): readonly (readonly KubeObject[])[] {
  const groups = Map.groupBy(objects, rankOf);
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}

/**
 * Kinds that are pruned, in the order in which they go: what runs first, what it needs last. Kinds that take others with them (Namespace,
 * CustomResourceDefinition) are never pruned; those that hold data only where somebody says so, see {@link dataKinds}.
 */
export const prunableKinds: readonly Pick<KubeRef, 'apiVersion' | 'kind'>[] = [
  { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
  { apiVersion: 'v1', kind: 'Service' },
  { apiVersion: 'batch/v1', kind: 'CronJob' },
  { apiVersion: 'batch/v1', kind: 'Job' },
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet' },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet' },
  { apiVersion: 'v1', kind: 'Pod' },
  { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
  { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
  { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
  { apiVersion: 'v1', kind: 'ResourceQuota' },
  { apiVersion: 'v1', kind: 'LimitRange' },
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'v1', kind: 'Secret' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' },
  { apiVersion: 'v1', kind: 'ServiceAccount' },
  { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' },
  { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' },
];

/** Kinds that hold data, in the order in which they go when somebody says that the data may go. */
export const dataKinds: readonly Pick<KubeRef, 'apiVersion' | 'kind'>[] = [
  { apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
  { apiVersion: 'v1', kind: 'PersistentVolume' },
];

/** True for what would take data with it: claims, volumes, and a StatefulSet whose claims are deleted with it. */
export function holdsData(object: KubeObject): boolean {
  if (dataKinds.some(({ kind }) => kind === object.kind)) return true;
  return textAt(object, 'spec.persistentVolumeClaimRetentionPolicy.whenDeleted') === 'Delete';
}
