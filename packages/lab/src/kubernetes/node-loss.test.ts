import { expect, test } from 'vitest';
import type { ClusterClock } from './clock.ts';
import { createLabCluster } from './lab-cluster.ts';
import { exampleConfig, MemoryHost } from './testing/example-cluster.ts';

/** A clock that stands still until it is advanced; timers run in the order of their times. */
class VirtualClock implements ClusterClock {
  #nowMs = Date.parse('2026-11-23T00:00:00Z');
  #timers: { readonly atMs: number; readonly order: number; readonly action: () => void }[] = [];
  #order = 0;

  now(): number {
    return this.#nowMs;
  }

  setTimeout(action: () => void, delayMs: number): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((item) => item !== timer);
    };
  }

  advance(lengthMs: number): void {
    const endMs = this.#nowMs + lengthMs;
    for (;;) {
      this.#timers.sort((left, right) => left.atMs - right.atMs || left.order - right.order);
      const [next] = this.#timers;
      if (!next || next.atMs > endMs) break;
      this.#timers.shift();
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.action();
    }
    this.#nowMs = endMs;
  }
}

test('a node that goes quiet is NotReady after 40 s, its pods move after 5 minutes, and it comes back', async () => {
  const clock = new VirtualClock();
  const host = new MemoryHost();
  const errors: unknown[] = [];
  const cluster = await createLabCluster(exampleConfig, ':memory:', {
    host,
    clock,
    onError: (_name, error) => errors.push(error),
  });
  const ready = (): string | undefined =>
    cluster.store.get('nodes', '', 'homelab')?.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  const podsOnHomelab = (): string[] =>
    cluster.store
      .list('pods', 'kube-system')
      .filter(({ spec, metadata }) => spec?.nodeName === 'homelab' && !metadata.deletionTimestamp)
      .map(({ metadata }) => metadata.labels?.['k8s-app'] ?? '');
  clock.advance(10_000);
  expect(ready()).toBe('True');
  host.down.add('homelab');
  clock.advance(30_000);
  expect(ready()).toBe('True');
  clock.advance(20_000);
  expect(ready()).toBe('Unknown');
  const taints = cluster.store.get('nodes', '', 'homelab')?.spec?.taints?.map(({ key, effect }) => `${key}:${effect}`);
  expect(taints).toEqual(['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute']);
  clock.advance(320_000);
  expect(podsOnHomelab().filter((name) => name === 'coredns' || name === 'calico-kube-controllers')).toEqual([]);
  host.down.delete('homelab');
  clock.advance(20_000);
  expect(ready()).toBe('True');
  expect(cluster.store.get('nodes', '', 'homelab')?.spec?.taints).toBeUndefined();
  expect(errors).toEqual([]);
  await cluster.close();
});

test('an hour of cluster life passes in a moment', async () => {
  const clock = new VirtualClock();
  const cluster = await createLabCluster(exampleConfig, ':memory:', { host: new MemoryHost(), clock });
  const startedMs = performance.now();
  clock.advance(3_600_000);
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  const deployment = cluster.store.get('deployments.apps', 'kube-system', 'coredns');
  expect(deployment?.status?.availableReplicas).toBe(2);
  await cluster.close();
});
