/** How Calico carries pod traffic. Values are those of its IPPool. */
export interface CalicoConfig {
  readonly ipipMode: 'Always' | 'CrossSubnet' | 'Never';
  readonly vxlanMode: 'Always' | 'CrossSubnet' | 'Never';
  readonly backend: 'bird' | 'vxlan' | 'none';
  /** Prefix length of the block of pod addresses that a node gets. */
  readonly blockSize: number;
}

/** A taint of a node. */
export interface NodeTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** One machine of the cluster as the installer found and set it up. */
export interface LabClusterNode {
  readonly name: string;
  readonly ip: string;
  readonly roles: readonly ('control-plane' | 'worker')[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly NodeTaint[];
  /** Quantities, for example `{ cpu: '4', memory: '16Gi', pods: '110', 'ephemeral-storage': '100Gi' }`. */
  readonly capacity: Readonly<Record<string, string>>;
  readonly osImage: string;
  readonly kernelVersion: string;
  readonly containerRuntimeVersion: string;
}

/** What an installer decides about a cluster. Nothing else enters the cluster that is built from it. */
export interface LabClusterConfig {
  /** `1.35.4`, with or without a leading v. */
  readonly version: string;
  readonly clusterName: string;
  readonly podCidr: string;
  /** Prefix length of the pod range of one node. */
  readonly nodePrefix: number;
  readonly serviceCidr: string;
  readonly dnsServiceIp: string;
  /** Address that pods ask when a node-local DNS cache runs; undefined without one. */
  readonly nodeLocalDnsIp?: string;
  readonly clusterDomain: string;
  readonly proxyMode: 'iptables' | 'ipvs' | 'nftables';
  /** Inclusive, default 30000-32767. */
  readonly nodePortRange?: { readonly first: number; readonly last: number };
  readonly calico: CalicoConfig;
  readonly coreDnsVersion?: string;
  readonly calicoVersion?: string;
  readonly etcdVersion?: string;
  readonly nodes: readonly LabClusterNode[];
}

/** First and last NodePort. */
export function nodePortRangeOf(config: LabClusterConfig): { readonly first: number; readonly last: number } {
  return config.nodePortRange ?? { first: 30_000, last: 32_767 };
}

/** Version text as the API shows it: `v1.35.4`. */
export function gitVersionOf(config: LabClusterConfig): string {
  return `v${config.version.replace(/^v/u, '')}`;
}
