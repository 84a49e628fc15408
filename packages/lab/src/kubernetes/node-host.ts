/** A path on a node's disk. `mode` holds the permission bits. */
export interface PathFacts {
  readonly kind: 'directory' | 'file' | 'socket' | 'device';
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** A port that a workload holds open on a node. */
export interface NodeListener {
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  /** Whose port it is, for example `default/web (hostPort)`. */
  readonly owner: string;
}

/** The machines under the cluster, as kubelets see them. Nodes are named as in the cluster. */
export interface NodeHost {
  /** False while the machine is asleep, off or cut from the network. */
  isUp(node: string): boolean;
  /** Tells of every change of `isUp` with the node's name. Without it machines are looked at every second. */
  onUpChange?(listener: (node: string) => void): void;
  /** What lies at a path, or undefined when nothing does. */
  statPath(node: string, path: string): PathFacts | undefined;
  /** Makes a directory with its parents, owned by root. */
  makeDirectory(node: string, path: string, mode: number): void;
  /** Gives a directory tree to a group, as kubelet does for `fsGroup`. */
  changeGroup(node: string, path: string, gid: number): void;
  /** Told whenever the ports that workloads hold open on a node change. */
  setListeners?(node: string, listeners: readonly NodeListener[]): void;
}
