import { PatchStrategy, setHeaderOptions, type V1ConfigMap } from '@kubernetes/client-node';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { configMap, puppetDeployment, puppetPod } from './objects.ts';
import { livePods } from './puppets.ts';
import { refusal } from './refusal.ts';
import type { Scratch } from './scratch.ts';

const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
const held = 'contract.example/held';

async function create(scratch: Scratch, name: string, more: object = {}): Promise<V1ConfigMap> {
  const namespace = await scratch.namespace();
  const body = { metadata: { name, ...more } };
  return scratch.subject.core.createNamespacedConfigMap({ namespace, body });
}

function ownedBy(owners: readonly V1ConfigMap[], block = false): object {
  const ownerReferences = owners.map(({ metadata }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    ...(block ? { blockOwnerDeletion: true } : {}),
  }));
  return { ownerReferences };
}

async function find(scratch: Scratch, name: string): Promise<V1ConfigMap | undefined> {
  const namespace = await scratch.namespace();
  const { items } = await scratch.subject.core.listNamespacedConfigMap({
    namespace,
    fieldSelector: `metadata.name=${name}`,
  });
  return items[0];
}

async function remove(scratch: Scratch, name: string, propagationPolicy?: string): Promise<void> {
  const namespace = await scratch.namespace();
  const body = propagationPolicy === undefined ? {} : { propagationPolicy };
  await scratch.subject.core.deleteNamespacedConfigMap({ name, namespace, body });
}

async function letGo(scratch: Scratch, name: string): Promise<void> {
  const namespace = await scratch.namespace();
  const body = { metadata: { finalizers: null } };
  await scratch.subject.core.patchNamespacedConfigMap({ name, namespace, body }, merge);
}

const isGone = (scratch: Scratch, name: string) => async () => (await find(scratch, name)) === undefined;

const finalizers = [
  kubernetesCase('an object with finalizers is marked, and goes when the last is removed', async (scratch) => {
    await create(scratch, 'one', { finalizers: [held] });
    await remove(scratch, 'one');
    const marked = await find(scratch, 'one');
    expect(marked?.metadata?.deletionTimestamp).toBeDefined();
    expect(marked?.metadata?.deletionGracePeriodSeconds).toBe(0);
    expect(marked?.metadata?.finalizers).toEqual([held]);
    await letGo(scratch, 'one');
    await scratch.until('its end', isGone(scratch, 'one'));
  }),
  kubernetesCase('an object that is going away takes no new finalizer', async (scratch) => {
    const namespace = await scratch.namespace();
    await create(scratch, 'one', { finalizers: [held] });
    await remove(scratch, 'one');
    const body = { metadata: { finalizers: [held, 'contract.example/late'] } };
    const late = scratch.subject.core.patchNamespacedConfigMap({ name: 'one', namespace, body }, merge);
    expect(await refusal(late)).toMatchObject({ code: 422, reason: 'Invalid' });
    await letGo(scratch, 'one');
  }),
  kubernetesCase('a deletion cannot be taken back, and a second one changes nothing', async (scratch) => {
    const namespace = await scratch.namespace();
    await create(scratch, 'one', { finalizers: [held] });
    await remove(scratch, 'one');
    const first = await find(scratch, 'one');
    await remove(scratch, 'one');
    const body = { metadata: { deletionTimestamp: null } };
    await scratch.subject.core.patchNamespacedConfigMap({ name: 'one', namespace, body }, merge);
    const second = await find(scratch, 'one');
    expect(second?.metadata?.deletionTimestamp).toEqual(first?.metadata?.deletionTimestamp);
    expect(second?.metadata?.resourceVersion).toBe(first?.metadata?.resourceVersion);
    await letGo(scratch, 'one');
  }),
  kubernetesCase('finalizers and owners that are no names are 422', async (scratch) => {
    const bad = await refusal(create(scratch, 'one', { finalizers: ['no/such/name'] }));
    expect(bad.causes[0]?.field).toMatch(/^metadata\.finalizers/u);
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: '' }];
    const unowned = await refusal(create(scratch, 'two', { ownerReferences }));
    expect(unowned.causes[0]?.field).toMatch(/^metadata\.ownerReferences/u);
  }),
];

const owners = [
  kubernetesCase('Background: the owner goes at once, what it owned follows', async (scratch) => {
    const owner = await create(scratch, 'owner');
    await create(scratch, 'owned', ownedBy([owner]));
    await remove(scratch, 'owner', 'Background');
    expect(await find(scratch, 'owner')).toBeUndefined();
    await scratch.until('the end of what was owned', isGone(scratch, 'owned'));
  }),
  kubernetesCase('Foreground: the owner waits for what blocks its deletion', async (scratch) => {
    const owner = await create(scratch, 'owner');
    await create(scratch, 'owned', { ...ownedBy([owner], true), finalizers: [held] });
    await remove(scratch, 'owner', 'Foreground');
    await scratch.until('the mark on what is owned', async () => {
      return (await find(scratch, 'owned'))?.metadata?.deletionTimestamp !== undefined;
    });
    const waiting = await find(scratch, 'owner');
    expect(waiting?.metadata?.deletionTimestamp).toBeDefined();
    expect(waiting?.metadata?.finalizers).toContain('foregroundDeletion');
    await letGo(scratch, 'owned');
    await scratch.until('the end of the owner', isGone(scratch, 'owner'));
    expect(await find(scratch, 'owned')).toBeUndefined();
  }),
  kubernetesCase('Orphan: what was owned stays, without the reference', async (scratch) => {
    const owner = await create(scratch, 'owner');
    await create(scratch, 'owned', ownedBy([owner]));
    await remove(scratch, 'owner', 'Orphan');
    await scratch.until('the end of the owner', isGone(scratch, 'owner'));
    const left = await find(scratch, 'owned');
    expect(left?.metadata?.ownerReferences ?? []).toEqual([]);
    expect(left?.metadata?.deletionTimestamp).toBeUndefined();
  }),
  kubernetesCase('what has two owners stays until both are gone', async (scratch) => {
    const [first, second] = [await create(scratch, 'first'), await create(scratch, 'second')];
    await create(scratch, 'owned', ownedBy([first, second]));
    await remove(scratch, 'first', 'Background');
    await scratch.until('the loss of the first owner', async () => {
      return (await find(scratch, 'owned'))?.metadata?.ownerReferences?.length === 1;
    });
    await remove(scratch, 'second', 'Background');
    await scratch.until('the end of what was owned', isGone(scratch, 'owned'));
  }),
  kubernetesCase('what names an owner that never was is collected', async (scratch) => {
    const owner = configMap('', 'never');
    owner.metadata = { name: 'never', uid: '00000000-0000-4000-8000-000000000000' };
    await create(scratch, 'owned', ownedBy([owner]));
    await scratch.until('the end of what was owned', isGone(scratch, 'owned'));
  }),
  kubernetesCase(
    'a Deployment takes its ReplicaSets and pods with it, by default in the background',
    async (scratch) => {
      const namespace = await scratch.namespace();
      const { apps } = scratch.subject;
      await apps.createNamespacedDeployment({ namespace, body: puppetDeployment(namespace, 'web', { replicas: 2 }) });
      await scratch.until('two pods', async () => (await livePods(scratch, namespace, 'app=web')).length === 2);
      await apps.deleteNamespacedDeployment({ name: 'web', namespace });
      await scratch.until('the end of all', async () => {
        const sets = await apps.listNamespacedReplicaSet({ namespace });
        return sets.items.length === 0 && (await livePods(scratch, namespace, 'app=web')).length === 0;
      });
    },
  ),
  kubernetesCase(
    'an orphaned ReplicaSet keeps its pods and is taken over by a Deployment of the same selector',
    async (scratch) => {
      const namespace = await scratch.namespace();
      const { apps } = scratch.subject;
      const body = puppetDeployment(namespace, 'web');
      await apps.createNamespacedDeployment({ namespace, body });
      const [pod] = await scratch.until('a pod', async () => {
        const pods = await livePods(scratch, namespace, 'app=web');
        return pods.length === 1 && pods;
      });
      await apps.deleteNamespacedDeployment({ name: 'web', namespace, body: { propagationPolicy: 'Orphan' } });
      await scratch.until('the orphan', async () => {
        const { items } = await apps.listNamespacedReplicaSet({ namespace });
        return items.length === 1 && items[0]?.metadata?.ownerReferences === undefined;
      });
      await apps.createNamespacedDeployment({ namespace, body });
      await scratch.until('the adoption', async () => {
        const { items } = await apps.listNamespacedReplicaSet({ namespace });
        return items.length === 1 && items[0]?.metadata?.ownerReferences?.[0]?.kind === 'Deployment';
      });
      const [same] = await livePods(scratch, namespace, 'app=web');
      expect(same?.metadata?.uid).toBe(pod?.metadata?.uid);
    },
  ),
];

const pods = [
  kubernetesCase('a pod that no node has goes at once', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    await core.createNamespacedPod({ namespace, body: puppetPod(namespace, 'alone') });
    const gone = await core.deleteNamespacedPod({ name: 'alone', namespace });
    expect(gone).toMatchObject({ kind: 'Pod', metadata: { name: 'alone' } });
    expect(await refusal(core.readNamespacedPod({ name: 'alone', namespace }))).toMatchObject({ code: 404 });
  }),
  kubernetesCase('a pod on a node is marked with its grace, and grace 0 ends it by force', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const node = scratch.name('node');
    await scratch.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: node } });
    const body = puppetPod(namespace, 'bound');
    if (body.spec)
      Object.assign(body.spec, { nodeName: node, nodeSelector: undefined, terminationGracePeriodSeconds: 600 });
    await core.createNamespacedPod({ namespace, body });
    const marked = await core.deleteNamespacedPod({ name: 'bound', namespace });
    expect(marked).toMatchObject({ metadata: { deletionGracePeriodSeconds: 600 } });
    const shorter = await core.deleteNamespacedPod({ name: 'bound', namespace, gracePeriodSeconds: 300 });
    expect(shorter).toMatchObject({ metadata: { deletionGracePeriodSeconds: 300 } });
    await core.deleteNamespacedPod({ name: 'bound', namespace, gracePeriodSeconds: 0 });
    expect(await refusal(core.readNamespacedPod({ name: 'bound', namespace }))).toMatchObject({ code: 404 });
  }),
];

/** Deletion. Source: kubernetes.io/docs/concepts/architecture/garbage-collection and /overview/working-with-objects/finalizers. */
export const deletion: Contract<KubernetesSubject> = {
  port: 'Kubernetes API: deletion',
  cases: [...finalizers, ...owners, ...pods],
};
