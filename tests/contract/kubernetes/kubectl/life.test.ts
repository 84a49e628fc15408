import { describe } from 'vitest';
import { changeContract } from './cases/change.ts';
import { deleteAndWaitContract } from './cases/delete-and-wait.ts';
import { holdKubectlTo } from './cluster-under-test.ts';

describe.concurrent('kubectl', () => {
  holdKubectlTo([changeContract, deleteAndWaitContract]);
});
