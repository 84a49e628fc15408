import { type Cluster, cidrCovers, type Finding, type FindingState, parseCidr } from '@vmstation/core';
import { calicoModes, clusterMembers } from '../kubespray/render-kubespray.ts';
import type { LiveCluster, LiveNode, RangeSource, Reading } from './live-cluster.ts';

/** Codes of the properties of a cluster that are compared with the model; each has a page. */
export type InfraCode =
  | 'infra/api'
  | 'infra/nodes'
  | 'infra/node-ready'
  | 'infra/version'
  | 'infra/cni'
  | 'infra/pod-range'
  | 'infra/service-range'
  | 'infra/dns'
  | 'infra/proxy';

/** A property as judged: what the model wants and what was seen, beside the finding. */
export interface JudgedProperty extends Finding {
  readonly code: InfraCode;
  readonly want: string;
  readonly seen: string;
}

interface Judgement {
  readonly state: FindingState;
  readonly want: string;
  readonly seen: string;
}

/**
 * Compares a running cluster with the model, one finding a property (readiness: one a node). Pure.
 * @param asleep nodes that sleep on purpose, with the evidence
 */
export function judgeCluster(
  cluster: Cluster,
  live: LiveCluster,
  asleep: ReadonlyMap<string, string>,
): readonly JudgedProperty[] {
  return [
    property('infra/api', 'Kubernetes API answers', { state: 'ok', want: 'an answer', seen: live.version }),
    ...judgeNodes(cluster, live.nodes, asleep),
    property('infra/version', 'Kubernetes version', judgeVersion(cluster, live)),
    property('infra/cni', 'Calico’s mode', judgeCni(cluster, live)),
    property('infra/pod-range', 'Range of the pods', judgePodRange(cluster, live)),
    property('infra/service-range', 'Range of the services', judgeServiceRange(cluster, live)),
    property('infra/dns', 'Cluster DNS', judgeDns(cluster, live)),
    property('infra/proxy', 'Mode of kube-proxy', judgeProxy(live)),
  ];
}

/** The single finding for a cluster that does not answer. */
export function silentCluster(because: string): JudgedProperty {
  return property('infra/api', 'Kubernetes API answers', { state: 'failed', want: 'an answer', seen: because });
}

function property(code: InfraCode, title: string, judged: Judgement, node?: string): JudgedProperty {
  const { state, want, seen } = judged;
  return {
    code,
    state,
    title,
    ...(node === undefined ? {} : { node }),
    want,
    seen,
    evidence: state === 'ok' ? seen : `want ${want}; seen ${seen}`,
    ...(state === 'ok' || state === 'asleep' ? {} : { tryThis: `vmstation explain ${code}` }),
  };
}

function judgeNodes(
  cluster: Cluster,
  nodes: Reading<readonly LiveNode[]>,
  asleep: ReadonlyMap<string, string>,
): readonly JudgedProperty[] {
  const title = 'Nodes of the cluster';
  const wanted = clusterMembers(cluster).map((node) => node.name);
  const want = wanted.toSorted().join(', ');
  if (!nodes.read) return [property('infra/nodes', title, unreadable(want, nodes.because))];
  const seen = nodes.value.map((node) => node.name).toSorted();
  const absent = wanted.filter((name) => !seen.includes(name));
  const strange = seen.filter((name) => !wanted.includes(name));
  const onlySleepersAbsent = strange.length === 0 && absent.every((name) => asleep.has(name));
  const state = absent.length + strange.length === 0 ? 'ok' : onlySleepersAbsent ? 'asleep' : 'failed';
  const set = property('infra/nodes', title, { state, want, seen: seen.join(', ') || 'no node' });
  const members = nodes.value.filter((node) => wanted.includes(node.name));
  return [set, ...members.map((node) => judgeReadiness(node, asleep.get(node.name)))];
}

function judgeReadiness(node: LiveNode, sleeps: string | undefined): JudgedProperty {
  const judged: Judgement =
    sleeps !== undefined
      ? { state: 'asleep', want: 'Ready when awake', seen: `asleep: ${sleeps}` }
      : {
          state: node.ready ? 'ok' : 'failed',
          want: 'Ready',
          seen: node.ready ? 'Ready' : `not ready (${node.reason})`,
        };
  return property('infra/node-ready', 'Node is ready', judged, node.name);
}

function judgeVersion(cluster: Cluster, { version, nodes }: LiveCluster): Judgement {
  const want = `v${cluster.versions.kubernetes.replace(/^v/, '')}`;
  const all = [
    { place: 'API server', version },
    ...(nodes.read ? nodes.value.map((node) => ({ place: node.name, version: node.version })) : []),
  ];
  const others = all.filter((part) => part.version !== want);
  if (others.length === 0) return { state: 'ok', want, seen: want };
  return { state: 'failed', want, seen: others.map((part) => `${part.version || 'none'} (${part.place})`).join(', ') };
}

function judgeCni(cluster: Cluster, { pools, calicoBackend }: LiveCluster): Judgement {
  const modes = calicoModes(cluster.network.cni);
  const want = `backend ${modes.backend}, IPIP ${modes.ipip}, VXLAN ${modes.vxlan}`;
  if (!pools.read) return unreadable(want, pools.because);
  if (!calicoBackend.read) return unreadable(want, calicoBackend.because);
  const said = pools.value.map(
    (pool) => `backend ${calicoBackend.value}, IPIP ${pool.ipipMode}, VXLAN ${pool.vxlanMode}`,
  );
  return equality(want, said, 'no address pool of Calico');
}

function judgePodRange(cluster: Cluster, { pools, podRanges, nodes }: LiveCluster): Judgement {
  const want = cluster.network.pods;
  if (!pools.read) return unreadable(want, pools.because);
  if (!podRanges.read) return unreadable(want, podRanges.because);
  const sources: RangeSource[] = [
    ...pools.value.map((pool) => ({ place: `IPPool ${pool.name}`, range: pool.cidr })),
    ...podRanges.value,
  ];
  if (pools.value.length === 0) return { state: 'failed', want, seen: 'no address pool of Calico' };
  // Each node's part, where the controller manager hands out any (Kubespray turns that off for Calico's own IPAM).
  const outside = (nodes.read ? nodes.value : []).flatMap((node) =>
    node.podRanges.filter((range) => !covers(want, range)).map((range) => ({ place: `node ${node.name}`, range })),
  );
  return judgeSources(want, [...sources, ...outside]);
}

function judgeServiceRange(cluster: Cluster, { serviceRanges }: LiveCluster): Judgement {
  const want = cluster.network.services;
  if (!serviceRanges.read) return unreadable(want, serviceRanges.because);
  return judgeSources(want, serviceRanges.value);
}

function judgeSources(want: string, sources: readonly RangeSource[]): Judgement {
  const others = sources.filter((source) => source.range !== want);
  if (others.length === 0) return { state: 'ok', want, seen: want };
  return { state: 'failed', want, seen: others.map((source) => `${source.range} (${source.place})`).join(', ') };
}

function judgeDns(cluster: Cluster, { dns }: LiveCluster): Judgement {
  const want = `CoreDNS ready at ${cluster.network.dnsServiceIp}`;
  if (!dns.read) return unreadable(want, dns.because);
  const { clusterIp, ready, wanted } = dns.value;
  const seen = `${ready} of ${wanted} ready at ${clusterIp}`;
  // One that answers is enough: the autoscaler may want more than there are nodes awake.
  const fine = clusterIp === cluster.network.dnsServiceIp && ready > 0;
  return { state: fine ? 'ok' : 'failed', want, seen };
}

function judgeProxy({ proxyMode }: LiveCluster): Judgement {
  const want = 'nftables';
  if (!proxyMode.read) return unreadable(want, proxyMode.because);
  return { state: proxyMode.value === want ? 'ok' : 'failed', want, seen: proxyMode.value };
}

function equality(want: string, said: readonly string[], nothing: string): Judgement {
  const others = said.filter((seen) => seen !== want);
  if (said.length > 0 && others.length === 0) return { state: 'ok', want, seen: want };
  return { state: 'failed', want, seen: others.join('; ') || nothing };
}

function unreadable(want: string, because: string): Judgement {
  return { state: 'unreadable', want, seen: `not readable: ${because}` };
}

function covers(outer: string, inner: string): boolean {
  const [wide, narrow] = [parseCidr(outer), parseCidr(inner)];
  return wide !== undefined && narrow !== undefined && cidrCovers(wide, narrow);
}
