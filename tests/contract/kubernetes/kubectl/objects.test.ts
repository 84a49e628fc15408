import { describe } from 'vitest';
import { aboutContract } from './cases/about.ts';
import { accessContract } from './cases/access.ts';
import { applyContract } from './cases/apply.ts';
import { createContract } from './cases/create.ts';
import { describeContract } from './cases/describe.ts';
import { getContract } from './cases/get.ts';
import { holdKubectlTo } from './cluster-under-test.ts';

describe.concurrent('kubectl', () => {
  holdKubectlTo([aboutContract, accessContract, applyContract, createContract, describeContract, getContract]);
});
