import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { type AnyObject, puppetDeployment, puppetPod } from './objects.ts';
import { livePods, playAllReady } from './puppets.ts';
import { readRefusal } from './refusal.ts';
import type { Scratch } from './scratch.ts';
import { versionHolds } from './server-version.ts';
import type { WireReply } from './wire.ts';

interface Budget {
  readonly status?: {
    readonly disruptionsAllowed?: number;
    readonly currentHealthy?: number;
    readonly desiredHealthy?: number;
    readonly expectedPods?: number;
    readonly observedGeneration?: number;
  };
}

/** Budgets and evictions left beta in 1.21 and 1.22. */
const budgetVersion = ({ subject }: Scratch): string =>
  versionHolds('>=1.21', subject.version) ? 'policy/v1' : 'policy/v1beta1';
const evictionVersion = ({ subject }: Scratch): string =>
  versionHolds('>=1.22', subject.version) ? 'policy/v1' : 'policy/v1beta1';

async function makeBudget(scratch: Scratch, name: string, spec: object): Promise<void> {
  const namespace = await scratch.namespace();
  const selector = { matchLabels: { app: 'web' } };
  const budget: AnyObject = {
    apiVersion: budgetVersion(scratch),
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace },
    spec: { selector, ...spec },
  };
  await scratch.subject.objects.create(budget);
}

async function budgetIs(scratch: Scratch, name: string, wanted: NonNullable<Budget['status']>): Promise<void> {
  const namespace = await scratch.namespace();
  const path = `/apis/${budgetVersion(scratch)}/namespaces/${namespace}/poddisruptionbudgets/${name}`;
  await scratch.until(`the budget ${JSON.stringify(wanted)}`, async () => {
    const { status = {} } = (await scratch.subject.wire({ path })).body as Budget;
    return Object.entries(wanted).every(([field, value]) => (status as Record<string, number>)[field] === value);
  });
}

/** A Deployment whose pods are reported ready. */
async function readyWeb(scratch: Scratch, replicas: number): Promise<string[]> {
  const namespace = await scratch.namespace();
  const body = puppetDeployment(namespace, 'web', { replicas });
  await scratch.subject.apps.createNamespacedDeployment({ namespace, body });
  const pods = await playAllReady(scratch, namespace, 'app=web', replicas);
  return pods.map(({ metadata }) => metadata?.name ?? '');
}

async function evict(scratch: Scratch, name: string, query = ''): Promise<WireReply> {
  const namespace = await scratch.namespace();
  return scratch.subject.wire({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/pods/${name}/eviction${query}`,
    body: { apiVersion: evictionVersion(scratch), kind: 'Eviction', metadata: { name, namespace } },
  });
}

async function isThere(scratch: Scratch, name: string): Promise<boolean> {
  const pods = await livePods(scratch, await scratch.namespace(), 'app=web');
  return pods.some(({ metadata }) => metadata?.name === name);
}

/** Eviction. Source: kubernetes.io/docs/concepts/scheduling-eviction/api-eviction and /tasks/run-application/configure-pdb. */
export const eviction: Contract<KubernetesSubject> = {
  port: 'Kubernetes API: eviction',
  cases: [
    kubernetesCase('a pod without a budget is evicted', async (scratch) => {
      const [name = ''] = await readyWeb(scratch, 1);
      expect(await evict(scratch, name)).toMatchObject({ code: 201, body: { kind: 'Status', status: 'Success' } });
      expect(await isThere(scratch, name)).toBe(false);
    }),
    kubernetesCase('a budget that allows nothing answers 429 with the cause, and the pod stays', async (scratch) => {
      const [name = ''] = await readyWeb(scratch, 2);
      await makeBudget(scratch, 'tight', { minAvailable: 2 });
      await budgetIs(scratch, 'tight', {
        currentHealthy: 2,
        desiredHealthy: 2,
        expectedPods: 2,
        disruptionsAllowed: 0,
      });
      const reply = await evict(scratch, name);
      const refused = readRefusal(reply.code, reply.body);
      expect(refused).toMatchObject({ code: 429, reason: 'TooManyRequests' });
      expect(refused.message).toContain("Cannot evict pod as it would violate the pod's disruption budget.");
      expect(refused.causes).toEqual([
        {
          reason: 'DisruptionBudget',
          field: '',
          message: 'The disruption budget tight needs 2 healthy pods and has 2 currently',
        },
      ]);
      expect(await isThere(scratch, name)).toBe(true);
    }),
    kubernetesCase('a budget is spent: one goes, the next waits until another is healthy', async (scratch) => {
      const [first = '', second = ''] = await readyWeb(scratch, 2);
      await makeBudget(scratch, 'one', { maxUnavailable: 1 });
      await budgetIs(scratch, 'one', { disruptionsAllowed: 1 });
      expect((await evict(scratch, first)).code).toBe(201);
      expect((await evict(scratch, second)).code).toBe(429);
      await playAllReady(scratch, await scratch.namespace(), 'app=web', 2);
      await budgetIs(scratch, 'one', { disruptionsAllowed: 1, currentHealthy: 2 });
      expect((await evict(scratch, second)).code).toBe(201);
    }),
    kubernetesCase('a share of a budget is rounded up', async (scratch) => {
      await readyWeb(scratch, 3);
      await makeBudget(scratch, 'half', { minAvailable: '50%' });
      await budgetIs(scratch, 'half', { desiredHealthy: 2, currentHealthy: 3, disruptionsAllowed: 1 });
    }),
    kubernetesCase('a dry run of an eviction asks the budget and spends nothing', async (scratch) => {
      const [name = ''] = await readyWeb(scratch, 2);
      await makeBudget(scratch, 'one', { maxUnavailable: 1 });
      await budgetIs(scratch, 'one', { disruptionsAllowed: 1 });
      for (let times = 0; times < 2; times++) expect((await evict(scratch, name, '?dryRun=All')).code).toBe(201);
      expect(await isThere(scratch, name)).toBe(true);
      await budgetIs(scratch, 'one', { disruptionsAllowed: 1 });
    }),
    kubernetesCase('a pod that does not run yet is evicted whatever the budget says', async (scratch) => {
      const namespace = await scratch.namespace();
      await makeBudget(scratch, 'tight', { minAvailable: 1 });
      await scratch.subject.core.createNamespacedPod({ namespace, body: puppetPod(namespace, 'web', { app: 'web' }) });
      expect((await evict(scratch, 'web')).code).toBe(201);
    }),
    kubernetesCase('a pod of two budgets cannot be evicted, and is told why', async (scratch) => {
      const [name = ''] = await readyWeb(scratch, 2);
      for (const budget of ['one', 'two']) {
        await makeBudget(scratch, budget, { maxUnavailable: 1 });
        await budgetIs(scratch, budget, { disruptionsAllowed: 1 });
      }
      const { body } = await evict(scratch, name);
      expect(body).toMatchObject({ status: 'Failure', code: 500 });
      expect((body as { message: string }).message).toContain('more than one PodDisruptionBudget');
      expect(await isThere(scratch, name)).toBe(true);
    }),
    kubernetesCase('evicting what is absent is 404', async (scratch) => {
      expect(await evict(scratch, 'absent')).toMatchObject({ code: 404, body: { reason: 'NotFound' } });
    }),
    kubernetesCase('a budget without a selector’s pods allows nothing and fails nobody', async (scratch) => {
      await makeBudget(scratch, 'idle', { minAvailable: 1 });
      await budgetIs(scratch, 'idle', { expectedPods: 0, currentHealthy: 0, disruptionsAllowed: 0 });
    }),
  ],
};
