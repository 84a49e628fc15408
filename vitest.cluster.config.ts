import { defineConfig } from 'vitest/config';

/** The Kubernetes contract against a cluster of one's own; it says which when VMSTATION_CONTRACT_KUBECONFIG is missing. */
export default defineConfig({
  test: {
    include: [
      'tests/contract/kubernetes/real-cluster.suite.ts',
      'tests/contract/kubernetes/kubectl/real-cluster.suite.ts',
    ],
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
});
