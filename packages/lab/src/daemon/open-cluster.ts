import { AppError } from '@vmstation/core';
import type { LabClusterConfig } from '../kubernetes/cluster-config.ts';
import type { LabCluster, LabClusterParts } from './lab-cluster.ts';

/** Opens the cluster that is kept in the file, or makes it from the configuration. */
export async function openCluster(config: LabClusterConfig, parts: LabClusterParts): Promise<LabCluster> {
  parts.log(`Kubernetes v${config.version} was asked for`);
  throw new AppError({
    code: 'lab/no-kubernetes',
    kind: 'environment',
    message: 'This lab has no Kubernetes yet.',
    tryThis: 'The machines can be used: setup and config run on them.',
  });
}
