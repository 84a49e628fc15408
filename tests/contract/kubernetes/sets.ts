import {
  PatchStrategy,
  setHeaderOptions,
  type V1DaemonSet,
  type V1Pod,
  type V1StatefulSet,
} from '@kubernetes/client-node';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { fakeNode, nodeGroupLabel } from './fake-nodes.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { puppetSpec } from './objects.ts';
import { isReady, livePods, playAllReady, playReady } from './puppets.ts';
import type { Scratch } from './scratch.ts';

const strategic = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch);

type StatefulSpec = Partial<NonNullable<V1StatefulSet['spec']>>;

async function makeStateful(scratch: Scratch, spec: StatefulSpec): Promise<string> {
  const namespace = await scratch.namespace();
  const body = {
    metadata: { name: 'db' },
    spec: {
      serviceName: 'db',
      replicas: 3,
      selector: { matchLabels: { app: 'db' } },
      template: { metadata: { labels: { app: 'db' } }, spec: puppetSpec('db:1') },
      ...spec,
    },
  };
  await scratch.subject.apps.createNamespacedStatefulSet({ namespace, body });
  return namespace;
}

const namesOf = (pods: readonly V1Pod[]): string[] => pods.map(({ metadata }) => metadata?.name ?? '').toSorted();
const imageOf = (pod: V1Pod): string => pod.spec?.containers[0]?.image ?? '';

async function podNamesAre(scratch: Scratch, namespace: string, wanted: readonly string[]): Promise<void> {
  await scratch.until(`pods ${wanted.join(', ')}`, async () => {
    return namesOf(await livePods(scratch, namespace, 'app=db')).join() === wanted.join();
  });
}

async function playOne(scratch: Scratch, namespace: string, name: string): Promise<void> {
  await playReady(scratch, { metadata: { name, namespace } });
}

async function patchStateful(scratch: Scratch, namespace: string, spec: object): Promise<void> {
  await scratch.subject.apps.patchNamespacedStatefulSet({ name: 'db', namespace, body: { spec } }, strategic);
}

const toImage = (image: string) => ({ template: { spec: { containers: [{ name: 'main', image }] } } });

const stateful = [
  kubernetesCase('a StatefulSet starts its pods in order, each when the one before is ready', async (scratch) => {
    const namespace = await makeStateful(scratch, {});
    await podNamesAre(scratch, namespace, ['db-0']);
    await playOne(scratch, namespace, 'db-0');
    await podNamesAre(scratch, namespace, ['db-0', 'db-1']);
    await playOne(scratch, namespace, 'db-1');
    await podNamesAre(scratch, namespace, ['db-0', 'db-1', 'db-2']);
    const [first] = await livePods(scratch, namespace, 'statefulset.kubernetes.io/pod-name=db-0');
    expect(first?.spec).toMatchObject({ hostname: 'db-0', subdomain: 'db' });
    await playOne(scratch, namespace, 'db-2');
    await scratch.until('its status', async () => {
      const { status } = await scratch.subject.apps.readNamespacedStatefulSet({ name: 'db', namespace });
      return status?.readyReplicas === 3 && status.currentRevision === status.updateRevision;
    });
  }),
  kubernetesCase('it ends them from the last, and a lost one comes back under its name', async (scratch) => {
    const namespace = await makeStateful(scratch, { podManagementPolicy: 'Parallel' });
    const pods = await playAllReady(scratch, namespace, 'app=db', 3);
    expect(namesOf(pods)).toEqual(['db-0', 'db-1', 'db-2']);
    await scratch.subject.core.deleteNamespacedPod({ name: 'db-1', namespace });
    const again = await playAllReady(scratch, namespace, 'app=db', 3);
    expect(namesOf(again)).toEqual(['db-0', 'db-1', 'db-2']);
    await patchStateful(scratch, namespace, { replicas: 1 });
    await podNamesAre(scratch, namespace, ['db-0']);
  }),
  kubernetesCase('an update goes from the last to the partition', async (scratch) => {
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } };
    const namespace = await makeStateful(scratch, { updateStrategy, podManagementPolicy: 'Parallel' });
    await playAllReady(scratch, namespace, 'app=db', 3);
    await patchStateful(scratch, namespace, toImage('db:2'));
    await scratch.until('the update of the last two', async () => {
      const pods = await playAllReady(scratch, namespace, 'app=db', 3);
      const images = Object.fromEntries(pods.map((pod) => [pod.metadata?.name ?? '', imageOf(pod)]));
      return images['db-1'] === 'db:2' && images['db-2'] === 'db:2' && images['db-0'] === 'db:1';
    });
    const { status } = await scratch.subject.apps.readNamespacedStatefulSet({ name: 'db', namespace });
    expect(status?.currentRevision).not.toBe(status?.updateRevision);
  }),
  kubernetesCase('every pod has claims of its own, which outlive the set', async (scratch) => {
    const template = {
      metadata: { name: 'data' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: scratch.name('class'),
        resources: { requests: { storage: '1Gi' } },
      },
    };
    const namespace = await makeStateful(scratch, {
      replicas: 2,
      podManagementPolicy: 'Parallel',
      volumeClaimTemplates: [template],
    });
    await podNamesAre(scratch, namespace, ['db-0', 'db-1']);
    const { apps, core } = scratch.subject;
    const claims = async () =>
      (await core.listNamespacedPersistentVolumeClaim({ namespace })).items.map(({ metadata }) => metadata?.name ?? '');
    expect((await claims()).toSorted()).toEqual(['data-db-0', 'data-db-1']);
    const [first] = await livePods(scratch, namespace, 'statefulset.kubernetes.io/pod-name=db-0');
    const volume = first?.spec?.volumes?.find(({ name }) => name === 'data');
    expect(volume?.persistentVolumeClaim?.claimName).toBe('data-db-0');
    await apps.deleteNamespacedStatefulSet({ name: 'db', namespace });
    await podNamesAre(scratch, namespace, []);
    expect(await claims()).toHaveLength(2);
  }),
  kubernetesCase('revisions of a set are kept as ControllerRevisions', async (scratch) => {
    const namespace = await makeStateful(scratch, { replicas: 1 });
    const { apps } = scratch.subject;
    await playAllReady(scratch, namespace, 'app=db', 1);
    await patchStateful(scratch, namespace, toImage('db:2'));
    await scratch.until('two revisions', async () => {
      const { items } = await apps.listNamespacedControllerRevision({ namespace });
      return (
        items
          .map(({ revision }) => revision)
          .toSorted((left, right) => left - right)
          .join() === '1,2'
      );
    });
  }),
];

type DaemonSpec = Partial<NonNullable<V1DaemonSet['spec']>>;

async function makeDaemon(scratch: Scratch, group: string, spec: DaemonSpec = {}): Promise<string> {
  const namespace = await scratch.namespace();
  const template = { metadata: { labels: { app: 'agent' } }, spec: puppetSpec('agent:1') };
  template.spec.nodeSelector = { [nodeGroupLabel]: group };
  const body = {
    metadata: { name: 'agent' },
    spec: { selector: { matchLabels: { app: 'agent' } }, template, ...spec },
  };
  await scratch.subject.apps.createNamespacedDaemonSet({ namespace, body });
  return namespace;
}

async function nodesServed(scratch: Scratch, namespace: string): Promise<string[]> {
  const pods = await livePods(scratch, namespace, 'app=agent');
  return pods.flatMap(({ spec }) => (spec?.nodeName === undefined ? [] : [spec.nodeName])).toSorted();
}

async function servedAre(scratch: Scratch, namespace: string, nodes: readonly string[]): Promise<void> {
  await scratch.until(`a pod on each of ${nodes.join(', ')}`, async () => {
    return (await nodesServed(scratch, namespace)).join() === nodes.toSorted().join();
  });
}

const daemons = [
  kubernetesCase(
    'a DaemonSet has a pod on each node of its selector, also on those that come and go',
    async (scratch) => {
      const group = scratch.name('group');
      const first = await fakeNode(scratch, group);
      await fakeNode(scratch, scratch.name('elsewhere'));
      const namespace = await makeDaemon(scratch, group);
      await servedAre(scratch, namespace, [first]);
      const second = await fakeNode(scratch, group);
      await servedAre(scratch, namespace, [first, second]);
      await scratch.until('its status', async () => {
        const { status } = await scratch.subject.apps.readNamespacedDaemonSet({ name: 'agent', namespace });
        return status?.desiredNumberScheduled === 2 && status.currentNumberScheduled === 2 && status.numberReady === 0;
      });
      await scratch.subject.core.patchNode(
        { name: first, body: { metadata: { labels: { [nodeGroupLabel]: null } } } },
        strategic,
      );
      await servedAre(scratch, namespace, [second]);
    },
  ),
  kubernetesCase('its pods bear a cordon and a lost node, but not a taint of somebody else', async (scratch) => {
    const group = scratch.name('group');
    await fakeNode(scratch, group, { taints: [{ key: 'kept', effect: 'NoSchedule' }] });
    const cordoned = await fakeNode(scratch, group, {
      taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }],
    });
    const namespace = await makeDaemon(scratch, group);
    await servedAre(scratch, namespace, [cordoned]);
    const [pod] = await livePods(scratch, namespace, 'app=agent');
    const keys = pod?.spec?.tolerations?.map(({ key }) => key);
    expect(keys).toEqual(
      expect.arrayContaining([
        'node.kubernetes.io/not-ready',
        'node.kubernetes.io/unreachable',
        'node.kubernetes.io/unschedulable',
      ]),
    );
  }),
  kubernetesCase('an update replaces one pod after another', async (scratch) => {
    const group = scratch.name('group');
    for (let count = 0; count < 3; count++) await fakeNode(scratch, group);
    const namespace = await makeDaemon(scratch, group);
    await playAllReady(scratch, namespace, 'app=agent', 3);
    await scratch.subject.apps.patchNamespacedDaemonSet(
      { name: 'agent', namespace, body: { spec: toImage('agent:2') } },
      strategic,
    );
    await scratch.until('the end of the update', async () => {
      const pods = await livePods(scratch, namespace, 'app=agent');
      expect(pods.filter(isReady).length).toBeGreaterThanOrEqual(2);
      const waiting = pods.find((pod) => !isReady(pod));
      if (waiting) await playReady(scratch, waiting);
      return pods.length === 3 && pods.every((pod) => isReady(pod) && imageOf(pod) === 'agent:2');
    });
  }),
];

/** StatefulSets and DaemonSets. Source: kubernetes.io/docs/concepts/workloads/controllers. */
export const sets: Contract<KubernetesSubject> = {
  port: 'Kubernetes: sets',
  cases: [...stateful, ...daemons],
};
