import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { configMap, puppetPod } from './objects.ts';
import { refusal } from './refusal.ts';
import type { Scratch } from './scratch.ts';

const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

async function quota(scratch: Scratch, hard: Record<string, string>, more: object = {}): Promise<string> {
  const namespace = await scratch.namespace();
  const { core } = scratch.subject;
  await core.createNamespacedResourceQuota({
    namespace,
    body: { metadata: { name: 'quota' }, spec: { hard, ...more } },
  });
  await scratch.until('the quota’s first count', async () => {
    const { status } = await core.readNamespacedResourceQuota({ name: 'quota', namespace });
    return Object.keys(hard).every((name) => status?.used?.[name] !== undefined);
  });
  return namespace;
}

function asking(namespace: string, name: string, requests: Record<string, string>): ReturnType<typeof puppetPod> {
  const body = puppetPod(namespace, name);
  const [main] = body.spec?.containers ?? [];
  if (main) main.resources = { requests };
  return body;
}

const lifecycle = [
  kubernetesCase(
    'a new namespace is Active, has a default account and the cluster’s CA, and is labelled by its name',
    async (scratch) => {
      const namespace = await scratch.namespace();
      const { core } = scratch.subject;
      const live = await core.readNamespace({ name: namespace });
      expect(live.status?.phase).toBe('Active');
      expect(live.spec?.finalizers).toEqual(['kubernetes']);
      const ca = await scratch.until('the CA', async () => {
        const { items } = await core.listNamespacedConfigMap({ namespace });
        return items.find(({ metadata }) => metadata?.name === 'kube-root-ca.crt');
      });
      expect(ca.data?.['ca.crt']).toContain('BEGIN CERTIFICATE');
    },
  ),
  kubernetesCase(
    'a namespace carries its name as a label',
    async (scratch) => {
      const namespace = await scratch.namespace();
      const { metadata } = await scratch.subject.core.readNamespace({ name: namespace });
      expect(metadata?.labels?.['kubernetes.io/metadata.name']).toBe(namespace);
    },
    { holds: '>=1.21' },
  ),
  kubernetesCase('a namespace takes everything in it along, and is gone last', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    await core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one') });
    await core.createNamespacedPod({ namespace, body: puppetPod(namespace, 'alone') });
    const marked = await core.deleteNamespace({ name: namespace });
    expect(marked).toMatchObject({ status: { phase: 'Terminating' } });
    await scratch.until('its end', async () => {
      const { items } = await core.listNamespace({ fieldSelector: `metadata.name=${namespace}` });
      return items.length === 0;
    });
    expect(await refusal(core.readNamespacedConfigMap({ name: 'one', namespace }))).toMatchObject({ code: 404 });
  }),
  kubernetesCase(
    'a namespace that is going away takes nothing new, and waits for finalizers inside',
    async (scratch) => {
      const namespace = await scratch.namespace();
      const { core } = scratch.subject;
      const metadata = { name: 'held', finalizers: ['contract.example/held'] };
      await core.createNamespacedConfigMap({ namespace, body: { metadata } });
      await core.deleteNamespace({ name: namespace });
      const late = await refusal(core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'late') }));
      expect(late).toMatchObject({ code: 403, reason: 'Forbidden' });
      expect(late.message).toContain(
        `unable to create new content in namespace ${namespace} because it is being terminated`,
      );
      expect(late.causes[0]?.reason).toBe('NamespaceTerminating');
      const waiting = await scratch.until('the reason why it waits', async () => {
        const live = await core.readNamespace({ name: namespace });
        return (
          live.status?.conditions?.some(
            ({ type, status }) => type === 'NamespaceFinalizersRemaining' && status === 'True',
          ) && live
        );
      });
      expect(waiting.status?.phase).toBe('Terminating');
      const remaining = waiting.status?.conditions?.find(({ type }) => type === 'NamespaceFinalizersRemaining');
      expect(remaining).toMatchObject({ reason: 'SomeFinalizersRemain' });
      expect(remaining?.message).toContain('contract.example/held in 1 resource instances');
      await core.patchNamespacedConfigMap({ name: 'held', namespace, body: { metadata: { finalizers: null } } }, merge);
      await scratch.until('its end', async () => {
        const { items } = await core.listNamespace({ fieldSelector: `metadata.name=${namespace}` });
        return items.length === 0;
      });
    },
  ),
  kubernetesCase('the namespaces of the system cannot be deleted', async ({ subject }) => {
    for (const name of ['default', 'kube-system', 'kube-public']) {
      expect(await refusal(subject.core.deleteNamespace({ name }))).toMatchObject({ code: 403, reason: 'Forbidden' });
    }
  }),
];

const quotas = [
  kubernetesCase('a quota counts objects and refuses the one too many', async (scratch) => {
    const namespace = await quota(scratch, { pods: '1', 'count/secrets': '2' });
    const { core } = scratch.subject;
    await core.createNamespacedPod({ namespace, body: puppetPod(namespace, 'one') });
    const second = await refusal(core.createNamespacedPod({ namespace, body: puppetPod(namespace, 'two') }));
    expect(second).toMatchObject({ code: 403, reason: 'Forbidden' });
    expect(second.message).toBe(
      'pods "two" is forbidden: exceeded quota: quota, requested: pods=1, used: pods=1, limited: pods=1',
    );
    await core.deleteNamespacedPod({ name: 'one', namespace });
    await scratch.until('a free place', async () => {
      const { status } = await core.readNamespacedResourceQuota({ name: 'quota', namespace });
      return status?.used?.['pods'] === '0';
    });
    await core.createNamespacedPod({ namespace, body: puppetPod(namespace, 'two') });
  }),
  kubernetesCase('a quota of cpu and memory counts requests, and wants every pod to have them', async (scratch) => {
    const namespace = await quota(scratch, { 'requests.cpu': '1', 'requests.memory': '1Gi' });
    const { core } = scratch.subject;
    const silent = await refusal(core.createNamespacedPod({ namespace, body: puppetPod(namespace, 'silent') }));
    expect(silent).toMatchObject({ code: 403, reason: 'Forbidden' });
    expect(silent.message).toMatch(/failed quota: quota: must specify requests\.cpu/u);
    await core.createNamespacedPod({ namespace, body: asking(namespace, 'one', { cpu: '700m', memory: '512Mi' }) });
    const large = core.createNamespacedPod({
      namespace,
      body: asking(namespace, 'two', { cpu: '500m', memory: '1Mi' }),
    });
    expect((await refusal(large)).message).toContain(
      'exceeded quota: quota, requested: requests.cpu=500m, used: requests.cpu=700m, limited: requests.cpu=1',
    );
    const { status } = await core.readNamespacedResourceQuota({ name: 'quota', namespace });
    expect(status?.used).toEqual({ 'requests.cpu': '700m', 'requests.memory': '512Mi' });
  }),
  kubernetesCase('a ReplicaSet that the quota stops says so in its status', async (scratch) => {
    const namespace = await quota(scratch, { pods: '0' });
    const { apps } = scratch.subject;
    const body = {
      metadata: { name: 'web' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'a' }] } },
      },
    };
    await apps.createNamespacedReplicaSet({ namespace, body });
    const failure = await scratch.until('ReplicaFailure', async () => {
      const { status } = await apps.readNamespacedReplicaSet({ name: 'web', namespace });
      return status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
    });
    expect(failure).toMatchObject({ status: 'True', reason: 'FailedCreate' });
    expect(failure.message).toContain('exceeded quota');
  }),
  kubernetesCase('a limit range gives defaults and refuses what lies beyond', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const limits = [
      { type: 'Container', _default: { cpu: '500m' }, defaultRequest: { cpu: '100m' }, max: { cpu: '1' } },
    ];
    await core.createNamespacedLimitRange({ namespace, body: { metadata: { name: 'limits' }, spec: { limits } } });
    const filled = await scratch.until('the limits', async () => {
      const pod = await core.createNamespacedPod({ namespace, body: puppetPod(namespace, 'plain'), dryRun: 'All' });
      return pod.spec?.containers[0]?.resources?.limits?.['cpu'] !== undefined && pod;
    });
    expect(filled.spec?.containers[0]?.resources).toEqual({ limits: { cpu: '500m' }, requests: { cpu: '100m' } });
    const body = asking(namespace, 'large', { cpu: '1' });
    const [main] = body.spec?.containers ?? [];
    if (main) main.resources = { requests: { cpu: '2' }, limits: { cpu: '2' } };
    const refused = await refusal(core.createNamespacedPod({ namespace, body }));
    expect(refused).toMatchObject({ code: 403, reason: 'Forbidden' });
    expect(refused.message).toContain('maximum cpu usage per Container is 1, but limit is 2');
  }),
];

/** Namespaces and what they allow. Source: kubernetes.io/docs/concepts/policy/resource-quotas and /policy/limit-range. */
export const namespaces: Contract<KubernetesSubject> = {
  port: 'Kubernetes API: namespaces and quotas',
  cases: [...lifecycle, ...quotas],
};
