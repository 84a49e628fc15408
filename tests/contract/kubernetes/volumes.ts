import {
  PatchStrategy,
  setHeaderOptions,
  type V1PersistentVolume,
  type V1PersistentVolumeClaim,
} from '@kubernetes/client-node';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { fakeNode, nodeOf, podFor, whyPending } from './fake-nodes.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { refusal, thrownRefusal } from './refusal.ts';
import type { Scratch } from './scratch.ts';

const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

type VolumeSpec = Partial<NonNullable<V1PersistentVolume['spec']>>;
type ClaimSpec = Partial<NonNullable<V1PersistentVolumeClaim['spec']>>;

/** Makes a volume of 1 GiB unless told otherwise; returns its name. */
async function volume(
  scratch: Scratch,
  part: string,
  spec: VolumeSpec,
  labels: Record<string, string> = {},
): Promise<string> {
  const name = scratch.name(part);
  await scratch.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, labels },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      ...(spec.local ? {} : { hostPath: { path: `/srv/${name}` } }),
      ...spec,
    },
  });
  // Protection holds a volume as long as its claim is there.
  scratch.defer(async () => {
    await scratch.subject.core.patchPersistentVolume({ name, body: { metadata: { finalizers: null } } }, merge);
  });
  return name;
}

async function claim(scratch: Scratch, name: string, spec: ClaimSpec): Promise<void> {
  const namespace = await scratch.namespace();
  const body = {
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  };
  await scratch.subject.core.createNamespacedPersistentVolumeClaim({ namespace, body });
}

async function boundTo(scratch: Scratch, name: string): Promise<string> {
  const namespace = await scratch.namespace();
  return scratch.until(`the binding of ${name}`, async () => {
    const { spec, status } = await scratch.subject.core.readNamespacedPersistentVolumeClaim({ name, namespace });
    return status?.phase === 'Bound' ? spec?.volumeName : undefined;
  });
}

async function phaseIs(scratch: Scratch, name: string, phase: string): Promise<void> {
  await scratch.until(`${name} ${phase}`, async () => {
    return (await scratch.subject.core.readPersistentVolume({ name })).status?.phase === phase;
  });
}

/** Waits for an event about a claim, and makes sure that the claim is still pending. */
async function pendingBy(scratch: Scratch, name: string, reason: string): Promise<string> {
  const namespace = await scratch.namespace();
  const { core } = scratch.subject;
  const fieldSelector = `involvedObject.kind=PersistentVolumeClaim,involvedObject.name=${name},reason=${reason}`;
  const event = await scratch.until(`${reason} of ${name}`, async () => {
    return (await core.listNamespacedEvent({ namespace, fieldSelector })).items[0];
  });
  const live = await core.readNamespacedPersistentVolumeClaim({ name, namespace });
  expect(live.status?.phase).toBe('Pending');
  return event.message ?? '';
}

function onNode(node: string): VolumeSpec {
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }];
  return { local: { path: '/srv' }, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } };
}

const mounting = (claimName: string) => ({ volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] });

async function lateClass(scratch: Scratch): Promise<string> {
  const name = scratch.name('late');
  await scratch.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  return name;
}

const binding = [
  kubernetesCase('a claim gets the smallest volume of its class that is large enough', async (scratch) => {
    const storageClassName = scratch.name('class');
    const sized = (storage: string) => volume(scratch, 'size', { storageClassName, capacity: { storage } });
    const small = await sized('1Gi');
    const large = await sized('20Gi');
    const fitting = await sized('5Gi');
    for (const name of [small, large, fitting]) await phaseIs(scratch, name, 'Available');
    await claim(scratch, 'data', { storageClassName, resources: { requests: { storage: '3Gi' } } });
    expect(await boundTo(scratch, 'data')).toBe(fitting);
    await phaseIs(scratch, fitting, 'Bound');
    await phaseIs(scratch, large, 'Available');
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const bound = await core.readNamespacedPersistentVolumeClaim({ name: 'data', namespace });
    expect(bound.status?.capacity).toEqual({ storage: '5Gi' });
    const { spec } = await core.readPersistentVolume({ name: fitting });
    expect(spec?.claimRef).toMatchObject({ name: 'data', namespace, uid: bound.metadata?.uid });
  }),
  kubernetesCase('class, size and access modes must fit; else the claim waits and says so', async (scratch) => {
    const storageClassName = scratch.name('class');
    await volume(scratch, 'other', { storageClassName: scratch.name('other') });
    await volume(scratch, 'small', { storageClassName, capacity: { storage: '1Gi' }, accessModes: ['ReadOnlyMany'] });
    await claim(scratch, 'large', { storageClassName, resources: { requests: { storage: '2Gi' } } });
    await claim(scratch, 'shared', { storageClassName, accessModes: ['ReadWriteMany'] });
    for (const name of ['large', 'shared']) {
      expect(await pendingBy(scratch, name, 'ProvisioningFailed')).toBe(
        `storageclass.storage.k8s.io "${storageClassName}" not found`,
      );
    }
    await claim(scratch, 'classless', { storageClassName: '', resources: { requests: { storage: '900Ti' } } });
    expect(await pendingBy(scratch, 'classless', 'FailedBinding')).toContain('no persistent volumes available');
  }),
  kubernetesCase('a claim that waits is bound as soon as a volume appears', async (scratch) => {
    const storageClassName = scratch.name('class');
    await claim(scratch, 'data', { storageClassName });
    await pendingBy(scratch, 'data', 'ProvisioningFailed');
    const name = await volume(scratch, 'late', { storageClassName });
    expect(await boundTo(scratch, 'data')).toBe(name);
  }),
  kubernetesCase('a claim may name its volume, select by label, or be named by the volume', async (scratch) => {
    const storageClassName = scratch.name('class');
    const namespace = await scratch.namespace();
    await volume(scratch, 'first', { storageClassName });
    const named = await volume(scratch, 'named', { storageClassName });
    const labelled = await volume(
      scratch,
      'labelled',
      { storageClassName, capacity: { storage: '9Gi' } },
      { disk: 'x' },
    );
    const reserved = await volume(scratch, 'reserved', {
      storageClassName,
      capacity: { storage: '9Gi' },
      claimRef: { name: 'reserving', namespace },
    });
    await claim(scratch, 'naming', { storageClassName, volumeName: named });
    await claim(scratch, 'selecting', { storageClassName, selector: { matchLabels: { disk: 'x' } } });
    await claim(scratch, 'reserving', { storageClassName });
    expect(await boundTo(scratch, 'naming')).toBe(named);
    expect(await boundTo(scratch, 'selecting')).toBe(labelled);
    expect(await boundTo(scratch, 'reserving')).toBe(reserved);
  }),
  kubernetesCase('a volume is bound to one claim only', async (scratch) => {
    const storageClassName = scratch.name('class');
    const only = await volume(scratch, 'only', { storageClassName });
    await claim(scratch, 'first', { storageClassName });
    expect(await boundTo(scratch, 'first')).toBe(only);
    await claim(scratch, 'second', { storageClassName });
    await pendingBy(scratch, 'second', 'ProvisioningFailed');
  }),
];

const placing = [
  kubernetesCase('WaitForFirstConsumer: the claim waits for a pod and follows it to its node', async (scratch) => {
    const namespace = await scratch.namespace();
    const group = scratch.name('group');
    const storageClassName = await lateClass(scratch);
    const [left, right] = [
      await fakeNode(scratch, group),
      await fakeNode(scratch, group, { labels: { side: 'right' } }),
    ];
    await volume(scratch, 'left', { storageClassName, ...onNode(left) });
    const wanted = await volume(scratch, 'right', { storageClassName, ...onNode(right), capacity: { storage: '9Gi' } });
    await claim(scratch, 'data', { storageClassName });
    const told = await pendingBy(scratch, 'data', 'WaitForFirstConsumer');
    expect(told).toBe('waiting for first consumer to be created before binding');
    const pod = podFor(namespace, 'user', group, mounting('data'));
    if (pod.spec?.nodeSelector) pod.spec.nodeSelector['side'] = 'right';
    await scratch.subject.core.createNamespacedPod({ namespace, body: pod });
    expect(await nodeOf(scratch, namespace, 'user')).toBe(right);
    expect(await boundTo(scratch, 'data')).toBe(wanted);
  }),
  kubernetesCase('a pod goes where its volume is, and waits when it may not', async (scratch) => {
    const namespace = await scratch.namespace();
    const group = scratch.name('group');
    const storageClassName = scratch.name('class');
    await fakeNode(scratch, group, { labels: { side: 'empty' } });
    const home = await fakeNode(scratch, group);
    await volume(scratch, 'data', { storageClassName, ...onNode(home) });
    await claim(scratch, 'data', { storageClassName });
    await boundTo(scratch, 'data');
    const { core } = scratch.subject;
    await core.createNamespacedPod({ namespace, body: podFor(namespace, 'user', group, mounting('data')) });
    expect(await nodeOf(scratch, namespace, 'user')).toBe(home);
    const astray = podFor(namespace, 'astray', group, mounting('data'));
    if (astray.spec?.nodeSelector) astray.spec.nodeSelector['side'] = 'empty';
    await core.createNamespacedPod({ namespace, body: astray });
    expect(await whyPending(scratch, namespace, 'astray')).toMatch(/node affinity/u);
  }),
  kubernetesCase('a pod waits for a claim that is absent or not bound', async (scratch) => {
    const namespace = await scratch.namespace();
    const group = scratch.name('group');
    await fakeNode(scratch, group);
    const { core } = scratch.subject;
    await core.createNamespacedPod({ namespace, body: podFor(namespace, 'absent', group, mounting('none')) });
    expect(await whyPending(scratch, namespace, 'absent')).toContain('persistentvolumeclaim "none" not found');
    await claim(scratch, 'unbound', { storageClassName: scratch.name('class') });
    await core.createNamespacedPod({ namespace, body: podFor(namespace, 'early', group, mounting('unbound')) });
    expect(await whyPending(scratch, namespace, 'early')).toMatch(/unbound immediate PersistentVolumeClaims/u);
  }),
];

const releasing = [
  kubernetesCase(
    'Retain: the volume is Released and not given to anybody until its claim is struck out',
    async (scratch) => {
      const storageClassName = scratch.name('class');
      const namespace = await scratch.namespace();
      const { core } = scratch.subject;
      const name = await volume(scratch, 'kept', { storageClassName, persistentVolumeReclaimPolicy: 'Retain' });
      await claim(scratch, 'first', { storageClassName });
      await boundTo(scratch, 'first');
      await core.deleteNamespacedPersistentVolumeClaim({ name: 'first', namespace });
      await phaseIs(scratch, name, 'Released');
      await claim(scratch, 'second', { storageClassName });
      await pendingBy(scratch, 'second', 'ProvisioningFailed');
      await core.patchPersistentVolume({ name, body: { spec: { claimRef: null } } }, merge);
      expect(await boundTo(scratch, 'second')).toBe(name);
    },
  ),
  kubernetesCase('Delete: a volume that nobody can delete is Failed and says why', async (scratch) => {
    const storageClassName = scratch.name('class');
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const spec = { storageClassName, persistentVolumeReclaimPolicy: 'Delete', ...onNode('nowhere') };
    const name = await volume(scratch, 'doomed', spec);
    await claim(scratch, 'data', { storageClassName });
    await boundTo(scratch, 'data');
    await core.deleteNamespacedPersistentVolumeClaim({ name: 'data', namespace });
    await phaseIs(scratch, name, 'Failed');
    const { status } = await core.readPersistentVolume({ name });
    expect(status?.message).toContain('no deletable volume plugin matched');
  }),
  kubernetesCase('a claim stays as long as a pod uses it, a volume as long as it is bound', async (scratch) => {
    const storageClassName = scratch.name('class');
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const name = await volume(scratch, 'used', { storageClassName });
    await claim(scratch, 'data', { storageClassName });
    await boundTo(scratch, 'data');
    const group = scratch.name('group');
    await fakeNode(scratch, group);
    await core.createNamespacedPod({ namespace, body: podFor(namespace, 'user', group, mounting('data')) });
    await nodeOf(scratch, namespace, 'user');
    await core.deletePersistentVolume({ name });
    await core.deleteNamespacedPersistentVolumeClaim({ name: 'data', namespace });
    const marked = await core.readNamespacedPersistentVolumeClaim({ name: 'data', namespace });
    expect(marked.metadata?.finalizers).toContain('kubernetes.io/pvc-protection');
    expect((await core.readPersistentVolume({ name })).metadata?.finalizers).toContain('kubernetes.io/pv-protection');
    await core.deleteNamespacedPod({ name: 'user', namespace });
    await scratch.until('the end of both', async () => {
      try {
        await core.readPersistentVolume({ name });
        return false;
      } catch (error) {
        return thrownRefusal(error).code === 404;
      }
    });
    const gone = await refusal(core.readNamespacedPersistentVolumeClaim({ name: 'data', namespace }));
    expect(gone.code).toBe(404);
  }),
  kubernetesCase('what a claim asks for cannot be changed once it is bound', async (scratch) => {
    const storageClassName = scratch.name('class');
    const namespace = await scratch.namespace();
    await volume(scratch, 'data', { storageClassName });
    await claim(scratch, 'data', { storageClassName });
    await boundTo(scratch, 'data');
    const change = (spec: ClaimSpec) =>
      scratch.subject.core.patchNamespacedPersistentVolumeClaim({ name: 'data', namespace, body: { spec } }, merge);
    expect(await refusal(change({ storageClassName: 'other' }))).toMatchObject({ code: 422, reason: 'Invalid' });
    const smaller = await refusal(change({ resources: { requests: { storage: '1Mi' } } }));
    expect([403, 422]).toContain(smaller.code);
  }),
];

/** Volumes and claims. Source: kubernetes.io/docs/concepts/storage/persistent-volumes. */
export const volumes: Contract<KubernetesSubject> = {
  port: 'Kubernetes: volumes',
  cases: [...binding, ...placing, ...releasing],
};
