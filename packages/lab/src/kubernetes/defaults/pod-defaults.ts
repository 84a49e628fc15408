import type { Container, PodSpec, Volume } from '../kinds.ts';

type Probe = NonNullable<Container['livenessProbe']>;
type HttpGet = NonNullable<Probe['httpGet']>;

function defaultHttpGet(get: HttpGet | undefined): void {
  if (!get) return;
  get.path ??= '/';
  get.scheme ??= 'HTTP';
}

function defaultProbe(probe: Probe | undefined): void {
  if (!probe) return;
  probe.timeoutSeconds ??= 1;
  probe.periodSeconds ??= 10;
  probe.successThreshold ??= 1;
  probe.failureThreshold ??= 3;
  defaultHttpGet(probe.httpGet);
}

function isLatest(image: string): boolean {
  if (image.includes('@')) return false;
  const tag = /:([^/]+)$/u.exec(image)?.[1];
  return tag === undefined || tag === 'latest';
}

function defaultContainer(container: Container, hostNetwork: boolean): void {
  container.terminationMessagePath ??= '/dev/termination-log';
  container.terminationMessagePolicy ??= 'File';
  container.imagePullPolicy ??= isLatest(container.image ?? '') ? 'Always' : 'IfNotPresent';
  container.resources ??= {};
  for (const port of container.ports ?? []) {
    port.protocol ??= 'TCP';
    if (hostNetwork && !port.hostPort) port.hostPort = port.containerPort;
  }
  for (const variable of container.env ?? []) {
    if (variable.valueFrom?.fieldRef) variable.valueFrom.fieldRef.apiVersion ??= 'v1';
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) defaultProbe(probe);
  defaultHttpGet(container.lifecycle?.postStart?.httpGet);
  defaultHttpGet(container.lifecycle?.preStop?.httpGet);
}

const volumeSources = (volume: Volume): string[] => Object.keys(volume).filter((field) => field !== 'name');

function defaultVolume(volume: Volume): void {
  if (volumeSources(volume).length === 0) volume.emptyDir = {};
  for (const files of [volume.secret, volume.configMap, volume.downwardAPI, volume.projected]) {
    if (files) files.defaultMode ??= 420;
  }
  if (volume.hostPath) volume.hostPath.type ??= '';
  for (const source of volume.projected?.sources ?? []) {
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600;
    for (const item of source.downwardAPI?.items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ??= 'v1';
  }
  for (const item of volume.downwardAPI?.items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ??= 'v1';
}

/** Fills in what the API server sets in a pod's specification, in place. Source: pkg/apis/core/v1/defaults.go. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.restartPolicy ??= 'Always';
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ??= 'default-scheduler';
  spec.securityContext ??= {};
  if (spec.serviceAccountName) spec.serviceAccount ??= spec.serviceAccountName;
  else if (spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    defaultContainer(container, spec.hostNetwork ?? false);
  }
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
}

/** What only a pod gets, not a template: service links, and requests equal to limits that stand alone. */
export function defaultPod(spec: PodSpec): void {
  defaultPodSpec(spec);
  spec.enableServiceLinks ??= true;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    const limits = container.resources?.limits;
    if (limits)
      container.resources = { ...container.resources, requests: { ...limits, ...container.resources?.requests } };
  }
}
