import type { AppError } from '@vmstation/core';
import type { LabClusterConfig } from '../kubernetes/cluster-config.ts';
import type { ClusterFaults } from '../kubernetes/faults/cluster-faults.ts';
import type { NodeHost } from '../kubernetes/node-host.ts';
import type { LabNode } from './lab-node.ts';

/** The lab's Kubernetes as the daemon handles it. */
export interface LabCluster {
  readonly config: LabClusterConfig;
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  readonly kubeconfig: string;
  readonly faults: ClusterFaults;
  /** Where a port that workloads publish on a node's address answers on loopback; undefined when nothing publishes it. */
  loopbackPortOf(node: string, port: number): number | undefined;
  /** Writes of clients by resource since the lab's process opened the cluster; the cluster's own do not count. */
  writes(): Readonly<Record<string, number>>;
  /** Writes a little into its file. Throws lab/no-room. */
  proveRoom(): void;
  close(): Promise<void>;
}

/** What a cluster of the lab is opened with. */
export interface LabClusterParts {
  readonly file: string;
  readonly apiPort: number;
  /** Taken for each published port; kept over restarts. */
  readonly takePort: (purpose: string) => Promise<number>;
  readonly host: NodeHost;
  readonly log: (line: string) => void;
  /** Hears that a change of an object could not be written. */
  readonly noRoom: (error: AppError) => void;
}

/** The machines under the cluster, as kubelets see them. */
export function nodeHostOf(nodes: ReadonlyMap<string, Pick<LabNode, 'isUp' | 'machine' | 'save'>>): NodeHost {
  return {
    isUp: (node) => nodes.get(node)?.isUp === true,
    statPath(node, path) {
      const inode = nodes.get(node)?.machine.files.find(path);
      if (inode === undefined) return undefined;
      const { uid, gid, mode } = inode;
      const kind = inode.kind === 'directory' || inode.kind === 'device' ? inode.kind : 'file';
      return { kind, uid, gid, mode };
    },
    makeDirectory(node, path, mode) {
      const owner = nodes.get(node);
      owner?.machine.files.folder(path, { mode, uid: 0, gid: 0 });
      owner?.save();
    },
    changeGroup(node, path, gid) {
      const owner = nodes.get(node);
      const inode = owner?.machine.files.find(path);
      if (owner === undefined || inode === undefined || inode.gid === gid) return;
      inode.gid = gid;
      inode.volume.writes += 1;
      inode.volume.changed.add(inode);
      owner.save();
    },
  };
}
