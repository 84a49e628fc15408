import { type KubernetesObject, makeInformer, Watch } from '@kubernetes/client-node';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { configMap } from './objects.ts';
import { refusal } from './refusal.ts';
import type { Scratch } from './scratch.ts';
import type { WireReply } from './wire.ts';

interface WatchEvent {
  readonly type: string;
  readonly object: KubernetesObject & { readonly code?: number; readonly reason?: string };
}

/** The lines of a watch that has ended. */
function eventsOf(reply: WireReply): WatchEvent[] {
  return reply.text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as WatchEvent);
}

/** What an open watch has told so far, as `TYPE name`. */
interface OpenWatch {
  readonly told: string[];
  readonly close: () => void;
}

async function openWatch(scratch: Scratch, path: string, query: Record<string, string>): Promise<OpenWatch> {
  const told: string[] = [];
  const controller = await new Watch(scratch.subject.kubeconfig).watch(
    path,
    query,
    (type: string, object: KubernetesObject) => told.push(`${type} ${object.metadata?.name ?? ''}`),
    () => undefined,
  );
  const close = (): void => controller.abort();
  scratch.defer(async () => close());
  return { told, close };
}

async function maps(scratch: Scratch): Promise<{ namespace: string; path: string; version: string }> {
  const namespace = await scratch.namespace();
  // The namespace gets a ConfigMap of its own a moment after it is made.
  const { metadata } = await scratch.until('the namespace is settled', async () => {
    const list = await scratch.subject.core.listNamespacedConfigMap({ namespace });
    return list.items.some((item) => item.metadata?.name === 'kube-root-ca.crt') && list;
  });
  return {
    namespace,
    path: `/api/v1/namespaces/${namespace}/configmaps`,
    version: metadata?.resourceVersion ?? '',
  };
}

const changes = [
  kubernetesCase('a watch from a list’s version tells every later change, in order', async (scratch) => {
    const { namespace, path, version } = await maps(scratch);
    const { core } = scratch.subject;
    const body = configMap(namespace, 'one', { a: '1' });
    await core.createNamespacedConfigMap({ namespace, body });
    const { told } = await openWatch(scratch, path, { resourceVersion: version });
    await scratch.until('what was missed', async () => told.length === 1);
    await core.replaceNamespacedConfigMap({ name: 'one', namespace, body: configMap(namespace, 'one', { a: '2' }) });
    await core.deleteNamespacedConfigMap({ name: 'one', namespace });
    await scratch.until('three changes', async () => told.length === 3);
    expect(told).toEqual(['ADDED one', 'MODIFIED one', 'DELETED one']);
  }),
  kubernetesCase('to a watch with labels, entering the selection is ADDED and leaving it DELETED', async (scratch) => {
    const { namespace, path, version } = await maps(scratch);
    const { core } = scratch.subject;
    const { told } = await openWatch(scratch, path, { resourceVersion: version, labelSelector: 'seen=yes' });
    const body = (seen: string, a: string) => ({ metadata: { name: 'one', labels: { seen } }, data: { a } });
    await core.createNamespacedConfigMap({ namespace, body: body('no', '1') });
    for (const [seen, a] of [
      ['yes', '1'],
      ['yes', '2'],
      ['no', '2'],
    ] as const) {
      await core.replaceNamespacedConfigMap({ name: 'one', namespace, body: body(seen, a) });
    }
    await scratch.until('three changes', async () => told.length === 3);
    expect(told).toEqual(['ADDED one', 'MODIFIED one', 'DELETED one']);
  }),
  kubernetesCase('a watch of one object by its name tells of that object alone', async (scratch) => {
    const { namespace, path, version } = await maps(scratch);
    const { core } = scratch.subject;
    const query = { resourceVersion: version, fieldSelector: 'metadata.name=one' };
    const { told } = await openWatch(scratch, path, query);
    for (const name of ['other', 'one']) {
      await core.createNamespacedConfigMap({ namespace, body: configMap(namespace, name) });
    }
    await scratch.until('the one', async () => told.length > 0);
    expect(told).toEqual(['ADDED one']);
  }),
  kubernetesCase('a watch without a version begins with what there is', async (scratch) => {
    const { namespace, path } = await maps(scratch);
    await scratch.subject.core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one') });
    for (const version of ['', '0']) {
      const query = version === '' ? '' : `&resourceVersion=${version}`;
      const reply = await scratch.subject.wire({ path: `${path}?watch=1&timeoutSeconds=5${query}` });
      const told = eventsOf(reply).map(({ type, object }) => `${type} ${object.metadata?.name}`);
      expect(told).toContain('ADDED one');
    }
  }),
  kubernetesCase('the deleted object comes with the version of its deletion', async (scratch) => {
    const { namespace, path, version } = await maps(scratch);
    const { core, wire } = scratch.subject;
    const { metadata } = await core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one') });
    await core.deleteNamespacedConfigMap({ name: 'one', namespace });
    const events = eventsOf(await wire({ path: `${path}?watch=1&timeoutSeconds=5&resourceVersion=${version}` }));
    const [added, deleted] = events;
    expect([added?.type, deleted?.type]).toEqual(['ADDED', 'DELETED']);
    expect(deleted?.object.metadata?.uid).toBe(metadata?.uid);
    expect(Number(deleted?.object.metadata?.resourceVersion)).toBeGreaterThan(Number(metadata?.resourceVersion));
  }),
  kubernetesCase('the official client’s informer holds what there is and follows it', async (scratch) => {
    const { namespace, path } = await maps(scratch);
    const { core, kubeconfig } = scratch.subject;
    await core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'before') });
    const informer = makeInformer(kubeconfig, path, () => core.listNamespacedConfigMap({ namespace }));
    scratch.defer(() => informer.stop());
    await informer.start();
    expect(informer.get('before', namespace)).toBeDefined();
    await core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'after') });
    await scratch.until('the new one', async () => informer.get('after', namespace) !== undefined);
    await core.deleteNamespacedConfigMap({ name: 'before', namespace });
    await scratch.until('the end of the old one', async () => informer.get('before', namespace) === undefined);
  }),
];

const endings = [
  kubernetesCase('a watch ends by itself when its time is over', async (scratch) => {
    const { path, version } = await maps(scratch);
    const reply = await scratch.subject.wire({ path: `${path}?watch=1&timeoutSeconds=2&resourceVersion=${version}` });
    expect(reply.code).toBe(200);
    expect(eventsOf(reply)).toEqual([]);
  }),
  kubernetesCase(
    'who allows bookmarks gets one before the watch ends, with a version to go on from',
    async (scratch) => {
      const { namespace, path, version } = await maps(scratch);
      const { core, wire } = scratch.subject;
      await core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one') });
      const query = `watch=1&timeoutSeconds=10&allowWatchBookmarks=true&resourceVersion=${version}`;
      const events = eventsOf(await wire({ path: `${path}?${query}` }));
      const mark = events.findLast(({ type }) => type === 'BOOKMARK');
      expect(mark?.object).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });
      const marked = mark?.object.metadata?.resourceVersion ?? '';
      expect(Number(marked)).toBeGreaterThan(Number(version));
      const { told } = await openWatch(scratch, path, { resourceVersion: marked });
      await core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'two') });
      await scratch.until('the next change', async () => told.length > 0);
      expect(told).toEqual(['ADDED two']);
    },
  ),
  kubernetesCase('who does not allow bookmarks gets none', async (scratch) => {
    const { path, version } = await maps(scratch);
    const reply = await scratch.subject.wire({ path: `${path}?watch=1&timeoutSeconds=10&resourceVersion=${version}` });
    expect(eventsOf(reply)).toEqual([]);
  }),
  kubernetesCase(
    'a watch from a forgotten version begins and ends with the error 410',
    async (scratch) => {
      const { path } = await maps(scratch);
      const reply = await scratch.subject.wire({ path: `${path}?watch=1&timeoutSeconds=5&resourceVersion=1` });
      expect(reply.code).toBe(200);
      const events = eventsOf(reply);
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({
        type: 'ERROR',
        object: { kind: 'Status', status: 'Failure', code: 410, reason: 'Expired' },
      });
    },
    { needs: ['forgotten-versions'] },
  ),
  kubernetesCase('a version that is no number is refused', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core, wire } = scratch.subject;
    const list = await refusal(core.listNamespacedConfigMap({ namespace, resourceVersion: 'x' }));
    expect([400, 422]).toContain(list.code);
    const path = `/api/v1/namespaces/${namespace}/configmaps?watch=1&timeoutSeconds=2&resourceVersion=x`;
    const reply = await wire({ path });
    const code = reply.code === 200 ? eventsOf(reply)[0]?.object.code : reply.code;
    expect([400, 422]).toContain(code);
  }),
];

const streamed = [
  kubernetesCase(
    'a watch can begin with all objects and say when they are complete',
    async (scratch) => {
      const { namespace, path } = await maps(scratch);
      await scratch.subject.core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one') });
      const query =
        'watch=1&timeoutSeconds=5&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
      const events = eventsOf(await scratch.subject.wire({ path: `${path}?${query}` }));
      const told = events.map(({ type, object }) => `${type} ${object.metadata?.name ?? ''}`);
      const end = events.findIndex(
        ({ object }) => object.metadata?.annotations?.['k8s.io/initial-events-end'] === 'true',
      );
      expect(end).toBeGreaterThan(0);
      expect(told.slice(0, end)).toContain('ADDED one');
      expect(events[end]?.type).toBe('BOOKMARK');
    },
    { holds: '>=1.34' },
  ),
  kubernetesCase('a watch can be shown as a table, row by row', async (scratch) => {
    const { namespace, path } = await maps(scratch);
    await scratch.subject.core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one', { a: '1' }) });
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const reply = await scratch.subject.wire({
      path: `${path}?watch=1&timeoutSeconds=5&fieldSelector=metadata.name%3Done`,
      headers: { accept },
    });
    const [first] = eventsOf(reply);
    expect(first).toMatchObject({
      type: 'ADDED',
      object: { kind: 'Table', rows: [{ cells: ['one', 1, expect.anything()] }] },
    });
  }),
];

/** Watches. Source: api-concepts, «Efficient detection of changes», «Watch bookmarks», «410 Gone responses». */
export const watches: Contract<KubernetesSubject> = {
  port: 'Kubernetes API: watches',
  cases: [...changes, ...endings, ...streamed],
};
