export type { KubeExchange, KubeReply, KubeRequest } from './api-client.ts';
export type { KubeConnectorOptions } from './connector.ts';
export { kubeConnector } from './connector.ts';
export { refKey, refOf, showRef } from './kube-ref.ts';
export { loadKubeClient } from './kubeconfig.ts';
export { manifestSetFindings } from './manifests/judge-manifests.ts';
export type { ManifestSet } from './manifests/manifest-set.ts';
export { manifestSet, manifestStepId, ownerOf } from './manifests/manifest-set.ts';
export type { ManifestPerforming } from './manifests/perform-manifests.ts';
export { performManifestSets } from './manifests/perform-manifests.ts';
export type { ManifestPlanning } from './manifests/plan-manifests.ts';
export { planManifestSets } from './manifests/plan-manifests.ts';
export { renderManifests } from './manifests/render-manifests.ts';
export type { WorkloadPhaseParts } from './manifests/workload-phase.ts';
export { workloadPhase } from './manifests/workload-phase.ts';
export type { ContainerParts, ContainerResources, PodParts } from './objects/hardened-pod.ts';
export {
  componentLabels,
  controlPlaneToleration,
  exemption,
  hardenedContainer,
  hardenedPod,
  pinnedTo,
} from './objects/hardened-pod.ts';
export type { Container, PodSpec, PolicyRule, Probe, Volume, VolumeMount } from './objects/object-types.ts';
export type { LocalVolume, Place } from './objects/typed-objects.ts';
export {
  clusterReader,
  configMap,
  daemonSet,
  deployment,
  localStorageClass,
  localVolume,
  namespace,
  secret,
  service,
  statefulSet,
} from './objects/typed-objects.ts';
