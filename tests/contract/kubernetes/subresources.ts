import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { puppetDeployment, puppetPod, withFields } from './objects.ts';
import { refusal } from './refusal.ts';
import type { Scratch } from './scratch.ts';

const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

async function withDeployment(scratch: Scratch): Promise<{ name: string; namespace: string }> {
  const namespace = await scratch.namespace();
  const body = puppetDeployment(namespace, 'web', { paused: true, replicas: 2 });
  await scratch.subject.apps.createNamespacedDeployment({ namespace, body });
  return { name: 'web', namespace };
}

const scale = [
  kubernetesCase('a scale tells replicas and selector', async (scratch) => {
    const address = await withDeployment(scratch);
    const read = await scratch.subject.apps.readNamespacedDeploymentScale(address);
    expect(read).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name: 'web' },
      spec: { replicas: 2 },
      status: { selector: 'app=web' },
    });
  }),
  kubernetesCase('a scale is replaced and patched, and only replicas change', async (scratch) => {
    const address = await withDeployment(scratch);
    const { apps } = scratch.subject;
    const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: address, spec: { replicas: 4 } };
    const replaced = await apps.replaceNamespacedDeploymentScale({ ...address, body });
    expect(replaced.spec?.replicas).toBe(4);
    const patched = await apps.patchNamespacedDeploymentScale({ ...address, body: { spec: { replicas: 1 } } }, merge);
    expect(patched.spec?.replicas).toBe(1);
    const live = await apps.readNamespacedDeployment(address);
    expect(live.spec?.replicas).toBe(1);
    expect(live.spec?.paused).toBe(true);
  }),
  kubernetesCase('a scale below zero is 422, one from an older state 409', async (scratch) => {
    const address = await withDeployment(scratch);
    const { apps } = scratch.subject;
    const body = (replicas: number, resourceVersion?: string) => ({
      metadata: { ...address, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
      spec: { replicas },
    });
    const negative = apps.replaceNamespacedDeploymentScale({ ...address, body: body(-1) });
    expect(await refusal(negative)).toMatchObject({ code: 422, reason: 'Invalid' });
    const stale = apps.replaceNamespacedDeploymentScale({ ...address, body: body(3, '1') });
    expect(await refusal(stale)).toMatchObject({ code: 409, reason: 'Conflict' });
  }),
];

const status = [
  kubernetesCase('writing an object leaves its status, writing its status leaves the rest', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const address = { name: 'alone', namespace };
    await core.createNamespacedPod({ namespace, body: puppetPod(namespace, 'alone') });
    const reported = { status: { message: 'told' }, metadata: { labels: { by: 'status' } } };
    await core.patchNamespacedPodStatus({ ...address, body: reported }, merge);
    await core.patchNamespacedPod(
      { ...address, body: { status: { message: 'other' }, metadata: { labels: { by: 'object' } } } },
      merge,
    );
    const live = await core.readNamespacedPodStatus(address);
    expect(live.status?.message).toBe('told');
    expect(live.metadata?.labels).toMatchObject({ by: 'object' });
  }),
  kubernetesCase('a status that a client sends with a new object is dropped', async (scratch) => {
    const namespace = await scratch.namespace();
    const body = withFields(puppetPod(namespace, 'alone'), { status: { phase: 'Running', message: 'made up' } });
    const created = await scratch.subject.core.createNamespacedPod({ namespace, body });
    expect(created.status?.phase).toBe('Pending');
    expect(created.status?.message).toBeUndefined();
  }),
  kubernetesCase('a status is replaced with the version it was read at', async (scratch) => {
    const address = await withDeployment(scratch);
    const { apps } = scratch.subject;
    const live = await apps.readNamespacedDeployment(address);
    live.metadata ??= {};
    live.metadata.resourceVersion = '1';
    const stale = apps.replaceNamespacedDeploymentStatus({ ...address, body: live });
    expect(await refusal(stale)).toMatchObject({ code: 409, reason: 'Conflict' });
  }),
  kubernetesCase('a change of the status does not count as a generation', async (scratch) => {
    const namespace = await scratch.namespace();
    const { apps } = scratch.subject;
    const address = { name: 'web', namespace };
    const created = await apps.createNamespacedDeployment({ namespace, body: puppetDeployment(namespace, 'web') });
    const settled = await scratch.until('the controller’s status', async () => {
      const live = await apps.readNamespacedDeployment(address);
      return (live.status?.replicas ?? 0) > 0 && live;
    });
    expect(settled.metadata?.generation).toBe(created.metadata?.generation);
    expect(settled.status?.observedGeneration).toBe(created.metadata?.generation);
  }),
];

const binding = [
  kubernetesCase('a binding gives a pod its node, once', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const node = scratch.name('node');
    await scratch.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: node } });
    await core.createNamespacedPod({ namespace, body: puppetPod(namespace, 'alone') });
    const bind = () =>
      scratch.subject.wire({
        method: 'POST',
        path: `/api/v1/namespaces/${namespace}/pods/alone/binding`,
        body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'alone' }, target: { kind: 'Node', name: node } },
      });
    expect(await bind()).toMatchObject({ code: 201, body: { kind: 'Status', status: 'Success' } });
    const bound = await core.readNamespacedPod({ name: 'alone', namespace });
    expect(bound.spec?.nodeName).toBe(node);
    expect(bound.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.status).toBe('True');
    expect(await bind()).toMatchObject({ code: 409, body: { reason: 'Conflict' } });
    await core.deleteNamespacedPod({ name: 'alone', namespace, gracePeriodSeconds: 0 });
  }),
];

/** Subresources. Source: API conventions, «Spec and Status», and the API reference of Scale and Binding. */
export const subresources: Contract<KubernetesSubject> = {
  port: 'Kubernetes API: subresources',
  cases: [...scale, ...status, ...binding],
};
