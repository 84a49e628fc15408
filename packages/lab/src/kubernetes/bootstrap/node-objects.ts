import { formatIpv4, parseCidr } from '@vmstation/core';
import { gitVersionOf, type LabClusterConfig, type LabClusterNode } from '../cluster-config.ts';
import { type BootstrapObject, bootstrapObject } from './bootstrap-object.ts';

/** The Node objects: labels, taints and pod ranges as the controllers of a fresh cluster assign them. They are not ready until a kubelet reports. */
export function nodeObjects(config: LabClusterConfig): readonly BootstrapObject[] {
  return config.nodes.map((node, index) => {
    const range = podRangeOf(config, index);
    return bootstrapObject(
      'nodes',
      'v1',
      'Node',
      { name: node.name, labels: labelsOf(node), annotations: annotationsOf(node, config) },
      {
        spec: {
          podCIDR: range,
          podCIDRs: [range],
          ...(node.taints === undefined || node.taints.length === 0
            ? {}
            : { taints: node.taints.map((taint) => ({ ...taint })) }),
        },
        status: {
          capacity: { ...node.capacity },
          allocatable: { ...node.capacity },
          addresses: [
            { type: 'InternalIP', address: node.ip },
            { type: 'Hostname', address: node.name },
          ],
          nodeInfo: nodeInfo(node, config),
        },
      },
    );
  });
}

/** The range of the n-th node: the controller manager hands them out in order. */
export function podRangeOf(config: LabClusterConfig, index: number): string {
  const pods = parseCidr(config.podCidr);
  if (pods === undefined) return config.podCidr;
  return `${formatIpv4(pods.base + index * 2 ** (32 - config.nodePrefix))}/${config.nodePrefix}`;
}

function labelsOf(node: LabClusterNode): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': 'amd64',
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': node.name,
    'kubernetes.io/os': 'linux',
    ...(node.roles.includes('control-plane') ? { 'node-role.kubernetes.io/control-plane': '' } : {}),
    ...node.labels,
  };
}

function annotationsOf(node: LabClusterNode, config: LabClusterConfig): Record<string, string> {
  return {
    'kubeadm.alpha.kubernetes.io/cri-socket': 'unix:///var/run/containerd/containerd.sock',
    'projectcalico.org/IPv4Address': `${node.ip}/24`,
    ...(config.calico.ipipMode === 'Never' ? {} : { 'projectcalico.org/IPv4IPIPTunnelAddr': '' }),
  };
}

function nodeInfo(node: LabClusterNode, config: LabClusterConfig): Record<string, string> {
  return {
    architecture: 'amd64',
    bootID: '',
    containerRuntimeVersion: node.containerRuntimeVersion,
    kernelVersion: node.kernelVersion,
    kubeProxyVersion: '',
    kubeletVersion: gitVersionOf(config),
    machineID: '',
    operatingSystem: 'linux',
    osImage: node.osImage,
    systemUUID: '',
  };
}
