import { type Endpoint, type Finding, type KubeObject, maySleep, nodeOf, type ProbeAnswer } from '@vmstation/core';
import type { Check, CheckContext } from '../check.ts';

const probeTimeoutMs = 5_000;

/** Every published URL answers and every Service has somebody behind it; paths between pods are said to be unproved. */
export const networkCheck: Check = {
  name: 'network',
  title: 'Network',
  why: 'every URL that the model publishes, and what stands behind every Service',
  until: 'infra',
  run: async (context) => {
    const { endpoints } = context.workspace.cluster;
    const probed = await Promise.all(endpoints.map((endpoint) => probeEndpoint(endpoint, context)));
    return [...probed, ...(await serviceFindings(context)), podPaths];
  },
};

const podPaths: Finding = {
  code: 'network/pod-paths',
  state: 'not-proved',
  title: 'Paths between pods',
  evidence: 'pod to pod, pod to Service and pod to DNS are not tried: no probe pods are placed',
};

async function probeEndpoint(endpoint: Endpoint, context: CheckContext): Promise<Finding> {
  const base = { code: 'network/endpoint', title: endpoint.title, node: endpoint.node } as const;
  const node = nodeOf(context.workspace.cluster, endpoint.node);
  if (maySleep(node) && (await context.readings.read(node.name)).state === 'asleep') {
    return { ...base, state: 'asleep', evidence: `${endpoint.url}: ${node.name} is asleep` };
  }
  const answer = await ask(endpoint, context);
  if (!answer.ok) {
    return {
      ...base,
      state: 'failed',
      evidence: `${endpoint.url}: ${answer.detail}`,
      tryThis: 'vmstation verify cluster',
    };
  }
  const where = `${endpoint.url} answers (${answer.dialled})`;
  return answer.standIn === undefined
    ? { ...base, state: 'ok', evidence: where }
    : { ...base, state: 'not-proved', evidence: `${where}: lab stand-in for ${answer.standIn}` };
}

async function ask(endpoint: Endpoint, context: CheckContext): Promise<ProbeAnswer> {
  if (endpoint.probe.kind === 'tcp')
    return context.probe.tcp(endpoint.address, endpoint.port, { timeoutMs: probeTimeoutMs });
  if (endpoint.probe.kind === 'http') {
    return context.probe.http(new URL(endpoint.probe.path, endpoint.url).href, {
      timeoutMs: probeTimeoutMs,
      signal: context.signal,
    });
  }
  return askKubernetes(context);
}

/** The API is asked with the account of the workspace's kubeconfig: an anonymous request proves little. */
async function askKubernetes(context: CheckContext): Promise<ProbeAnswer> {
  const kube = await context.kube.connect();
  const version = await kube.serverVersion();
  return { ok: true, status: 200, detail: version, dialled: `Kubernetes ${version}`, standIn: undefined, body: '' };
}

async function serviceFindings(context: CheckContext): Promise<readonly Finding[]> {
  const kube = await context.kube.connect();
  const services = (await kube.list({ apiVersion: 'v1', kind: 'Service' })).filter(hasSelector);
  const slices = await kube.list({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' });
  const empty = services.filter((service) => !slices.some((slice) => isBehind(slice, service)));
  if (empty.length === 0) {
    return [
      {
        code: 'network/service',
        state: 'ok',
        title: 'Services',
        evidence: `${services.length} Services have ready endpoints`,
      },
    ];
  }
  const asleep = new Set(await sleepingBackends(context));
  return empty.map((service) => ({
    code: 'network/service',
    state: asleep.has(`${service.metadata.namespace}`) ? 'asleep' : 'failed',
    title: 'Services',
    evidence: `${service.metadata.namespace}/${service.metadata.name} has no ready endpoint`,
    tryThis: `kubectl --namespace ${service.metadata.namespace} get endpointslices,pods`,
  }));
}

/** Namespaces of applications whose node sleeps. */
async function sleepingBackends(context: CheckContext): Promise<readonly string[]> {
  const namespaces: string[] = [];
  for (const app of context.workspace.cluster.apps) {
    if ((await context.readings.read(app.node)).state === 'asleep') namespaces.push(app.namespace);
  }
  return namespaces;
}

function hasSelector(service: KubeObject): boolean {
  return ((service['spec'] ?? {}) as { selector?: object }).selector !== undefined;
}

function isBehind(slice: KubeObject, service: KubeObject): boolean {
  if (slice.metadata.namespace !== service.metadata.namespace) return false;
  if (slice.metadata.labels?.['kubernetes.io/service-name'] !== service.metadata.name) return false;
  const endpoints = (slice['endpoints'] ?? []) as readonly { conditions?: { ready?: boolean } }[];
  return endpoints.some((endpoint) => endpoint.conditions?.ready !== false);
}
