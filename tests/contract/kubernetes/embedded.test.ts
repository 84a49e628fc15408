import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLabCluster, type LabKubernetes, type NodeHost, openLabCluster } from '@vmstation/lab';
import { afterAll, beforeAll } from 'vitest';
import type { ClusterClock } from '../../../packages/lab/src/kubernetes/clock.ts';
import { exampleConfig } from '../../../packages/lab/src/kubernetes/testing/example-cluster.ts';
import { holdToContract } from '../contract-case.ts';
import { kubernetesContracts } from './kubernetes-contracts.ts';
import { connectSubject, type KubernetesSubject } from './kubernetes-subject.ts';

const rate = 40;
const startMs = Date.now();

/** A clock on which forty seconds pass in one: cases wait for conditions, so they need not know. */
const hurriedClock: ClusterClock = {
  now: () => startMs + (Date.now() - startMs) * rate,
  setTimeout: (action, delayMs) => {
    const timer = setTimeout(action, delayMs / rate);
    return () => clearTimeout(timer);
  },
};

const machines = new Set(exampleConfig.nodes.map(({ name }) => name));

/** Machines that are all up; behind a Node that a case makes stands none. */
const host: NodeHost = {
  isUp: (node) => machines.has(node),
  statPath: () => ({ kind: 'directory', uid: 0, gid: 0, mode: 0o755 }),
  makeDirectory: () => undefined,
  changeGroup: () => undefined,
};

let folder: string;
let lab: LabKubernetes;
let subject: KubernetesSubject;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubernetes-contract-'));
  const stateFile = join(folder, 'cluster.db');
  // Opened twice: an API server that was started anew has forgotten the first versions.
  const first = await createLabCluster(exampleConfig, stateFile, { host, clock: hurriedClock });
  await first.close();
  const again = await openLabCluster(stateFile, { host, clock: hurriedClock });
  if (!again) throw new Error('the cluster did not come back');
  lab = again;
  subject = await connectSubject(lab.adminKubeconfig(), {
    namespacePrefix: 'contract',
    capabilities: ['kubelets', 'forgotten-versions'],
    image: 'registry.k8s.io/pause:3.10',
    deadlineMs: 20_000,
  });
});

afterAll(async () => {
  await lab.close();
  await rm(folder, { recursive: true });
});

for (const contract of kubernetesContracts) holdToContract(contract, 'embedded', () => subject);
