import { type Cluster, type ClusterNode, nodesWithRole } from '@vmstation/core';
import { clientsOf } from '../storage/nfs-exports.ts';
import { receiptPort, syslogPort } from '../syslog/index.ts';

/** Kubernetes' default range of NodePorts, which the model's ports are checked against. */
export const nodePorts = { first: 30_000, last: 32_767 } as const;

/** Something that a node answers for: a protocol or ports, and who may ask. */
export interface Opening {
  readonly why: string;
  /** `ipip` is IP protocol 4. */
  readonly protocol: 'tcp' | 'udp' | 'ipip';
  /** Ports or ranges as nftables writes them; none for `ipip`. */
  readonly ports: readonly string[];
  /** Source addresses or ranges; undefined: anybody. */
  readonly from: readonly string[] | undefined;
}

/** What a node must answer for, from what the model places on it. SSH comes first. */
export function openingsOf(node: ClusterNode, cluster: Cluster): readonly Opening[] {
  const nodes = cluster.nodes.map(({ address }) => address);
  const lan = [cluster.network.nodes];
  const tcp = (why: string, ports: readonly (number | string)[], from: readonly string[] | undefined): Opening => ({
    why,
    protocol: 'tcp',
    ports: ports.map(String),
    from,
  });
  return [
    tcp('SSH', [node.ssh.port], undefined),
    ...overlayNetwork(cluster, nodes),
    tcp('kubelet', [10_250], nodes),
    tcp('node-exporter', [9100], nodes),
    ...controlPlane(node, cluster, lan),
    ...(['tcp', 'udp'] as const).map(
      (protocol): Opening => ({
        why: 'NodePorts',
        protocol,
        ports: [`${nodePorts.first}-${nodePorts.last}`],
        from: undefined,
      }),
    ),
    ...hostServices(node, cluster, lan),
    ...endpointPorts(node, cluster).map(([name, port]) => tcp(name, [port], lan)),
    ...node.openPorts.map(
      ({ protocol, ports }): Opening => ({ why: 'open-ports', protocol, ports: [ports], from: lan }),
    ),
  ];
}

function overlayNetwork(cluster: Cluster, nodes: readonly string[]): readonly Opening[] {
  const { encapsulation, bgp } = cluster.network.cni;
  const openings: Opening[] = [];
  if (encapsulation === 'ipip') openings.push({ why: 'Calico, IP in IP', protocol: 'ipip', ports: [], from: nodes });
  if (encapsulation === 'vxlan') openings.push({ why: 'Calico, VXLAN', protocol: 'udp', ports: ['4789'], from: nodes });
  if (bgp) openings.push({ why: 'Calico, BGP', protocol: 'tcp', ports: ['179'], from: nodes });
  return openings;
}

function controlPlane(node: ClusterNode, cluster: Cluster, lan: readonly string[]): readonly Opening[] {
  if (!node.roles.includes('control-plane')) return [];
  const others = nodesWithRole(cluster, 'control-plane').map(({ address }) => address);
  return [
    { why: 'Kubernetes API', protocol: 'tcp', ports: ['6443'], from: lan },
    { why: 'etcd', protocol: 'tcp', ports: ['2379-2380'], from: others },
  ];
}

function hostServices(node: ClusterNode, cluster: Cluster, lan: readonly string[]): readonly Opening[] {
  const { ntp, syslog, kerberos } = cluster.services;
  const clients = cluster.storage
    .filter((storage) => storage.node === node.name)
    .flatMap((storage) => clientsOf(cluster, storage).map(({ address }) => address));
  const openings: Opening[] = [];
  if (ntp.server === node.name) openings.push({ why: 'time', protocol: 'udp', ports: ['123'], from: lan });
  if (syslog?.server === node.name)
    openings.push({ why: 'system logs', protocol: 'tcp', ports: [String(syslogPort), String(receiptPort)], from: lan });
  if (kerberos?.provider === 'mit' && kerberos.server === node.name) {
    // 464: where people change their own password.
    for (const protocol of ['tcp', 'udp'] as const)
      openings.push({ why: 'Kerberos', protocol, ports: ['88', '464'], from: lan });
  }
  if (clients.length > 0) openings.push({ why: 'NFS', protocol: 'tcp', ports: ['2049'], from: [...new Set(clients)] });
  return openings;
}

/** Ports of the model's endpoints at this node's address that are neither NodePorts nor the API, for example Loki's host port. */
function endpointPorts(node: ClusterNode, cluster: Cluster): readonly (readonly [name: string, port: number])[] {
  return cluster.endpoints
    .filter(
      ({ address, port }) =>
        address === node.address && port !== 6443 && (port < nodePorts.first || port > nodePorts.last),
    )
    .map(({ title, port }) => [title, port] as const);
}
