import { existsSync } from 'node:fs';
import { isNoRoom } from '../disk/no-room.ts';
import type { LabClusterConfig } from '../kubernetes/cluster-config.ts';
import {
  createLabCluster,
  type LabClusterPorts,
  type LabKubernetes,
  openLabCluster,
} from '../kubernetes/lab-cluster.ts';
import type { LabCluster, LabClusterParts } from './lab-cluster.ts';
import { PublishedListeners } from './published-listeners.ts';

/** Opens the cluster that the file keeps; undefined when no installer has made one. */
export async function openKeptCluster(parts: LabClusterParts): Promise<LabCluster | undefined> {
  if (!existsSync(parts.file)) return undefined;
  const opened = await openLabCluster(parts.file, portsOf(parts));
  return opened === undefined ? undefined : publish(opened, parts);
}

/** Makes a cluster from an installer's decisions. Throws lab/cluster-exists. */
export async function createCluster(config: LabClusterConfig, parts: LabClusterParts): Promise<LabCluster> {
  return publish(await createLabCluster(config, parts.file, portsOf(parts)), parts);
}

function portsOf({ host, apiPort, log, noRoom }: LabClusterParts): LabClusterPorts {
  return {
    host,
    apiPort,
    onError: (controller, error) => {
      if (isNoRoom(error)) noRoom(error);
      else log(`${controller}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    },
  };
}

function publish(kubernetes: LabKubernetes, { takePort, log }: LabClusterParts): LabCluster {
  const listeners = new PublishedListeners(kubernetes.store, takePort, log);
  return {
    config: kubernetes.config,
    server: kubernetes.url,
    kubeconfig: kubernetes.adminKubeconfig(),
    faults: kubernetes.faults,
    loopbackPortOf: (node, port) => listeners.loopbackPortOf(node, port),
    writes: () => ({ ...kubernetes.counters.client }),
    proveRoom: () => kubernetes.proveRoom(),
    async close() {
      await listeners.close();
      await kubernetes.close();
    },
  };
}
