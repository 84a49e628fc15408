import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { asking, fakeNode, livesWithoutKubelet, nodeGroupLabel, nodeOf, podFor, whyPending } from './fake-nodes.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { withFields } from './objects.ts';
import type { Scratch } from './scratch.ts';

const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

async function place(scratch: Scratch): Promise<{ namespace: string; group: string }> {
  return { namespace: await scratch.namespace(), group: scratch.name('group') };
}

type Pod = ReturnType<typeof podFor>;

async function create({ subject }: Scratch, pod: Pod): Promise<void> {
  await subject.core.createNamespacedPod({ namespace: pod.metadata?.namespace ?? '', body: pod });
}

const choosing = [
  kubernetesCase('a pod gets a node that its selector and its affinity name, and is told', async (scratch) => {
    const { namespace, group } = await place(scratch);
    await fakeNode(scratch, group, { labels: { disk: 'slow' } });
    const fast = await fakeNode(scratch, group, { labels: { disk: 'fast' } });
    const selector = { [nodeGroupLabel]: group, disk: 'fast' };
    await create(scratch, podFor(namespace, 'selected', group, { nodeSelector: selector }));
    const matchExpressions = [{ key: 'disk', operator: 'In', values: ['fast', 'faster'] }];
    const required = { nodeSelectorTerms: [{ matchExpressions }] };
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: required };
    await create(scratch, podFor(namespace, 'attached', group, { affinity: { nodeAffinity } }));
    expect(await nodeOf(scratch, namespace, 'selected')).toBe(fast);
    expect(await nodeOf(scratch, namespace, 'attached')).toBe(fast);
    const { core } = scratch.subject;
    const pod = await core.readNamespacedPod({ name: 'selected', namespace });
    expect(pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.status).toBe('True');
    await scratch.until('the event Scheduled', async () => {
      const fieldSelector = 'involvedObject.name=selected,reason=Scheduled';
      const { items } = await core.listNamespacedEvent({ namespace, fieldSelector });
      return items[0]?.message === `Successfully assigned ${namespace}/selected to ${fast}`;
    });
  }),
  kubernetesCase('a pod that no node fits waits and says why, and goes when one appears', async (scratch) => {
    const { namespace, group } = await place(scratch);
    await create(scratch, podFor(namespace, 'waits', group));
    const why = await whyPending(scratch, namespace, 'waits');
    expect(why).toMatch(/^0\/\d+ nodes are available: /u);
    expect(why).toMatch(/node\(s\) didn't match/u);
    const node = await fakeNode(scratch, group);
    expect(await nodeOf(scratch, namespace, 'waits')).toBe(node);
  }),
  kubernetesCase('the operators of node affinity: NotIn, Exists, DoesNotExist, Gt, Lt', async (scratch) => {
    const { namespace, group } = await place(scratch);
    const small = await fakeNode(scratch, group, { labels: { size: '3', odd: 'yes' } });
    const large = await fakeNode(scratch, group, { labels: { size: '8' } });
    const cases: [string, { key: string; operator: string; values?: string[] }, string][] = [
      ['notin', { key: 'size', operator: 'NotIn', values: ['3'] }, large],
      ['exists', { key: 'odd', operator: 'Exists' }, small],
      ['absent', { key: 'odd', operator: 'DoesNotExist' }, large],
      ['gt', { key: 'size', operator: 'Gt', values: ['5'] }, large],
      ['lt', { key: 'size', operator: 'Lt', values: ['5'] }, small],
    ];
    for (const [name, expression] of cases) {
      const matchExpressions = [expression];
      const required = { nodeSelectorTerms: [{ matchExpressions }] };
      const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
      await create(scratch, podFor(namespace, name, group, { affinity }));
    }
    for (const [name, , node] of cases) expect(await nodeOf(scratch, namespace, name)).toBe(node);
  }),
];

const taints = [
  kubernetesCase('a taint keeps pods away that do not tolerate it', async (scratch) => {
    const { namespace, group } = await place(scratch);
    const node = await fakeNode(scratch, group, { taints: [{ key: 'kept', value: 'for-me', effect: 'NoSchedule' }] });
    await create(scratch, podFor(namespace, 'stranger', group));
    const toleration = { key: 'kept', operator: 'Equal', value: 'for-me', effect: 'NoSchedule' };
    const tolerations = [...livesWithoutKubelet, toleration];
    await create(scratch, podFor(namespace, 'friend', group, { tolerations }));
    expect(await nodeOf(scratch, namespace, 'friend')).toBe(node);
    expect(await whyPending(scratch, namespace, 'stranger')).toMatch(/taint \{kept: for-me\}/u);
  }),
  kubernetesCase('a cordoned node takes nothing new, uncordoned it does again', async (scratch) => {
    const { namespace, group } = await place(scratch);
    const node = await fakeNode(scratch, group);
    const { core } = scratch.subject;
    await core.patchNode({ name: node, body: { spec: { unschedulable: true } } }, merge);
    await create(scratch, podFor(namespace, 'waits', group));
    expect(await whyPending(scratch, namespace, 'waits')).toContain('unschedulable');
    await core.patchNode({ name: node, body: { spec: { unschedulable: null } } }, merge);
    expect(await nodeOf(scratch, namespace, 'waits')).toBe(node);
  }),
  kubernetesCase('a taint NoExecute drives out pods that do not tolerate it', async (scratch) => {
    const { namespace, group } = await place(scratch);
    const node = await fakeNode(scratch, group);
    const toleration = { key: 'leave', operator: 'Exists', effect: 'NoExecute' };
    await create(scratch, podFor(namespace, 'goes', group));
    await create(scratch, podFor(namespace, 'stays', group, { tolerations: [...livesWithoutKubelet, toleration] }));
    for (const name of ['goes', 'stays']) await nodeOf(scratch, namespace, name);
    const { core } = scratch.subject;
    const taint = { key: 'leave', effect: 'NoExecute' };
    const strategic = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch);
    await core.patchNode({ name: node, body: { spec: { taints: [taint] } } }, strategic);
    await scratch.until('the end of one', async () => {
      const { items } = await core.listNamespacedPod({ namespace });
      return items.length === 1 && items[0]?.metadata?.name === 'stays';
    });
  }),
];

const capacity = [
  kubernetesCase('requests are summed, and a place is given again when a pod goes', async (scratch) => {
    const { namespace, group } = await place(scratch);
    const node = await fakeNode(scratch, group, { allocatable: { cpu: '1' } });
    await create(scratch, podFor(namespace, 'first', group, asking({ cpu: '600m' })));
    expect(await nodeOf(scratch, namespace, 'first')).toBe(node);
    await create(scratch, podFor(namespace, 'second', group, asking({ cpu: '500m' })));
    expect(await whyPending(scratch, namespace, 'second')).toContain('Insufficient cpu');
    await scratch.subject.core.deleteNamespacedPod({ name: 'first', namespace, gracePeriodSeconds: 0 });
    expect(await nodeOf(scratch, namespace, 'second')).toBe(node);
  }),
  kubernetesCase('memory, and what a node counts by another name, are not lent either', async (scratch) => {
    const { namespace, group } = await place(scratch);
    const node = await fakeNode(scratch, group, { allocatable: { 'contract.example/thing': '1' } });
    await create(scratch, podFor(namespace, 'large', group, asking({ memory: '5Gi' })));
    expect(await whyPending(scratch, namespace, 'large')).toContain('Insufficient memory');
    await create(scratch, podFor(namespace, 'greedy', group, asking({ 'contract.example/thing': '2' })));
    expect(await whyPending(scratch, namespace, 'greedy')).toContain('Insufficient contract.example/thing');
    await create(scratch, podFor(namespace, 'modest', group, asking({ 'contract.example/thing': '1' })));
    expect(await nodeOf(scratch, namespace, 'modest')).toBe(node);
  }),
  kubernetesCase('a node takes as many pods as it says', async (scratch) => {
    const { namespace, group } = await place(scratch);
    const node = await fakeNode(scratch, group, { allocatable: { pods: '0' } });
    await create(scratch, podFor(namespace, 'waits', group));
    expect(await whyPending(scratch, namespace, 'waits')).toContain('Too many pods');
    const status = { allocatable: { pods: '20' } };
    await scratch.subject.core.patchNodeStatus({ name: node, body: { status } }, merge);
    expect(await nodeOf(scratch, namespace, 'waits')).toBe(node);
  }),
  kubernetesCase('a port of the node is given once', async (scratch) => {
    const { namespace, group } = await place(scratch);
    await fakeNode(scratch, group);
    const ports = [{ containerPort: 8080, hostPort: 18_080 }];
    const containers = [{ name: 'main', image: 'contract.example/none:1', ports }];
    await create(scratch, podFor(namespace, 'first', group, { containers }));
    await nodeOf(scratch, namespace, 'first');
    await create(scratch, podFor(namespace, 'second', group, { containers }));
    expect(await whyPending(scratch, namespace, 'second')).toContain("didn't have free ports");
  }),
  kubernetesCase('a pod of higher priority takes the place of a lower one', async (scratch) => {
    const { namespace, group } = await place(scratch);
    const node = await fakeNode(scratch, group, { allocatable: { cpu: '1' } });
    const high = scratch.name('high');
    const priority = {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: high },
      value: 1000,
    };
    await scratch.create(priority);
    await create(scratch, podFor(namespace, 'low', group, asking({ cpu: '600m' })));
    await nodeOf(scratch, namespace, 'low');
    const urgent = { ...asking({ cpu: '600m' }), priorityClassName: high };
    await create(scratch, podFor(namespace, 'urgent', group, urgent));
    expect(await nodeOf(scratch, namespace, 'urgent')).toBe(node);
    const { items } = await scratch.subject.core.listNamespacedPod({ namespace });
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(['urgent']);
  }),
];

const neighbours = [
  kubernetesCase('pods that repel each other get nodes of their own', async (scratch) => {
    const { namespace, group } = await place(scratch);
    for (let count = 0; count < 2; count++) await fakeNode(scratch, group);
    const labelSelector = { matchLabels: { apart: 'yes' } };
    const term = { labelSelector, topologyKey: 'kubernetes.io/hostname' };
    const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
    for (const name of ['a', 'b', 'c']) {
      const pod = podFor(namespace, name, group, { affinity: { podAntiAffinity } });
      await create(scratch, withFields(pod, { metadata: { name, namespace, labels: { apart: 'yes' } } }));
      if (name !== 'c') await nodeOf(scratch, namespace, name);
    }
    expect(await nodeOf(scratch, namespace, 'a')).not.toBe(await nodeOf(scratch, namespace, 'b'));
    expect(await whyPending(scratch, namespace, 'c')).toContain("didn't match pod anti-affinity rules");
  }),
  kubernetesCase('a pod follows the pods that it wants to be with', async (scratch) => {
    const { namespace, group } = await place(scratch);
    await fakeNode(scratch, group, { labels: { zone: 'one' } });
    const near = await fakeNode(scratch, group, { labels: { zone: 'two' } });
    await create(scratch, podFor(namespace, 'leader', group, { nodeSelector: { 'kubernetes.io/hostname': near } }));
    await nodeOf(scratch, namespace, 'leader');
    const term = { labelSelector: { matchLabels: { app: 'leader' } }, topologyKey: 'zone' };
    const podAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
    await create(scratch, podFor(namespace, 'follower', group, { affinity: { podAffinity } }));
    expect(await nodeOf(scratch, namespace, 'follower')).toBe(near);
    const lost = { labelSelector: { matchLabels: { app: 'nobody' } }, topologyKey: 'zone' };
    const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [lost] } };
    await create(scratch, podFor(namespace, 'lonely', group, { affinity }));
    expect(await whyPending(scratch, namespace, 'lonely')).toContain("didn't match pod affinity rules");
  }),
  kubernetesCase('pods are spread no more unevenly than they ask', async (scratch) => {
    const { namespace, group } = await place(scratch);
    const names = [await fakeNode(scratch, group), await fakeNode(scratch, group)];
    const constraint = {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { spread: 'yes' } },
    };
    for (const name of ['a', 'b', 'c', 'd']) {
      const pod = podFor(namespace, name, group, { topologySpreadConstraints: [constraint] });
      await create(scratch, withFields(pod, { metadata: { name, namespace, labels: { spread: 'yes' } } }));
      if (name !== 'd') await nodeOf(scratch, namespace, name);
      const body = { spec: { unschedulable: true } };
      if (name === 'b') await scratch.subject.core.patchNode({ name: names[1] ?? '', body }, merge);
    }
    const placed = [await nodeOf(scratch, namespace, 'a'), await nodeOf(scratch, namespace, 'b')];
    expect(placed.toSorted()).toEqual(names.toSorted());
    expect(await whyPending(scratch, namespace, 'd')).toContain("didn't match pod topology spread constraints");
  }),
];

const gates = [
  kubernetesCase(
    'a pod with a gate waits without being tried, and goes when the gate is taken away',
    async (scratch) => {
      const { namespace, group } = await place(scratch);
      const node = await fakeNode(scratch, group);
      const { core } = scratch.subject;
      await create(
        scratch,
        podFor(namespace, 'gated', group, { schedulingGates: [{ name: 'contract.example/gate' }] }),
      );
      await scratch.until('the reason', async () => {
        const { status } = await core.readNamespacedPod({ name: 'gated', namespace });
        return status?.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated');
      });
      const body = [{ op: 'remove', path: '/spec/schedulingGates' }];
      await core.patchNamespacedPod({ name: 'gated', namespace, body });
      expect(await nodeOf(scratch, namespace, 'gated')).toBe(node);
    },
    { holds: '>=1.30' },
  ),
];

/** The choice of a node. Source: kubernetes.io/docs/concepts/scheduling-eviction. */
export const scheduling: Contract<KubernetesSubject> = {
  port: 'Kubernetes: scheduling',
  cases: [...choosing, ...taints, ...capacity, ...neighbours, ...gates],
};
