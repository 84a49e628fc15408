import { ApiException, KubeConfig } from '@kubernetes/client-node';
import type { LabClusterConfig, LabClusterNode } from '../cluster-config.ts';
import { createLabCluster, type LabKubernetes } from '../lab-cluster.ts';
import type { NodeHost, PathFacts } from '../node-host.ts';

function node(name: string, ip: string, more: Partial<LabClusterNode> = {}): LabClusterNode {
  return {
    name,
    ip,
    roles: ['worker'],
    capacity: { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '40Gi' },
    osImage: 'Debian GNU/Linux 12 (bookworm)',
    kernelVersion: '6.1.0-37-amd64',
    containerRuntimeVersion: 'containerd://2.2.3',
    ...more,
  };
}

/** The example cluster of three nodes. */
export const exampleConfig: LabClusterConfig = {
  version: '1.35.4',
  clusterName: 'vmstation',
  podCidr: '10.244.0.0/16',
  nodePrefix: 24,
  serviceCidr: '10.96.0.0/12',
  dnsServiceIp: '10.96.0.3',
  clusterDomain: 'cluster.local',
  proxyMode: 'nftables',
  calico: { ipipMode: 'Always', vxlanMode: 'Never', backend: 'bird', blockSize: 26 },
  nodes: [
    node('masternode', '192.168.4.63', {
      roles: ['control-plane'],
      taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
    }),
    node('storagenodet3500', '192.168.4.61'),
    node('homelab', '192.168.4.62'),
  ],
};

/** Machines in memory: all up, with the paths that a test gives them. */
export class MemoryHost implements NodeHost {
  readonly down = new Set<string>();
  readonly paths = new Map<string, PathFacts>();

  isUp(name: string): boolean {
    return !this.down.has(name);
  }

  statPath(name: string, path: string): PathFacts | undefined {
    return this.paths.get(`${name}:${path}`);
  }

  makeDirectory(name: string, path: string, mode: number): void {
    this.paths.set(`${name}:${path}`, { kind: 'directory', uid: 0, gid: 0, mode });
  }

  changeGroup(name: string, path: string, gid: number): void {
    const facts = this.paths.get(`${name}:${path}`);
    if (facts) this.paths.set(`${name}:${path}`, { ...facts, gid });
  }
}

/** A fresh example cluster that keeps nothing, and its machines. */
export async function exampleCluster(stateFile = ':memory:'): Promise<{ cluster: LabKubernetes; host: MemoryHost }> {
  const host = new MemoryHost();
  return { cluster: await createLabCluster(exampleConfig, stateFile, { host }), host };
}

/** The official client's configuration for a cluster's administrator. */
export function clientOf(cluster: LabKubernetes): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(cluster.adminKubeconfig());
  return config;
}

/** Polls until `probe` gives something. Throws after `timeoutMs`. */
export async function eventually<T>(probe: () => Promise<T | undefined | false>, timeoutMs = 5000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`nothing came within ${timeoutMs} ms: ${String(probe)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** The Status that a refused call was answered with. */
export async function refusal(call: Promise<unknown>): Promise<{ code: number; reason: string; message: string }> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    const status = (typeof error.body === 'string' ? JSON.parse(error.body) : error.body) as
      | { reason: string; message: string }
      | undefined;
    return { code: error.code, reason: status?.reason ?? '', message: status?.message ?? '' };
  }
  throw new Error('the call was not refused');
}
