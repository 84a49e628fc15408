import { type KubeObject, type KubePort, toAppError } from '@vmstation/core';
import { parse } from 'yaml';
import { fieldsOf, itemsOf, wordOf, wordsOf } from '../json-fields.ts';
import type { LiveCluster, LiveNode, LivePool, RangeSource, Reading } from './live-cluster.ts';

const systemNamespace = 'kube-system';

/**
 * Reads what the model speaks of from a running cluster. Throws what {@link KubePort.serverVersion} throws when the API does not answer;
 * a part that cannot be read says so in its place. Names and labels are those that kubeadm and Kubespray give.
 */
export async function readCluster(kube: KubePort): Promise<LiveCluster> {
  const version = await kube.serverVersion();
  const kubeadm = reading(() => kubeadmNetworking(kube));
  const [nodes, pools, calicoBackend, podRanges, serviceRanges, dns, proxyMode] = await Promise.all([
    reading(() => readNodes(kube)),
    reading(() => readPools(kube)),
    reading(async () =>
      textOf((await configMap(kube, 'calico-config')).calico_backend, 'calico-config has no backend'),
    ),
    reading(async () => [
      ...(await rangeFrom(kubeadm, 'podSubnet')),
      ...(await flagOf(kube, 'kube-controller-manager', 'cluster-cidr')),
    ]),
    reading(async () => [
      ...(await rangeFrom(kubeadm, 'serviceSubnet')),
      ...(await flagOf(kube, 'kube-apiserver', 'service-cluster-ip-range')),
    ]),
    reading(() => readDns(kube)),
    reading(() => readProxyMode(kube)),
  ]);
  return { version, nodes, pools, calicoBackend, podRanges, serviceRanges, dns, proxyMode };
}

async function reading<Value>(read: () => Promise<Value>): Promise<Reading<Value>> {
  try {
    return { read: true, value: await read() };
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === 'bug' && !(thrown instanceof CannotRead)) throw thrown;
    return { read: false, because: thrown instanceof CannotRead ? thrown.message : error.message };
  }
}

/** Something that a cluster of ours always has is not there. */
class CannotRead extends Error {}

async function readNodes(kube: KubePort): Promise<readonly LiveNode[]> {
  const nodes = await kube.list({ apiVersion: 'v1', kind: 'Node' });
  return nodes.map((node) => {
    const status = fieldsOf(node.status);
    const ready = itemsOf(status.conditions).find((condition) => condition.type === 'Ready');
    const spec = fieldsOf(node.spec);
    return {
      name: node.metadata.name,
      ready: ready?.status === 'True',
      reason:
        ready === undefined
          ? 'it has never reported'
          : wordsOf([ready.reason, ready.message])
              .filter((word) => word !== '')
              .join(': '),
      version: wordOf(fieldsOf(status.nodeInfo).kubeletVersion, ''),
      podRanges: wordsOf(spec.podCIDRs),
    };
  });
}

async function readPools(kube: KubePort): Promise<readonly LivePool[]> {
  const pools = await kube.list({ apiVersion: 'crd.projectcalico.org/v1', kind: 'IPPool' });
  return pools
    .map((pool) => ({ pool, spec: fieldsOf(pool.spec) }))
    .filter(({ spec }) => spec.disabled !== true)
    .map(({ pool, spec }) => ({
      name: pool.metadata.name,
      cidr: wordOf(spec.cidr, 'nothing'),
      // Calico leaves a mode out when it is Never.
      ipipMode: wordOf(spec.ipipMode, 'Never'),
      vxlanMode: wordOf(spec.vxlanMode, 'Never'),
    }));
}

async function kubeadmNetworking(kube: KubePort): Promise<Record<string, unknown>> {
  const { ClusterConfiguration: text } = await configMap(kube, 'kubeadm-config');
  return fieldsOf(fieldsOf(parse(textOf(text, 'kubeadm-config has no ClusterConfiguration'))).networking);
}

async function rangeFrom(
  kubeadm: Promise<Reading<Record<string, unknown>>>,
  field: 'podSubnet' | 'serviceSubnet',
): Promise<readonly RangeSource[]> {
  const networking = await kubeadm;
  if (!networking.read) throw new CannotRead(networking.because);
  return [{ place: `kubeadm-config networking.${field}`, range: wordOf(networking.value[field], 'nothing') }];
}

/** A flag of a static pod, as each control plane node runs it. */
async function flagOf(kube: KubePort, component: string, flag: string): Promise<readonly RangeSource[]> {
  const pods = await kube.list({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: systemNamespace,
    labelSelector: `component=${component}`,
  });
  if (pods.length === 0) throw new CannotRead(`no pod of ${component} is to be seen in ${systemNamespace}`);
  return pods.map((pod) => {
    const [container] = itemsOf(fieldsOf(pod.spec).containers);
    const words = [...wordsOf(container?.command), ...wordsOf(container?.args)];
    const value = words.find((word) => word.startsWith(`--${flag}=`))?.slice(flag.length + 3);
    return { place: `--${flag} of ${pod.metadata.name}`, range: value ?? 'nothing' };
  });
}

async function readDns(kube: KubePort): Promise<{ clusterIp: string; ready: number; wanted: number }> {
  const [service, deployment] = await Promise.all([
    needed(kube, { apiVersion: 'v1', kind: 'Service', name: 'coredns' }),
    needed(kube, { apiVersion: 'apps/v1', kind: 'Deployment', name: 'coredns' }),
  ]);
  return {
    clusterIp: wordOf(fieldsOf(service.spec).clusterIP, 'none'),
    ready: Number(fieldsOf(deployment.status).readyReplicas ?? 0),
    wanted: Number(fieldsOf(deployment.spec).replicas ?? 1),
  };
}

async function readProxyMode(kube: KubePort): Promise<string> {
  const { 'config.conf': text } = await configMap(kube, 'kube-proxy');
  const mode = fieldsOf(parse(textOf(text, 'the ConfigMap kube-proxy has no config.conf'))).mode;
  // An empty mode is kube-proxy's own choice on Linux.
  return wordOf(mode, 'iptables');
}

async function configMap(kube: KubePort, name: string): Promise<Record<string, unknown>> {
  return fieldsOf((await needed(kube, { apiVersion: 'v1', kind: 'ConfigMap', name })).data);
}

async function needed(kube: KubePort, what: { apiVersion: string; kind: string; name: string }): Promise<KubeObject> {
  const found = await kube.get({ ...what, namespace: systemNamespace });
  if (found === undefined) throw new CannotRead(`${what.kind} ${systemNamespace}/${what.name} does not exist`);
  return found;
}

function textOf(value: unknown, otherwise: string): string {
  if (typeof value !== 'string') throw new CannotRead(otherwise);
  return value;
}
