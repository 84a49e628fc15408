import type {
  EndpointSlice,
  Endpoints,
  Kinds,
  KubeObject,
  Namespace,
  NetworkPolicy,
  PriorityClass,
  ResourceName,
  RoleBinding,
  Secret,
  Service,
} from '../kinds.ts';
import { defaultPod } from './pod-defaults.ts';
import { defaultClaim, defaultStorageClass, defaultVolumeObject } from './storage-defaults.ts';
import {
  defaultCronJob,
  defaultDaemonSet,
  defaultDeployment,
  defaultJob,
  defaultReplicaSet,
  defaultStatefulSet,
} from './workload-defaults.ts';

function defaultService({ spec }: Service): void {
  if (!spec) return;
  spec.type ??= 'ClusterIP';
  spec.sessionAffinity ??= 'None';
  if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: 10_800 } };
  }
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP';
    port.targetPort ??= port.port;
  }
  if (spec.type === 'ExternalName') return;
  spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'ClusterIP') spec.externalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
  spec.ipFamilies ??= ['IPv4'];
  spec.ipFamilyPolicy ??= 'SingleStack';
}

function defaultSecret(secret: Secret): void {
  secret.type ??= 'Opaque';
  if (!secret.stringData) return;
  const encoded = Object.entries(secret.stringData).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
  delete secret.stringData;
}

function defaultNamespace(namespace: Namespace): void {
  namespace.spec ??= {};
  namespace.spec.finalizers ??= ['kubernetes'];
  namespace.status ??= {};
  namespace.status.phase ??= 'Active';
  namespace.metadata.labels = { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name };
}

function defaultBinding(binding: Pick<RoleBinding, 'roleRef' | 'subjects'>): void {
  if (binding.roleRef && !binding.roleRef.apiGroup) binding.roleRef.apiGroup = 'rbac.authorization.k8s.io';
  for (const subject of binding.subjects ?? []) {
    if (subject.kind !== 'ServiceAccount') subject.apiGroup ??= 'rbac.authorization.k8s.io';
  }
}

function defaultNetworkPolicy({ spec }: NetworkPolicy): void {
  if (!spec) return;
  spec.policyTypes ??= spec.egress ? ['Ingress', 'Egress'] : ['Ingress'];
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
    for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
  }
}

function defaultEndpoints(endpoints: Endpoints): void {
  for (const subset of endpoints.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ??= 'TCP';
}

function defaultEndpointSlice(slice: EndpointSlice): void {
  for (const port of slice.ports ?? []) {
    port.name ??= '';
    port.protocol ??= 'TCP';
  }
}

function defaultPriorityClass(priorityClass: PriorityClass): void {
  priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
}

const defaulters: { readonly [R in ResourceName]?: (object: Kinds[R]) => void } = {
  pods: (pod) => {
    if (pod.spec) defaultPod(pod.spec);
    pod.status ??= {};
    pod.status.phase ??= 'Pending';
  },
  namespaces: defaultNamespace,
  services: defaultService,
  secrets: defaultSecret,
  endpoints: defaultEndpoints,
  'endpointslices.discovery.k8s.io': defaultEndpointSlice,
  persistentvolumeclaims: defaultClaim,
  persistentvolumes: defaultVolumeObject,
  'storageclasses.storage.k8s.io': defaultStorageClass,
  'deployments.apps': defaultDeployment,
  'replicasets.apps': defaultReplicaSet,
  'daemonsets.apps': defaultDaemonSet,
  'statefulsets.apps': defaultStatefulSet,
  'jobs.batch': defaultJob,
  'cronjobs.batch': defaultCronJob,
  'rolebindings.rbac.authorization.k8s.io': defaultBinding,
  'clusterrolebindings.rbac.authorization.k8s.io': defaultBinding,
  'networkpolicies.networking.k8s.io': defaultNetworkPolicy,
  'priorityclasses.scheduling.k8s.io': defaultPriorityClass,
};

/** Fills in the API server's defaults, in place. */
export function defaultObject(resource: ResourceName, object: KubeObject): void {
  const defaulter = defaulters[resource] as ((object: KubeObject) => void) | undefined;
  defaulter?.(object);
}
