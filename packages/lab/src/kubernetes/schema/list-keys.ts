/**
 * How lists and maps of the API merge: the `x-kubernetes-list-type`, `-list-map-keys`, `-map-type` and
 * `-patch-strategy` marks of the Kubernetes API types. A list that is not named here is replaced as a whole.
 */

/** Keyed lists: `Type.field` to the fields that name an item. */
export const listMapKeys: Readonly<Record<string, readonly string[]>> = {
  'V1ObjectMeta.ownerReferences': ['uid'],
  'V1PodSpec.containers': ['name'],
  'V1PodSpec.initContainers': ['name'],
  'V1PodSpec.ephemeralContainers': ['name'],
  'V1PodSpec.volumes': ['name'],
  'V1PodSpec.imagePullSecrets': ['name'],
  'V1PodSpec.hostAliases': ['ip'],
  'V1PodSpec.topologySpreadConstraints': ['topologyKey', 'whenUnsatisfiable'],
  'V1PodSpec.schedulingGates': ['name'],
  'V1PodSpec.resourceClaims': ['name'],
  'V1PodStatus.conditions': ['type'],
  'V1PodStatus.podIPs': ['ip'],
  'V1PodStatus.resourceClaimStatuses': ['name'],
  'V1ContainerStatus.allocatedResourcesStatus': ['name'],
  'V1ContainerStatus.volumeMounts': ['mountPath'],
  'V1ResourceRequirements.claims': ['name'],
  'V1ServiceSpec.ports': ['port', 'protocol'],
  'V1ServiceStatus.conditions': ['type'],
  'V1ServiceAccount.secrets': ['name'],
  'V1NodeStatus.conditions': ['type'],
  'V1NodeStatus.addresses': ['type'],
  'V1NamespaceStatus.conditions': ['type'],
  'V1PersistentVolumeClaimStatus.conditions': ['type'],
  'V1DeploymentStatus.conditions': ['type'],
  'V1ReplicaSetStatus.conditions': ['type'],
  'V1DaemonSetStatus.conditions': ['type'],
  'V1StatefulSetStatus.conditions': ['type'],
  'V1PodDisruptionBudgetStatus.conditions': ['type'],
  ...containerLists('V1Container'),
  ...containerLists('V1EphemeralContainer'),
};

function containerLists(type: string): Record<string, readonly string[]> {
  return {
    [`${type}.env`]: ['name'],
    [`${type}.ports`]: ['containerPort', 'protocol'],
    [`${type}.volumeMounts`]: ['mountPath'],
    [`${type}.volumeDevices`]: ['devicePath'],
  };
}

/** Lists that are sets of scalars. */
export const listSets: ReadonlySet<string> = new Set([
  'V1ObjectMeta.finalizers',
  'V1NodeSpec.podCIDRs',
  'V1Endpoint.addresses',
]);

/** Value of a key field that an item leaves out. */
export const keyDefaults: Readonly<Record<string, string>> = { protocol: 'TCP' };

/** Objects that are owned and replaced as one value. */
export const atomicTypes: ReadonlySet<string> = new Set([
  'V1LabelSelector',
  'V1NodeSelector',
  'V1NodeSelectorTerm',
  'V1LocalObjectReference',
  'V1SecretReference',
  'V1ObjectReference',
  'V1ConfigMapKeySelector',
  'V1SecretKeySelector',
  'V1FileKeySelector',
  'V1ObjectFieldSelector',
  'V1ResourceFieldSelector',
  'V1TypedLocalObjectReference',
  'V1TopologySelectorTerm',
  'V1ScopeSelector',
  'V1RoleRef',
  'RbacV1Subject',
  'V1EndpointAddress',
  'CoreV1EndpointPort',
  'DiscoveryV1EndpointPort',
  'V1OwnerReference',
  'V1CrossVersionObjectReference',
]);

/** Map fields (not types) that are owned and replaced as one value. */
export const atomicMaps: ReadonlySet<string> = new Set([
  'V1PodSpec.nodeSelector',
  'V1ServiceSpec.selector',
  'V1PersistentVolumeSpec.claimRef',
]);

/** Lists that a strategic merge patch merges by another key than server-side apply, or only it merges. */
export const strategicMergeKeys: Readonly<Record<string, string>> = {
  'V1PodStatus.hostIPs': 'ip',
  'V1JobStatus.conditions': 'type',
};
