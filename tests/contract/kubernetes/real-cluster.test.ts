import { readFileSync } from 'node:fs';
import { beforeAll, describe, test, vi } from 'vitest';
import { holdToContract } from '../contract-case.ts';
import { kubernetesContracts } from './kubernetes-contracts.ts';
import { type Capability, connectSubject, type KubernetesSubject } from './kubernetes-subject.ts';

/**
 * The same cases against any cluster, when its kubeconfig is named:
 * VMSTATION_CONTRACT_KUBECONFIG=FILE [VMSTATION_CONTRACT_IMAGE=pause:1] [VMSTATION_CONTRACT_CAPABILITIES=kubelets,…]
 * vitest run tests/contract/kubernetes/real-cluster.test.ts
 *
 * They make and remove namespaces, nodes without machines, volumes and roles whose names begin with `contract-`.
 */
const { env } = process;
const file = env['VMSTATION_CONTRACT_KUBECONFIG'];

const isCapability = (name: string): name is Capability => name === 'kubelets' || name === 'forgotten-versions';

if (file === undefined) {
  describe('Kubernetes API (a cluster of your own)', () => {
    test.skip('is tried only with VMSTATION_CONTRACT_KUBECONFIG set to the path of its kubeconfig', () => undefined);
  });
} else {
  vi.setConfig({ testTimeout: 600_000, hookTimeout: 60_000 });
  let subject: KubernetesSubject;
  beforeAll(async () => {
    subject = await connectSubject(readFileSync(file, 'utf8'), {
      namespacePrefix: 'contract',
      capabilities: (env['VMSTATION_CONTRACT_CAPABILITIES'] ?? 'kubelets').split(',').filter(isCapability),
      image: env['VMSTATION_CONTRACT_IMAGE'] ?? 'registry.k8s.io/pause:3.10',
      deadlineMs: 180_000,
    });
  });
  for (const contract of kubernetesContracts) holdToContract(contract, 'hosts', () => subject);
}
