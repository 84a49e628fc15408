import { afterAll, beforeAll, describe, vi } from 'vitest';
import { holdToContract } from '../../contract-case.ts';
import { applyContract } from './cases/apply.ts';
import { createContract } from './cases/create.ts';
import { getContract } from './cases/get.ts';
import { type ClusterUnderTest, clusterUnderTest, sideUnderTest } from './cluster-under-test.ts';

vi.setConfig({ testTimeout: 120_000 });

let cluster: ClusterUnderTest;

beforeAll(async () => {
  cluster = await clusterUnderTest();
}, 240_000);

afterAll(() => cluster.close());

describe.concurrent('kubectl', () => {
  for (const contract of [getContract, createContract, applyContract])
    holdToContract(contract, sideUnderTest, () => cluster.subject);
});
