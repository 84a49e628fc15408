import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, vi } from 'vitest';
import { exampleCluster } from '../../../../packages/lab/src/kubernetes/testing/example-cluster.ts';
import { type Contract, holdToContract, type SideName } from '../../contract-case.ts';
import { parseServerVersion } from '../server-version.ts';
import { kubectlProgram } from './kubectl-program.ts';
import { type KubectlSubject, runKubectl } from './kubectl-subject.ts';

/** Kubeconfig of a cluster to try the cases on instead of the lab's. They make namespaces of their own and drain one worker. */
const ownKubeconfig = process.env['VMSTATION_CONTRACT_KUBECONFIG'];

/** Which side the cases are tried on: the lab, unless VMSTATION_CONTRACT_KUBECONFIG names another cluster. */
const sideUnderTest: SideName = ownKubeconfig ? 'hosts' : 'embedded';

/** A cluster that is there until `close`. */
interface ClusterUnderTest {
  readonly subject: KubectlSubject;
  close(): Promise<void>;
}

/**
 * The cluster of VMSTATION_CONTRACT_KUBECONFIG (with VMSTATION_CONTRACT_IMAGE, VMSTATION_CONTRACT_ENDING_IMAGE and
 * VMSTATION_CONTRACT_DEADLINE_SECONDS where the defaults do not fit), else a fresh one of the lab. Rejects when there is no kubectl.
 */
async function clusterUnderTest(): Promise<ClusterUnderTest> {
  const program = await kubectlProgram();
  const folder = await mkdtemp(join(tmpdir(), 'vmstation-kubectl-'));
  const lab = ownKubeconfig ? undefined : await exampleCluster();
  const close = async (): Promise<void> => {
    await lab?.cluster.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const kubeconfig = ownKubeconfig ?? join(folder, 'kubeconfig');
    if (lab) await writeFile(kubeconfig, lab.cluster.adminKubeconfig(), { mode: 0o600 });
    return { subject: await subjectOf(program, kubeconfig, folder), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function subjectOf(program: string, kubeconfig: string, folder: string): Promise<KubectlSubject> {
  const { env } = process;
  const endingImage = env['VMSTATION_CONTRACT_ENDING_IMAGE'] ?? (ownKubeconfig ? undefined : 'registry.k8s.io/true:1');
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const unversioned = {
    program,
    kubeconfig,
    folder,
    image: env['VMSTATION_CONTRACT_IMAGE'] ?? 'registry.k8s.io/pause:3.10',
    ...(endingImage === undefined ? {} : { endingImage }),
    deadlineSeconds: Number(env['VMSTATION_CONTRACT_DEADLINE_SECONDS'] ?? 60),
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

/** Registers the cases of contracts, on a cluster of the calling file's own. */
export function holdKubectlTo(contracts: readonly Contract<KubectlSubject>[]): void {
  // A loaded computer makes a second of kubectl many.
  vi.setConfig({ testTimeout: 120_000 });
  let cluster: ClusterUnderTest | undefined;
  beforeAll(async () => {
    cluster = await clusterUnderTest();
  }, 240_000);
  afterAll(() => cluster?.close());
  for (const contract of contracts) {
    holdToContract(contract, sideUnderTest, () => {
      if (cluster === undefined) throw new Error('a case ran before its cluster was there');
      return cluster.subject;
    });
  }
}
