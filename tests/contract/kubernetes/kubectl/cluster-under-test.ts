import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, vi } from 'vitest';
import { exampleCluster } from '../../../../packages/lab/src/kubernetes/testing/example-cluster.ts';
import { type Contract, holdToContract, type SideName } from '../../contract-case.ts';
import { parseServerVersion } from '../server-version.ts';
import { kubectlProgram } from './kubectl-program.ts';
import { type KubectlSubject, runKubectl } from './kubectl-subject.ts';

/** A cluster that is there until `close`. */
interface ClusterUnderTest {
  readonly subject: KubectlSubject;
  close(): Promise<void>;
}

/** A fresh cluster of the lab, or the one of VMSTATION_CONTRACT_KUBECONFIG. Rejects when there is no kubectl. */
async function clusterUnderTest(side: SideName): Promise<ClusterUnderTest> {
  const own = side === 'hosts' ? process.env['VMSTATION_CONTRACT_KUBECONFIG'] : undefined;
  if (side === 'hosts' && own === undefined) throw new Error('VMSTATION_CONTRACT_KUBECONFIG names no kubeconfig');
  const program = await kubectlProgram();
  const folder = await mkdtemp(join(tmpdir(), 'vmstation-kubectl-'));
  const lab = own === undefined ? await exampleCluster() : undefined;
  const close = async (): Promise<void> => {
    await lab?.cluster.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const kubeconfig = own === undefined ? join(folder, 'kubeconfig') : resolve(own);
    if (lab) await writeFile(kubeconfig, lab.cluster.adminKubeconfig(), { mode: 0o600 });
    return { subject: await subjectOf(program, kubeconfig, folder, side), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function subjectOf(program: string, kubeconfig: string, folder: string, side: SideName): Promise<KubectlSubject> {
  const { env } = process;
  const endingImage =
    env['VMSTATION_CONTRACT_ENDING_IMAGE'] ?? (side === 'embedded' ? 'registry.k8s.io/true:1' : undefined);
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const unversioned = {
    program,
    kubeconfig,
    folder,
    image: env['VMSTATION_CONTRACT_IMAGE'] ?? 'registry.k8s.io/pause:3.10',
    ...(endingImage === undefined ? {} : { endingImage }),
    deadlineSeconds: Number(env['VMSTATION_CONTRACT_DEADLINE_SECONDS'] ?? (side === 'embedded' ? 60 : 180)),
    namespaces: {
      create: (name: string) => api.createNamespace({ body: { metadata: { name } } }),
      remove: (name: string) => api.deleteNamespace({ name }),
    },
    version: { major: 1, minor: 0 },
  };
  const { exitCode, stdout, stderr } = await runKubectl(unversioned, ['version', '-o', 'json']);
  if (exitCode !== 0) throw new Error(`kubectl cannot reach the cluster of ${kubeconfig}: ${stderr}`);
  const { serverVersion } = JSON.parse(stdout) as { serverVersion: { gitVersion: string } };
  return { ...unversioned, version: parseServerVersion(serverVersion.gitVersion) };
}

/** Registers the cases of contracts: on a cluster of the lab that is the calling file's own, or on the operator's. */
export function holdKubectlTo(contracts: readonly Contract<KubectlSubject>[], side: SideName = 'embedded'): void {
  // A loaded computer makes a second of kubectl many.
  vi.setConfig({ testTimeout: side === 'embedded' ? 120_000 : 600_000 });
  let cluster: ClusterUnderTest | undefined;
  beforeAll(async () => {
    cluster = await clusterUnderTest(side);
  }, 240_000);
  afterAll(() => cluster?.close());
  for (const contract of contracts) {
    holdToContract(contract, side, () => {
      if (cluster === undefined) throw new Error('a case ran before its cluster was there');
      return cluster.subject;
    });
  }
}
