import { PatchStrategy, setHeaderOptions, type V1Deployment, type V1ReplicaSet } from '@kubernetes/client-node';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { puppetDeployment } from './objects.ts';
import { isReady, livePods, playAllReady, playReady } from './puppets.ts';
import type { Scratch } from './scratch.ts';

const strategic = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch);
const revisionKey = 'deployment.kubernetes.io/revision';

type Spec = Partial<NonNullable<V1Deployment['spec']>>;

/** Deploys `web`, whose pods no node takes, at version 1. */
async function deploy(scratch: Scratch, spec: Spec): Promise<string> {
  const namespace = await scratch.namespace();
  const body = puppetDeployment(namespace, 'web', spec, 'web:1');
  await scratch.subject.apps.createNamespacedDeployment({ namespace, body });
  return namespace;
}

async function read({ subject }: Scratch, namespace: string): Promise<V1Deployment> {
  return subject.apps.readNamespacedDeployment({ name: 'web', namespace });
}

async function change({ subject }: Scratch, namespace: string, spec: object): Promise<void> {
  await subject.apps.patchNamespacedDeployment({ name: 'web', namespace, body: { spec } }, strategic);
}

const toImage = (image: string) => ({ template: { spec: { containers: [{ name: 'main', image }] } } });

async function setsOf({ subject }: Scratch, namespace: string): Promise<V1ReplicaSet[]> {
  const { items } = await subject.apps.listNamespacedReplicaSet({ namespace, labelSelector: 'app=web' });
  return items;
}

function imageOf(set: V1ReplicaSet): string {
  return set.spec?.template?.spec?.containers[0]?.image ?? '';
}

/** Pods that live, by image. */
async function counts(scratch: Scratch, namespace: string): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const pod of await livePods(scratch, namespace, 'app=web')) {
    const image = pod.spec?.containers[0]?.image ?? '';
    found[image] = (found[image] ?? 0) + 1;
  }
  return found;
}

async function countsAre(scratch: Scratch, namespace: string, wanted: Record<string, number>): Promise<void> {
  await scratch.until(`pods ${JSON.stringify(wanted)}`, async () => {
    const seen = await counts(scratch, namespace);
    return Object.keys({ ...seen, ...wanted }).every((image) => (seen[image] ?? 0) === (wanted[image] ?? 0));
  });
}

/** Reports new pods ready one after another until the rollout is complete; `check` looks between the steps. */
async function rollOut(
  scratch: Scratch,
  namespace: string,
  replicas: number,
  check: (seen: Record<string, number>) => void = () => undefined,
): Promise<V1Deployment> {
  return scratch.until('the end of the rollout', async () => {
    check(await counts(scratch, namespace));
    const waiting = (await livePods(scratch, namespace, 'app=web')).filter((pod) => !isReady(pod));
    if (waiting[0]) await playReady(scratch, waiting[0]);
    const live = await read(scratch, namespace);
    const { status, metadata } = live;
    const isDone =
      status?.observedGeneration === metadata?.generation &&
      status?.updatedReplicas === replicas &&
      status.replicas === replicas &&
      status.availableReplicas === replicas;
    return isDone && live;
  });
}

async function condition(scratch: Scratch, namespace: string, type: string, reason: string): Promise<string> {
  return scratch.until(`${type} ${reason}`, async () => {
    const { status } = await read(scratch, namespace);
    const found = status?.conditions?.find((item) => item.type === type && item.reason === reason);
    return found?.status;
  });
}

const rolling = [
  kubernetesCase('a rollout is complete when its pods are, and says so', async (scratch) => {
    const namespace = await deploy(scratch, { replicas: 2 });
    expect(await condition(scratch, namespace, 'Available', 'MinimumReplicasUnavailable')).toBe('False');
    const live = await rollOut(scratch, namespace, 2);
    expect(live.metadata?.annotations?.[revisionKey]).toBe('1');
    expect(await condition(scratch, namespace, 'Available', 'MinimumReplicasAvailable')).toBe('True');
    expect(await condition(scratch, namespace, 'Progressing', 'NewReplicaSetAvailable')).toBe('True');
    const [set] = await setsOf(scratch, namespace);
    const hash = set?.metadata?.labels?.['pod-template-hash'];
    expect(set?.metadata?.name).toBe(`web-${hash}`);
    expect(set?.metadata?.ownerReferences?.[0]).toMatchObject({ kind: 'Deployment', name: 'web', controller: true });
    for (const pod of await livePods(scratch, namespace, 'app=web')) {
      expect(pod.metadata?.labels?.['pod-template-hash']).toBe(hash);
      expect(pod.metadata?.name?.startsWith(`web-${hash}-`)).toBe(true);
    }
  }),
  kubernetesCase('maxSurge is never exceeded and nobody is missed when maxUnavailable is 0', async (scratch) => {
    const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
    const namespace = await deploy(scratch, { replicas: 3, strategy });
    await rollOut(scratch, namespace, 3);
    await change(scratch, namespace, toImage('web:2'));
    await countsAre(scratch, namespace, { 'web:1': 3, 'web:2': 1 });
    const check = (seen: Record<string, number>): void => {
      const total = (seen['web:1'] ?? 0) + (seen['web:2'] ?? 0);
      expect(total).toBeLessThanOrEqual(4);
      expect(total).toBeGreaterThanOrEqual(3);
    };
    await rollOut(scratch, namespace, 3, check);
    expect(await counts(scratch, namespace)).toEqual({ 'web:2': 3 });
  }),
  kubernetesCase('without a surge, as many as may be missing make room first', async (scratch) => {
    const strategy = { rollingUpdate: { maxSurge: 0, maxUnavailable: 2 } };
    const namespace = await deploy(scratch, { replicas: 3, strategy });
    await rollOut(scratch, namespace, 3);
    await change(scratch, namespace, toImage('web:2'));
    await countsAre(scratch, namespace, { 'web:1': 1, 'web:2': 2 });
    await rollOut(scratch, namespace, 3);
  }),
  kubernetesCase('Recreate ends all old pods before it starts a new one', async (scratch) => {
    const namespace = await deploy(scratch, { replicas: 2, strategy: { type: 'Recreate' } });
    await rollOut(scratch, namespace, 2);
    await change(scratch, namespace, toImage('web:2'));
    await rollOut(scratch, namespace, 2, (seen) => {
      expect(Object.values(seen).filter((count) => count > 0).length).toBeLessThanOrEqual(1);
    });
    expect(await counts(scratch, namespace)).toEqual({ 'web:2': 2 });
  }),
  kubernetesCase('a paused Deployment does not roll; resumed it does', async (scratch) => {
    const namespace = await deploy(scratch, { replicas: 1 });
    await rollOut(scratch, namespace, 1);
    await change(scratch, namespace, { paused: true, ...toImage('web:2') });
    expect(await condition(scratch, namespace, 'Progressing', 'DeploymentPaused')).toBe('Unknown');
    expect(await counts(scratch, namespace)).toEqual({ 'web:1': 1 });
    await change(scratch, namespace, { paused: null });
    await rollOut(scratch, namespace, 1);
    expect(await counts(scratch, namespace)).toEqual({ 'web:2': 1 });
  }),
  kubernetesCase('scaling is no rollout', async (scratch) => {
    const namespace = await deploy(scratch, { replicas: 1 });
    await rollOut(scratch, namespace, 1);
    await change(scratch, namespace, { replicas: 3 });
    const live = await rollOut(scratch, namespace, 3);
    expect(live.metadata?.annotations?.[revisionKey]).toBe('1');
    expect(await setsOf(scratch, namespace)).toHaveLength(1);
    await change(scratch, namespace, { replicas: 1 });
    await countsAre(scratch, namespace, { 'web:1': 1 });
  }),
  kubernetesCase('the pods that are not ready go first when there are too many', async (scratch) => {
    const namespace = await deploy(scratch, { replicas: 1 });
    await rollOut(scratch, namespace, 1);
    const [kept] = await livePods(scratch, namespace, 'app=web');
    await change(scratch, namespace, { replicas: 3 });
    await countsAre(scratch, namespace, { 'web:1': 3 });
    await change(scratch, namespace, { replicas: 1 });
    await countsAre(scratch, namespace, { 'web:1': 1 });
    const [left] = await livePods(scratch, namespace, 'app=web');
    expect(left?.metadata?.uid).toBe(kept?.metadata?.uid);
  }),
];

const history = [
  kubernetesCase(
    'every template has a revision; going back makes it the newest under its old ReplicaSet',
    async (scratch) => {
      const namespace = await deploy(scratch, { replicas: 1 });
      await rollOut(scratch, namespace, 1);
      const [first] = await setsOf(scratch, namespace);
      await change(scratch, namespace, toImage('web:2'));
      const second = await rollOut(scratch, namespace, 1);
      expect(second.metadata?.annotations?.[revisionKey]).toBe('2');
      await change(scratch, namespace, toImage('web:1'));
      const third = await rollOut(scratch, namespace, 1);
      expect(third.metadata?.annotations?.[revisionKey]).toBe('3');
      const sets = await setsOf(scratch, namespace);
      expect(sets).toHaveLength(2);
      const back = sets.find((set) => imageOf(set) === 'web:1');
      expect(back?.metadata?.uid).toBe(first?.metadata?.uid);
      expect(back?.metadata?.annotations).toMatchObject({
        [revisionKey]: '3',
        'deployment.kubernetes.io/revision-history': '1',
      });
    },
  ),
  kubernetesCase('only as many old ReplicaSets are kept as the limit says', async (scratch) => {
    const namespace = await deploy(scratch, { replicas: 1, revisionHistoryLimit: 1 });
    for (const image of ['web:2', 'web:3']) {
      await rollOut(scratch, namespace, 1);
      await change(scratch, namespace, toImage(image));
    }
    await rollOut(scratch, namespace, 1);
    await scratch.until('the end of the oldest', async () => {
      const images = (await setsOf(scratch, namespace)).map(imageOf);
      return images.toSorted().join() === 'web:2,web:3';
    });
  }),
  kubernetesCase('a rollout without progress is reported when its deadline is over, and recovers', async (scratch) => {
    const namespace = await deploy(scratch, { replicas: 1, progressDeadlineSeconds: 2 });
    expect(await condition(scratch, namespace, 'Progressing', 'ProgressDeadlineExceeded')).toBe('False');
    await playAllReady(scratch, namespace, 'app=web', 1);
    expect(await condition(scratch, namespace, 'Progressing', 'NewReplicaSetAvailable')).toBe('True');
  }),
  kubernetesCase('a pod counts as available only when it was ready for minReadySeconds', async (scratch) => {
    const namespace = await deploy(scratch, { replicas: 1, minReadySeconds: 3000, progressDeadlineSeconds: 3600 });
    const [pod] = await scratch.until('a pod', async () => {
      const pods = await livePods(scratch, namespace, 'app=web');
      return pods.length === 1 && pods;
    });
    if (!pod) throw new Error('there is no pod');
    const lastTransitionTime = new Date(pod.metadata?.creationTimestamp ?? 0).toISOString();
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] };
    const { name = '' } = pod.metadata ?? {};
    await scratch.subject.core.patchNamespacedPodStatus({ name, namespace, body: { status } }, strategic);
    await scratch.until('a ready pod', async () => (await read(scratch, namespace)).status?.readyReplicas === 1);
    expect((await read(scratch, namespace)).status?.availableReplicas ?? 0).toBe(0);
    await change(scratch, namespace, { minReadySeconds: 0 });
    await scratch.until(
      'an available pod',
      async () => (await read(scratch, namespace)).status?.availableReplicas === 1,
    );
  }),
];

/** Rollouts. Source: kubernetes.io/docs/concepts/workloads/controllers/deployment. */
export const deployments: Contract<KubernetesSubject> = {
  port: 'Kubernetes: deployments',
  cases: [...rolling, ...history],
};
