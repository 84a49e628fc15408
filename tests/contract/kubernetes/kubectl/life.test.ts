import { afterAll, beforeAll, describe, vi } from 'vitest';
import { holdToContract } from '../../contract-case.ts';
import { changeContract } from './cases/change.ts';
import { deleteAndWaitContract } from './cases/delete-and-wait.ts';
import { type ClusterUnderTest, clusterUnderTest, sideUnderTest } from './cluster-under-test.ts';

vi.setConfig({ testTimeout: 120_000 });

let cluster: ClusterUnderTest;

beforeAll(async () => {
  cluster = await clusterUnderTest();
}, 240_000);

afterAll(() => cluster.close());

describe.concurrent('kubectl', () => {
  for (const contract of [changeContract, deleteAndWaitContract])
    holdToContract(contract, sideUnderTest, () => cluster.subject);
});
