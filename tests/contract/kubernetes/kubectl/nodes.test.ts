import { afterAll, beforeAll, vi } from 'vitest';
import { holdToContract } from '../../contract-case.ts';
import { nodeContract } from './cases/nodes.ts';
import { type ClusterUnderTest, clusterUnderTest, sideUnderTest } from './cluster-under-test.ts';

vi.setConfig({ testTimeout: 120_000 });

let cluster: ClusterUnderTest;

beforeAll(async () => {
  cluster = await clusterUnderTest();
}, 240_000);

afterAll(() => cluster.close());

holdToContract(nodeContract, sideUnderTest, () => cluster.subject);
