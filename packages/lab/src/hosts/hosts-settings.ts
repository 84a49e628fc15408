import { existsSync } from 'node:fs';
import type { Cluster } from '@vmstation/core';
import { parseCidr } from '@vmstation/core';
import { defaultDirectory, defaultLayerPackages, type HostsLabSettings, type HostsMachine } from './settings.ts';

/** The only release that the lab's real machines have. */
const release = { os: 'debian-12', suite: 'bookworm' } as const;

/** Images of the lab, wherever this computer keeps them. */
export function imageSettings(): Omit<HostsLabSettings, 'machines'> {
  return {
    directory: process.env['VMSTATION_HOSTS_DIRECTORY'] ?? defaultDirectory,
    packages: defaultLayerPackages,
    suite: release.suite,
  };
}

/** The real machines that stand for the nodes of a model: freshly installed, with nothing but the operator's key. */
export function hostsSettingsOf(cluster: Cluster, owner: string, operatorKey: string): HostsLabSettings {
  const octets = octetsOf(cluster.nodes.map(({ address }) => address));
  const machines = cluster.nodes.map(
    (node, index): HostsMachine => ({
      name: node.name,
      octet: octets[index] ?? 0,
      model: {
        address: node.address,
        prefixLength: parseCidr(cluster.network.nodes)?.prefix ?? 24,
        gateway: cluster.network.gateway,
      },
      user: node.ssh.user,
      sshPort: node.ssh.port,
      ...(node.mac === undefined ? {} : { mac: node.mac }),
    }),
  );
  return { ...imageSettings(), owner, operatorKey, machines };
}

/** What the operator should know before anything is tried on these machines. */
export function notesOn(cluster: Cluster): readonly string[] {
  const others = cluster.nodes.filter(({ os }) => os !== release.os);
  const faces = others.map(
    ({ name, os }) =>
      `${name} is ${os} in the model; the lab's real machine is ${release.os}, and what is meant for ${os} fails on it`,
  );
  const bridge = existsSync('/proc/sys/net/bridge')
    ? []
    : ['This computer has no net.bridge settings, so its machines have none: `modprobe br_netfilter` gives it them.'];
  const sharing = new Set(cluster.storage.filter(({ share }) => share === 'nfs').map(({ node }) => node));
  const shares = [...sharing].map(
    (node) => `${node} exports NFS in the model; the lab's real machines have no kernel NFS server, so that fails`,
  );
  return [
    ...faces,
    ...bridge,
    ...shares,
    'Real machines of the lab carry no Kubernetes yet: infra and what needs it end blocked.',
  ];
}

/** Last parts of the lab's addresses: the model's own where they are all different, else in order. */
function octetsOf(addresses: readonly string[]): readonly number[] {
  const own = addresses.map((address) => Number(address.split('.').at(-1)));
  const fit = new Set(own).size === own.length && own.every((octet) => octet > 1 && octet < 255);
  return fit ? own : addresses.map((_, index) => index + 2);
}
