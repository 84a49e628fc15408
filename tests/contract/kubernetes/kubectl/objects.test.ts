import { afterAll, beforeAll, describe, vi } from 'vitest';
import { holdToContract } from '../../contract-case.ts';
import { aboutContract } from './cases/about.ts';
import { accessContract } from './cases/access.ts';
import { applyContract } from './cases/apply.ts';
import { createContract } from './cases/create.ts';
import { describeContract } from './cases/describe.ts';
import { getContract } from './cases/get.ts';
import { type ClusterUnderTest, clusterUnderTest, sideUnderTest } from './cluster-under-test.ts';

vi.setConfig({ testTimeout: 120_000 });

let cluster: ClusterUnderTest;

beforeAll(async () => {
  cluster = await clusterUnderTest();
}, 240_000);

afterAll(() => cluster.close());

describe.concurrent('kubectl', () => {
  for (const contract of [getContract, createContract, applyContract, accessContract, aboutContract, describeContract])
    holdToContract(contract, sideUnderTest, () => cluster.subject);
});
