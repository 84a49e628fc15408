import type { LabClusterConfig } from '../kubernetes/cluster-config.ts';
import type { LabEndpoint } from './lab-protocol.ts';

/** The lab's Kubernetes as the daemon handles it. */
export interface LabCluster {
  readonly config: LabClusterConfig;
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  readonly kubeconfig: string;
  /** Where the workloads that the model publishes answer. */
  readonly endpoints: readonly LabEndpoint[];
  /** Writes by resource since the cluster was made. */
  writes(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}
