import type { Cluster, ClusterNode, Resource } from '@vmstation/core';
import type { SetupRole } from '../setup-role.ts';

/** Kernel settings that Kubernetes and Calico rely on. A value that contradicts one of these is refused at planning. */
export const kernelSettings: Readonly<Record<string, string>> = {
  'net.ipv4.ip_forward': '1',
  'net.bridge.bridge-nf-call-iptables': '1',
  'net.bridge.bridge-nf-call-ip6tables': '1',
  'fs.inotify.max_user_instances': '8192',
  'fs.inotify.max_user_watches': '524288',
  'vm.overcommit_memory': '1',
  'kernel.panic': '10',
  'kernel.panic_on_oops': '1',
};

const encapsulationModules = { ipip: ['ipip'], vxlan: ['vxlan'], none: [] } as const;

/** Kernel modules, kernel settings, swap, host name and the addresses of all nodes. */
export const nodePreparationRole: SetupRole = {
  name: 'node-preparation',
  title: 'Node preparation',
  why: 'Kubernetes needs these modules and settings, no swap, and names that resolve before there is a cluster DNS',
  phase: 'setup',
  declare: (node, { cluster }) => [
    { kind: 'hostname', name: node.name },
    hostsEntries(cluster),
    ...kernelModules(node, cluster),
    ...Object.entries(kernelSettings).map(([key, value]): Resource => kernelSetting(key, value)),
    { kind: 'swap', ensure: 'off' },
  ],
};

const hostsOf = new WeakMap<Cluster, Resource>();

/** The same lines on every node, and therefore one object: on a wide cluster a list for each node would fill the memory. */
function hostsEntries(cluster: Cluster): Resource {
  const known = hostsOf.get(cluster);
  if (known !== undefined) return known;
  const entries = cluster.nodes.map(({ name, address }) => ({ address, names: [`${name}.${cluster.domain}`, name] }));
  const made: Resource = { kind: 'hosts-entries', name: 'nodes', entries };
  hostsOf.set(cluster, made);
  return made;
}

function kernelModules(node: ClusterNode, cluster: Cluster): readonly Resource[] {
  const names = ['overlay', 'br_netfilter', 'nf_conntrack', ...encapsulationModules[cluster.network.cni.encapsulation]];
  const after = node.os === 'rhel-10' ? ({ after: ['package:kernel-modules-extra'] } as const) : {};
  return names.map((name) => ({ kind: 'kernel-module', name, ...after }));
}

function kernelSetting(key: string, value: string): Resource {
  // These keys do not exist before the module is loaded.
  const after = key.startsWith('net.bridge.') ? ({ after: ['kernel-module:br_netfilter'] } as const) : {};
  return { kind: 'sysctl', key, value, ...after };
}
