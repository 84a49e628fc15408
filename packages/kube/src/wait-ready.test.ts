import type { Clock, KubeObject } from '@vmstation/core';
import { expect, test } from 'vitest';
import { waitReady } from './wait-ready.ts';

const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'grafana', namespace: 'monitoring' };
const deployment: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'grafana', namespace: 'monitoring', generation: 1 },
  spec: { replicas: 1, selector: { matchLabels: { app: 'grafana' } } },
  status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1 },
};

/** A wait on a clock that sleeps by counting, over a pod whose container waits for what `waitingFor` says of that second. */
async function waited(waitingFor: (second: number) => string): Promise<{ seconds: number; reason: string }> {
  let nowMs = 0;
  const clock: Clock = {
    now: () => new Date(nowMs),
    sleep: async (ms) => {
      nowMs += ms;
    },
  };
  const pod = (): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'grafana-1', namespace: 'monitoring', labels: { app: 'grafana' } },
    spec: { nodeName: 'masternode' },
    status: { containerStatuses: [{ name: 'main', state: { waiting: { reason: waitingFor(nowMs / 1000) } } }] },
  });
  const node: KubeObject = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'masternode' },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  };
  const port = {
    get: async () => deployment,
    list: async ({ kind }: { readonly kind: string }) => (kind === 'Pod' ? [pod()] : kind === 'Node' ? [node] : []),
  };
  const [look] = await waitReady(port, clock, [ref], { timeoutMs: 600_000, stuckTimeoutMs: 90_000 });
  return { seconds: Math.round(nowMs / 1000), reason: look?.reason ?? '' };
}

test('a slow pull is waited for as long as the deadline allows', async () => {
  expect((await waited(() => 'ContainerCreating')).seconds).toBe(600);
});

test.each(['ImagePullBackOff', 'CrashLoopBackOff', 'CreateContainerConfigError'])(
  'a pod that stays in %s is not waited for to the end',
  async (state) => {
    const { seconds, reason } = await waited(() => state);
    expect(seconds).toBeGreaterThanOrEqual(90);
    expect(seconds).toBeLessThan(93);
    expect(reason).toContain(state);
  },
);

test('what mends itself in between starts the patience anew', async () => {
  const { seconds } = await waited((second) => (second > 60 && second < 70 ? 'ContainerCreating' : 'ErrImagePull'));
  expect(seconds).toBeGreaterThan(155);
  expect(seconds).toBeLessThan(165);
});
