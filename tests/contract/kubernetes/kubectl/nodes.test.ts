import { nodeContract } from './cases/nodes.ts';
import { holdKubectlTo } from './cluster-under-test.ts';

// One after the other: they share the nodes.
holdKubectlTo([nodeContract]);
