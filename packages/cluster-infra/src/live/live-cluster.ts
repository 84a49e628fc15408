/** One thing read from the cluster, or why it could not be read. */
export type Reading<Value> =
  | { readonly read: true; readonly value: Value }
  | { readonly read: false; readonly because: string };

/** A node as the API shows it. */
export interface LiveNode {
  readonly name: string;
  readonly ready: boolean;
  /** Kubelet's own word when it is not ready. */
  readonly reason: string;
  readonly version: string;
  readonly podRanges: readonly string[];
}

/** A Calico address pool. */
export interface LivePool {
  readonly name: string;
  readonly cidr: string;
  readonly ipipMode: string;
  readonly vxlanMode: string;
}

/** Where a range is written, and what stands there. */
export interface RangeSource {
  readonly place: string;
  readonly range: string;
}

/** What was read of a running cluster, for comparison with the model. */
export interface LiveCluster {
  readonly version: string;
  readonly nodes: Reading<readonly LiveNode[]>;
  readonly pools: Reading<readonly LivePool[]>;
  readonly calicoBackend: Reading<string>;
  readonly podRanges: Reading<readonly RangeSource[]>;
  readonly serviceRanges: Reading<readonly RangeSource[]>;
  readonly dns: Reading<{ readonly clusterIp: string; readonly ready: number; readonly wanted: number }>;
  readonly proxyMode: Reading<string>;
}
