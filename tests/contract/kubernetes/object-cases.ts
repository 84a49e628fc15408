import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { type AnyObject, configMap, puppetDeployment, withFields } from './objects.ts';
import { refusal, thrownRefusal } from './refusal.ts';

const lifecycle = [
  kubernetesCase('an object is created, read, replaced and deleted', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const created = await core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one', { a: '1' }) });
    expect(created.metadata?.uid).toMatch(/^[0-9a-f-]{36}$/u);
    expect(created.metadata?.resourceVersion).toMatch(/^\d+$/u);
    expect(created.metadata?.creationTimestamp).toBeInstanceOf(Date);
    const address = { name: 'one', namespace };
    expect(await core.readNamespacedConfigMap(address)).toEqual(created);
    const next = withFields(created, { data: { a: '2' } });
    const replaced = await core.replaceNamespacedConfigMap({ ...address, body: next });
    expect(replaced.data).toEqual({ a: '2' });
    expect(replaced.metadata?.uid).toBe(created.metadata?.uid);
    expect(replaced.metadata?.resourceVersion).not.toBe(created.metadata?.resourceVersion);
    expect(await core.deleteNamespacedConfigMap(address)).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'one', kind: 'configmaps', uid: created.metadata?.uid },
    });
    expect(await refusal(core.readNamespacedConfigMap(address))).toMatchObject({ code: 404, reason: 'NotFound' });
  }),
  kubernetesCase('a name that is taken is 409 AlreadyExists', async (scratch) => {
    const namespace = await scratch.namespace();
    const create = () =>
      scratch.subject.core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one') });
    await create();
    expect(await refusal(create())).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
      message: 'configmaps "one" already exists',
    });
  }),
  kubernetesCase('a namespace that is absent is 404', async ({ subject }) => {
    const namespace = 'contract-never-made';
    const refused = await refusal(
      subject.core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one') }),
    );
    expect(refused).toMatchObject({ code: 404, reason: 'NotFound', message: `namespaces "${namespace}" not found` });
  }),
  kubernetesCase('replacing what is absent is 404', async (scratch) => {
    const namespace = await scratch.namespace();
    const replace = scratch.subject.core.replaceNamespacedConfigMap({
      name: 'absent',
      namespace,
      body: configMap(namespace, 'absent'),
    });
    expect(await refusal(replace)).toMatchObject({ code: 404, reason: 'NotFound' });
  }),
  kubernetesCase('generateName gives a new name each time, and the prefix stays known', async (scratch) => {
    const namespace = await scratch.namespace();
    const create = () =>
      scratch.subject.core.createNamespacedConfigMap({ namespace, body: { metadata: { generateName: 'made-' } } });
    const [first, second] = [await create(), await create()];
    expect(first.metadata?.name).toMatch(/^made-[a-z0-9]{5}$/u);
    expect(second.metadata?.name).toMatch(/^made-[a-z0-9]{5}$/u);
    expect(first.metadata?.name).not.toBe(second.metadata?.name);
    expect(first.metadata?.generateName).toBe('made-');
  }),
  kubernetesCase('what the server owns in metadata cannot be set by a client', async (scratch) => {
    const namespace = await scratch.namespace();
    const metadata = {
      name: 'one',
      uid: '00000000-0000-4000-8000-000000000000',
      creationTimestamp: new Date(0),
    };
    const created = await scratch.subject.core.createNamespacedConfigMap({ namespace, body: { metadata } });
    expect(created.metadata?.uid).not.toBe(metadata.uid);
    expect(created.metadata?.creationTimestamp?.getTime()).toBeGreaterThan(0);
    const versioned = { metadata: { name: 'two', resourceVersion: '1' } };
    const refused = await refusal(scratch.subject.core.createNamespacedConfigMap({ namespace, body: versioned }));
    expect(refused.code).toBe(400);
    expect(refused.message).toContain('resourceVersion should not be set on objects to be created');
  }),
  kubernetesCase('one call deletes a selected collection', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    for (const [name, app] of [
      ['a', 'web'],
      ['b', 'web'],
      ['c', 'other'],
    ] as const) {
      await core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { app } } } });
    }
    await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'app=web' });
    const { items } = await core.listNamespacedConfigMap({ namespace });
    const names = items.map(({ metadata }) => metadata?.name);
    expect(names).toContain('c');
    expect(names).not.toContain('a');
    expect(names).not.toContain('b');
  }),
  kubernetesCase('a Secret takes text in stringData and gives it back as base64 in data', async (scratch) => {
    const namespace = await scratch.namespace();
    const body = { metadata: { name: 'one' }, stringData: { key: 'word' }, data: { other: 'YQ==' } };
    const created = await scratch.subject.core.createNamespacedSecret({ namespace, body });
    expect(created.data).toEqual({ key: 'd29yZA==', other: 'YQ==' });
    expect(created.stringData).toBeUndefined();
    expect(created.type).toBe('Opaque');
  }),
  kubernetesCase(
    'an immutable ConfigMap cannot be changed, only deleted',
    async (scratch) => {
      const namespace = await scratch.namespace();
      const { core } = scratch.subject;
      const body = { metadata: { name: 'one' }, data: { a: '1' }, immutable: true };
      const created = await core.createNamespacedConfigMap({ namespace, body });
      const changed = withFields(created, { data: { a: '2' } });
      const refused = await refusal(core.replaceNamespacedConfigMap({ name: 'one', namespace, body: changed }));
      expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
      await core.deleteNamespacedConfigMap({ name: 'one', namespace });
    },
    { holds: '>=1.21' },
  ),
];

const locking = [
  kubernetesCase('an update from an older state is 409 Conflict', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const address = { name: 'one', namespace };
    const first = await core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one', { a: '1' }) });
    await core.replaceNamespacedConfigMap({ ...address, body: withFields(first, { data: { a: '2' } }) });
    const stale = await refusal(
      core.replaceNamespacedConfigMap({ ...address, body: withFields(first, { data: { a: '3' } }) }),
    );
    expect(stale).toMatchObject({ code: 409, reason: 'Conflict' });
    expect(stale.message).toContain('the object has been modified');
    expect((await core.readNamespacedConfigMap(address)).data).toEqual({ a: '2' });
  }),
  kubernetesCase('an update without a resourceVersion wins whatever the state', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    await core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one', { a: '1' }) });
    const body = configMap(namespace, 'one', { a: '2' });
    expect((await core.replaceNamespacedConfigMap({ name: 'one', namespace, body })).data).toEqual({ a: '2' });
  }),
  kubernetesCase('an update that changes nothing keeps the resourceVersion', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const first = await core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one', { a: '1' }) });
    const again = await core.replaceNamespacedConfigMap({ name: 'one', namespace, body: first });
    expect(again.metadata?.resourceVersion).toBe(first.metadata?.resourceVersion);
  }),
  kubernetesCase('a deletion with preconditions hits only that state of that object', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const first = await core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one') });
    const remove = (preconditions: { uid?: string; resourceVersion?: string }) =>
      core.deleteNamespacedConfigMap({ name: 'one', namespace, body: { preconditions } });
    const otherUid = await refusal(remove({ uid: '00000000-0000-4000-8000-000000000000' }));
    expect(otherUid).toMatchObject({ code: 409, reason: 'Conflict' });
    expect(await refusal(remove({ resourceVersion: '1' }))).toMatchObject({ code: 409, reason: 'Conflict' });
    const { uid = '', resourceVersion = '' } = first.metadata ?? {};
    expect(await remove({ uid, resourceVersion })).toMatchObject({ status: 'Success' });
  }),
  kubernetesCase('generation counts changes of the desired state only', async (scratch) => {
    const namespace = await scratch.namespace();
    const { apps } = scratch.subject;
    const address = { name: 'web', namespace };
    const body = puppetDeployment(namespace, 'web', { paused: true });
    expect((await apps.createNamespacedDeployment({ namespace, body })).metadata?.generation).toBe(1);
    const change = async (with_: (live: typeof body) => void): Promise<number | undefined> =>
      scratch.until('an update without a race', async () => {
        const live = await apps.readNamespacedDeployment(address);
        with_(live);
        try {
          return (await apps.replaceNamespacedDeployment({ ...address, body: live })).metadata?.generation;
        } catch (error) {
          const { code } = thrownRefusal(error);
          if (code === 409) return undefined;
          throw error;
        }
      });
    const labelled = await change((live) => {
      if (live.metadata) live.metadata.labels = { tier: 'front' };
    });
    expect(labelled).toBe(1);
    const scaled = await change((live) => {
      if (live.spec) live.spec.replicas = 0;
    });
    expect(scaled).toBe(2);
  }),
];

const dryRun = [
  kubernetesCase('a dry run answers as if, and stores nothing', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const address = { name: 'one', namespace };
    const body = configMap(namespace, 'one', { a: '1' });
    const ghost = await core.createNamespacedConfigMap({ namespace, body, dryRun: 'All' });
    expect(ghost.metadata?.uid).toBeTruthy();
    expect(await refusal(core.readNamespacedConfigMap(address))).toMatchObject({ code: 404 });
    const created = await core.createNamespacedConfigMap({ namespace, body });
    const next = withFields(created, { data: { a: '2' } });
    const dry = await core.replaceNamespacedConfigMap({ ...address, body: next, dryRun: 'All' });
    expect(dry.data).toEqual({ a: '2' });
    await core.deleteNamespacedConfigMap({ ...address, dryRun: 'All' });
    expect(await core.readNamespacedConfigMap(address)).toEqual(created);
  }),
  kubernetesCase('a dry run is refused for what would be refused', async (scratch) => {
    const namespace = await scratch.namespace();
    const body = puppetDeployment(namespace, 'web', { replicas: -1 });
    const refused = await refusal(scratch.subject.apps.createNamespacedDeployment({ namespace, body, dryRun: 'All' }));
    expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
  }),
  kubernetesCase('a dry run fills in defaults', async (scratch) => {
    const namespace = await scratch.namespace();
    const object = puppetDeployment(namespace, 'web') as unknown as AnyObject;
    const dry = await scratch.subject.objects.create(object, undefined, 'All');
    expect(dry['spec']).toMatchObject({
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    });
  }),
];

/** Objects from creation to deletion. Source: kubernetes.io/docs/reference/using-api/api-concepts. */
export const objectCases: Contract<KubernetesSubject> = {
  port: 'Kubernetes API: objects',
  cases: [...lifecycle, ...locking, ...dryRun],
};
