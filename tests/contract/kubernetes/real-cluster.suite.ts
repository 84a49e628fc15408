import { readFileSync } from 'node:fs';
import { beforeAll } from 'vitest';
import { holdToContract } from '../contract-case.ts';
import { kubernetesContracts } from './kubernetes-contracts.ts';
import { type Capability, connectSubject, type KubernetesSubject } from './kubernetes-subject.ts';

/**
 * The same cases against the cluster of a kubeconfig, told by the environment:
 * VMSTATION_CONTRACT_KUBECONFIG=FILE [VMSTATION_CONTRACT_IMAGE=IMAGE] [VMSTATION_CONTRACT_CAPABILITIES=kubelets,forgotten-versions]
 * vitest run --config vitest.cluster.config.ts
 *
 * They make and remove namespaces, nodes without machines, volumes and roles; the name of each begins with `contract-`.
 */
const { env } = process;
let subject: KubernetesSubject;

const isCapability = (name: string): name is Capability => name === 'kubelets' || name === 'forgotten-versions';

beforeAll(async () => {
  const file = env['VMSTATION_CONTRACT_KUBECONFIG'];
  if (file === undefined) throw new Error('VMSTATION_CONTRACT_KUBECONFIG names no kubeconfig');
  subject = await connectSubject(readFileSync(file, 'utf8'), {
    namespacePrefix: 'contract',
    capabilities: (env['VMSTATION_CONTRACT_CAPABILITIES'] ?? 'kubelets').split(',').filter(isCapability),
    image: env['VMSTATION_CONTRACT_IMAGE'] ?? 'registry.k8s.io/pause:3.10',
    deadlineMs: 180_000,
  });
});

for (const contract of kubernetesContracts) holdToContract(contract, 'hosts', () => subject);
