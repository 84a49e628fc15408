import type { KubeRef } from '@vmstation/core';

/** How objects of a kind are addressed. */
export interface ApiResource {
  readonly plural: string;
  readonly namespaced: boolean;
}

const core = 'v1';
const apps = 'apps/v1';
const batch = 'batch/v1';
const rbac = 'rbac.authorization.k8s.io/v1';

const wellKnown: readonly (readonly [apiVersion: string, kind: string, plural: string, scope?: 'cluster'])[] = [
  [core, 'Namespace', 'namespaces', 'cluster'],
  [core, 'Node', 'nodes', 'cluster'],
  [core, 'PersistentVolume', 'persistentvolumes', 'cluster'],
  [core, 'PersistentVolumeClaim', 'persistentvolumeclaims'],
  [core, 'ConfigMap', 'configmaps'],
  [core, 'Secret', 'secrets'],
  [core, 'Service', 'services'],
  [core, 'ServiceAccount', 'serviceaccounts'],
  [core, 'Pod', 'pods'],
  [core, 'Event', 'events'],
  [core, 'Endpoints', 'endpoints'],
  [core, 'LimitRange', 'limitranges'],
  [core, 'ResourceQuota', 'resourcequotas'],
  [apps, 'Deployment', 'deployments'],
  [apps, 'DaemonSet', 'daemonsets'],
  [apps, 'StatefulSet', 'statefulsets'],
  [apps, 'ReplicaSet', 'replicasets'],
  [batch, 'Job', 'jobs'],
  [batch, 'CronJob', 'cronjobs'],
  [rbac, 'Role', 'roles'],
  [rbac, 'RoleBinding', 'rolebindings'],
  [rbac, 'ClusterRole', 'clusterroles', 'cluster'],
  [rbac, 'ClusterRoleBinding', 'clusterrolebindings', 'cluster'],
  ['networking.k8s.io/v1', 'Ingress', 'ingresses'],
  ['networking.k8s.io/v1', 'IngressClass', 'ingressclasses', 'cluster'],
  ['networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'],
  ['policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'],
  ['discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'],
  ['storage.k8s.io/v1', 'StorageClass', 'storageclasses', 'cluster'],
  ['scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', 'cluster'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', 'cluster'],
];

const byKind = new Map(
  wellKnown.map(([apiVersion, kind, plural, scope]) => [
    `${apiVersion}/${kind}`,
    { plural, namespaced: scope !== 'cluster' },
  ]),
);

/** How a built-in kind is addressed; undefined for kinds that only the cluster can tell. */
export function wellKnownResource(apiVersion: string, kind: string): ApiResource | undefined {
  return byKind.get(`${apiVersion}/${kind}`);
}

/** True for a built-in kind that lives in no namespace. */
export function isClusterScoped(apiVersion: string, kind: string): boolean {
  return wellKnownResource(apiVersion, kind)?.namespaced === false;
}

/** URL path of a group and version: `/api/v1`, `/apis/apps/v1`. */
export function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** URL path of a kind's collection, in one namespace or over all of them. */
export function collectionPath(apiVersion: string, resource: ApiResource, namespace: string | undefined): string {
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${groupPath(apiVersion)}${scope}/${resource.plural}`;
}

/** URL path of one object; a namespaced object without a namespace is in `default`. */
export function objectPath(ref: KubeRef, resource: ApiResource): string {
  const namespace = resource.namespaced ? (ref.namespace ?? 'default') : undefined;
  return `${collectionPath(ref.apiVersion, resource, namespace)}/${encodeURIComponent(ref.name)}`;
}
