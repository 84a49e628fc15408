import type { ResourceName } from './kinds.ts';

/** A stored resource: how it is addressed, typed and what it offers. */
export interface ResourceDefinition {
  readonly name: ResourceName;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Type name in the schema table. */
  readonly type: string;
  readonly status: boolean;
  readonly scale: boolean;
  /** True where the server counts changes of the spec in `metadata.generation`. */
  readonly generation: boolean;
  /** Calico's are custom resources: they have no strategic merge and are described by a CRD. */
  readonly custom: boolean;
}

type Flag = 'status' | 'scale' | 'generation' | 'cluster' | 'all' | 'custom' | 'rbac';

function define(
  group: string,
  version: string,
  plural: string,
  kind: string,
  shortNames: string,
  flags: readonly Flag[],
  type?: string,
): ResourceDefinition {
  return {
    name: (group === '' ? plural : `${plural}.${group}`) as ResourceName,
    group,
    version,
    plural,
    singular: kind.toLowerCase(),
    kind,
    namespaced: !flags.includes('cluster'),
    shortNames: shortNames === '' ? [] : shortNames.split(' '),
    categories: flags.includes('all') ? ['all'] : [],
    type: type ?? `V1${kind}`,
    status: flags.includes('status'),
    scale: flags.includes('scale'),
    generation: flags.includes('generation') || flags.includes('custom'),
    custom: flags.includes('custom'),
  };
}

const rbac = 'rbac.authorization.k8s.io';
const calico = 'crd.projectcalico.org';

/** Every stored resource, in the order of discovery. */
export const resourceDefinitions: readonly ResourceDefinition[] = [
  define('', 'v1', 'configmaps', 'ConfigMap', 'cm', []),
  define('', 'v1', 'endpoints', 'Endpoints', 'ep', []),
  define('', 'v1', 'events', 'Event', 'ev', [], 'CoreV1Event'),
  define('', 'v1', 'limitranges', 'LimitRange', 'limits', []),
  define('', 'v1', 'namespaces', 'Namespace', 'ns', ['cluster', 'status']),
  define('', 'v1', 'nodes', 'Node', 'no', ['cluster', 'status']),
  define('', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', 'pvc', ['status']),
  define('', 'v1', 'persistentvolumes', 'PersistentVolume', 'pv', ['cluster', 'status']),
  define('', 'v1', 'pods', 'Pod', 'po', ['status', 'all', 'generation']),
  define('', 'v1', 'resourcequotas', 'ResourceQuota', 'quota', ['status']),
  define('', 'v1', 'secrets', 'Secret', '', []),
  define('', 'v1', 'serviceaccounts', 'ServiceAccount', 'sa', []),
  define('', 'v1', 'services', 'Service', 'svc', ['status', 'all']),
  define('apps', 'v1', 'controllerrevisions', 'ControllerRevision', '', []),
  define('apps', 'v1', 'daemonsets', 'DaemonSet', 'ds', ['status', 'all', 'generation']),
  define('apps', 'v1', 'deployments', 'Deployment', 'deploy', ['status', 'all', 'generation', 'scale']),
  define('apps', 'v1', 'replicasets', 'ReplicaSet', 'rs', ['status', 'all', 'generation', 'scale']),
  define('apps', 'v1', 'statefulsets', 'StatefulSet', 'sts', ['status', 'all', 'generation', 'scale']),
  define('batch', 'v1', 'cronjobs', 'CronJob', 'cj', ['status', 'all', 'generation']),
  define('batch', 'v1', 'jobs', 'Job', '', ['status', 'all', 'generation']),
  define('coordination.k8s.io', 'v1', 'leases', 'Lease', '', []),
  define('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice', '', ['generation']),
  define('networking.k8s.io', 'v1', 'ingressclasses', 'IngressClass', '', ['cluster', 'generation']),
  define('networking.k8s.io', 'v1', 'ingresses', 'Ingress', 'ing', ['status', 'generation']),
  define('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy', 'netpol', ['generation']),
  define('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget', 'pdb', ['status', 'generation']),
  define(rbac, 'v1', 'clusterrolebindings', 'ClusterRoleBinding', '', ['cluster']),
  define(rbac, 'v1', 'clusterroles', 'ClusterRole', '', ['cluster']),
  define(rbac, 'v1', 'rolebindings', 'RoleBinding', '', []),
  define(rbac, 'v1', 'roles', 'Role', '', []),
  define('scheduling.k8s.io', 'v1', 'priorityclasses', 'PriorityClass', 'pc', ['cluster', 'generation']),
  define('storage.k8s.io', 'v1', 'storageclasses', 'StorageClass', 'sc', ['cluster']),
  define(calico, 'v1', 'bgpconfigurations', 'BGPConfiguration', '', ['cluster', 'custom'], 'CalicoBGPConfiguration'),
  define(
    calico,
    'v1',
    'felixconfigurations',
    'FelixConfiguration',
    '',
    ['cluster', 'custom'],
    'CalicoFelixConfiguration',
  ),
  define(calico, 'v1', 'ippools', 'IPPool', '', ['cluster', 'custom'], 'CalicoIPPool'),
];

const byName = new Map(resourceDefinitions.map((definition) => [definition.name, definition]));
const byPath = new Map(resourceDefinitions.map((item) => [`${item.group}/${item.version}/${item.plural}`, item]));
const byKind = new Map(resourceDefinitions.map((item) => [`${apiVersionOf(item)}/${item.kind}`, item]));

/** Definition of a stored resource. */
export function resourceOf(name: ResourceName): ResourceDefinition {
  const definition = byName.get(name);
  if (!definition) throw new Error(`no resource ${name} is defined`);
  return definition;
}

/** Definition behind a URL's group, version and plural, if the lab serves it. */
export function resourceAt(group: string, version: string, plural: string): ResourceDefinition | undefined {
  return byPath.get(`${group}/${version}/${plural}`);
}

/** Definition for an `apiVersion` and `kind`, if the lab serves it. */
export function resourceOfKind(apiVersion: string, kind: string): ResourceDefinition | undefined {
  return byKind.get(`${apiVersion}/${kind}`);
}

/** `apiVersion` of a resource's objects. */
export function apiVersionOf(definition: { readonly group: string; readonly version: string }): string {
  return definition.group === '' ? definition.version : `${definition.group}/${definition.version}`;
}
