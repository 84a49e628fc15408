import { type Cluster, type ClusterNode, type NodeOs, parseCidr } from '@vmstation/core';
import type { Face, MachineSpec } from '../machine/machine-spec.ts';

/** The lab has two faces; a machine of the model gets the one of its family. */
const faces: Readonly<Record<NodeOs, Face>> = {
  'debian-12': 'debian-12',
  'debian-13': 'debian-12',
  'rhel-9': 'rhel-10',
  'rhel-10': 'rhel-10',
};

/** What sudo asks for on simulated machines whose model has a password for it: the real one never gets there. */
export const labSudoPassword = 'sudo-in-the-lab';

/** The bare machine that stands for a node of the model: freshly installed, with nothing but the operator's key. */
export function machineSpecOf(cluster: Cluster, node: ClusterNode, operatorKey: string): MachineSpec {
  return {
    name: node.name,
    face: faces[node.os],
    ...(node.os === 'debian-13' || node.os === 'rhel-9' ? { release: node.os } : {}),
    nics: [
      {
        name: 'enp1s0',
        mac: node.mac ?? macOf(node.address),
        ip: node.address,
        prefixLength: parseCidr(cluster.network.nodes)?.prefix ?? 24,
        gateway: cluster.network.gateway,
      },
    ],
    operator: {
      name: node.ssh.user,
      authorizedKeys: [operatorKey],
      ...(node.ssh.sudoPassword === undefined ? { sudo: 'nopasswd' } : { sudo: 'password', password: labSudoPassword }),
    },
    domain: cluster.domain,
  };
}

/** A locally administered hardware address, made from the IP address. */
function macOf(address: string): string {
  return ['02:00', ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':');
}
