import { aboutContract } from './cases/about.ts';
import { accessContract } from './cases/access.ts';
import { applyContract } from './cases/apply.ts';
import { changeContract } from './cases/change.ts';
import { createContract } from './cases/create.ts';
import { deleteAndWaitContract } from './cases/delete-and-wait.ts';
import { describeContract } from './cases/describe.ts';
import { getContract } from './cases/get.ts';
import { nodeContract } from './cases/nodes.ts';
import { holdKubectlTo } from './cluster-under-test.ts';

/**
 * The same cases against the cluster of a kubeconfig, told by the environment:
 * VMSTATION_CONTRACT_KUBECONFIG=FILE [VMSTATION_CONTRACT_IMAGE=IMAGE] [VMSTATION_CONTRACT_ENDING_IMAGE=IMAGE] [VMSTATION_CONTRACT_DEADLINE_SECONDS=180]
 * vitest run --config vitest.cluster.config.ts
 *
 * They make and remove namespaces `kubectl-case-…`; those of the nodes also cordon, taint and drain workers, of pods with the label app=web only.
 */
holdKubectlTo(
  [
    aboutContract,
    accessContract,
    applyContract,
    changeContract,
    createContract,
    deleteAndWaitContract,
    describeContract,
    getContract,
    nodeContract,
  ],
  'hosts',
);
