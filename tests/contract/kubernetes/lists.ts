import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { configMap, puppetPod } from './objects.ts';
import { readRefusal, refusal } from './refusal.ts';
import type { Scratch } from './scratch.ts';

/** A namespace with ConfigMaps `item-0`…, each of some tier and colour. */
async function filled(scratch: Scratch, count: number): Promise<string> {
  const namespace = await scratch.namespace();
  for (let index = 0; index < count; index++) {
    const labels = { case: 'list', tier: index % 2 === 0 ? 'even' : 'odd', ...(index === 0 ? { first: '' } : {}) };
    const body = { metadata: { name: `item-${index}`, labels }, data: {} };
    await scratch.subject.core.createNamespacedConfigMap({ namespace, body });
  }
  return namespace;
}

async function namesOf(scratch: Scratch, namespace: string, labelSelector: string): Promise<string[]> {
  const { items } = await scratch.subject.core.listNamespacedConfigMap({ namespace, labelSelector });
  return items.map(({ metadata }) => metadata?.name ?? '');
}

interface RawList {
  readonly kind: string;
  readonly items: readonly { readonly metadata: { readonly name: string }; readonly kind?: string }[];
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
}

const selectors = [
  kubernetesCase('labels select by equality, set and presence', async (scratch) => {
    const namespace = await filled(scratch, 4);
    const select = (selector: string) => namesOf(scratch, namespace, `case=list,${selector}`);
    expect(await select('tier=even')).toEqual(['item-0', 'item-2']);
    expect(await select('tier==odd')).toEqual(['item-1', 'item-3']);
    expect(await select('tier!=odd')).toEqual(['item-0', 'item-2']);
    expect(await select('tier in (even,odd),first')).toEqual(['item-0']);
    expect(await select('tier notin (even)')).toEqual(['item-1', 'item-3']);
    expect(await select('!first')).toEqual(['item-1', 'item-2', 'item-3']);
    expect(await select('first=')).toEqual(['item-0']);
    expect(await select('absent notin (x)')).toHaveLength(4);
  }),
  kubernetesCase('a selector that nothing matches gives an empty list, not null', async (scratch) => {
    const namespace = await scratch.namespace();
    const { body } = await scratch.subject.wire({
      path: `/api/v1/namespaces/${namespace}/configmaps?labelSelector=none%3Dsuch`,
    });
    expect(body).toMatchObject({ kind: 'ConfigMapList', items: [] });
  }),
  kubernetesCase('fields select by name, and pods by node and phase', async (scratch) => {
    const namespace = await filled(scratch, 2);
    const { core } = scratch.subject;
    const byName = await core.listNamespacedConfigMap({ namespace, fieldSelector: 'metadata.name=item-1' });
    expect(byName.items.map(({ metadata }) => metadata?.name)).toEqual(['item-1']);
    const others = await core.listNamespacedConfigMap({
      namespace,
      labelSelector: 'case=list',
      fieldSelector: 'metadata.name!=item-1',
    });
    expect(others.items.map(({ metadata }) => metadata?.name)).toEqual(['item-0']);
    await core.createNamespacedPod({ namespace, body: puppetPod(namespace, 'alone') });
    const pods = async (fieldSelector: string) => (await core.listNamespacedPod({ namespace, fieldSelector })).items;
    expect(await pods('spec.nodeName=')).toHaveLength(1);
    expect(await pods('status.phase=Pending,metadata.name=alone')).toHaveLength(1);
    expect(await pods('status.phase!=Pending')).toEqual([]);
    expect(await pods('spec.restartPolicy=Always')).toHaveLength(1);
  }),
  kubernetesCase('events select by what they are about', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const event = (name: string, involved: string, type: string) =>
      core.createNamespacedEvent({
        namespace,
        body: {
          metadata: { name },
          involvedObject: { kind: 'Pod', name: involved, namespace },
          reason: 'Tried',
          type,
        },
      });
    await event('a', 'one', 'Normal');
    await event('b', 'two', 'Warning');
    const find = async (fieldSelector: string) =>
      (await core.listNamespacedEvent({ namespace, fieldSelector })).items.map(({ metadata }) => metadata.name);
    expect(await find('involvedObject.name=one,involvedObject.kind=Pod')).toEqual(['a']);
    expect(await find('type=Warning,reason=Tried')).toEqual(['b']);
  }),
  kubernetesCase('a list over all namespaces holds those of each', async (scratch) => {
    const [one, two] = [await scratch.namespace(), await scratch.newNamespace()];
    const label = scratch.name('label');
    for (const namespace of [one, two]) {
      const body = { metadata: { name: 'same', labels: { label } } };
      await scratch.subject.core.createNamespacedConfigMap({ namespace, body });
    }
    const { items } = await scratch.subject.core.listConfigMapForAllNamespaces({ labelSelector: `label=${label}` });
    expect(items.map(({ metadata }) => metadata?.namespace ?? '').toSorted()).toEqual([one, two].toSorted());
  }),
];

const pages = [
  kubernetesCase('a list in pages gives every object once, in order, from one state', async (scratch) => {
    const namespace = await filled(scratch, 5);
    const { core } = scratch.subject;
    const page = (token?: string) =>
      core.listNamespacedConfigMap({
        namespace,
        labelSelector: 'case=list',
        limit: 2,
        ...(token === undefined ? {} : { _continue: token }),
      });
    const first = await page();
    expect(first.items).toHaveLength(2);
    await core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: 'item-9', labels: { case: 'list' } } },
    });
    const second = await page(first.metadata?._continue);
    const third = await page(second.metadata?._continue);
    const names = [first, second, third].flatMap(({ items }) => items.map(({ metadata }) => metadata?.name));
    expect(names).toEqual(['item-0', 'item-1', 'item-2', 'item-3', 'item-4']);
    expect(third.metadata?._continue).toBeFalsy();
    expect(third.metadata?.resourceVersion).toBe(first.metadata?.resourceVersion);
  }),
  kubernetesCase('a page may be asked for again', async (scratch) => {
    const namespace = await filled(scratch, 3);
    const page = (token: string) =>
      scratch.subject.core.listNamespacedConfigMap({ namespace, labelSelector: 'case', limit: 1, _continue: token });
    const { metadata } = await scratch.subject.core.listNamespacedConfigMap({
      namespace,
      labelSelector: 'case',
      limit: 1,
    });
    const token = metadata?._continue ?? '';
    const once = await page(token);
    const twice = await page(token);
    expect(once.items.map((item) => item.metadata?.name)).toEqual(['item-1']);
    expect(twice.items.map((item) => item.metadata?.name)).toEqual(['item-1']);
  }),
  kubernetesCase('an unselected page tells how many remain; a selected one does not', async (scratch) => {
    const namespace = await filled(scratch, 3);
    const { wire } = scratch.subject;
    const path = `/api/v1/namespaces/${namespace}/configmaps?limit=1`;
    const all = (await wire({ path: `/api/v1/namespaces/${namespace}/configmaps` })).body as RawList;
    const plain = (await wire({ path })).body as RawList;
    expect(plain.metadata.remainingItemCount).toBe(all.items.length - 1);
    const selected = (await wire({ path: `${path}&labelSelector=case%3Dlist` })).body as RawList;
    expect(selected.metadata.continue).toBeTruthy();
    expect(selected.metadata.remainingItemCount).toBeUndefined();
  }),
  kubernetesCase('a limit that is not exceeded gives no continue', async (scratch) => {
    const namespace = await filled(scratch, 2);
    const list = await scratch.subject.core.listNamespacedConfigMap({ namespace, labelSelector: 'case', limit: 2 });
    expect(list.items).toHaveLength(2);
    expect(list.metadata?._continue).toBeFalsy();
  }),
  kubernetesCase(
    'a continue token from a forgotten version is 410, with a token for the rest as it is now',
    async (scratch) => {
      const namespace = await filled(scratch, 4);
      const { core, wire } = scratch.subject;
      const { metadata } = await core.listNamespacedConfigMap({ namespace, labelSelector: 'case', limit: 2 });
      const token = JSON.parse(Buffer.from(metadata?._continue ?? '', 'base64url').toString('utf8')) as object;
      const old = Buffer.from(JSON.stringify({ ...token, rv: 1 })).toString('base64url');
      const path = `/api/v1/namespaces/${namespace}/configmaps?labelSelector=case&limit=10&continue=`;
      const reply = await wire({ path: `${path}${old}` });
      expect(readRefusal(reply.code, reply.body)).toMatchObject({ code: 410, reason: 'Expired' });
      const next = (reply.body as RawList).metadata.continue ?? '';
      const rest = (await wire({ path: `${path}${next}` })).body as RawList;
      expect(rest.items.map((item) => item.metadata.name)).toEqual(['item-2', 'item-3']);
    },
    { needs: ['forgotten-versions'] },
  ),
  kubernetesCase('a continue token that was never given is 400', async (scratch) => {
    const namespace = await scratch.namespace();
    const list = scratch.subject.core.listNamespacedConfigMap({ namespace, limit: 1, _continue: 'bm9uc2Vuc2U' });
    expect(await refusal(list)).toMatchObject({ code: 400, reason: 'BadRequest' });
  }),
];

const shape = [
  kubernetesCase('items of a list carry no kind of their own; the list tells it', async (scratch) => {
    const namespace = await filled(scratch, 1);
    const { body } = await scratch.subject.wire({ path: `/api/v1/namespaces/${namespace}/configmaps` });
    const list = body as RawList;
    expect(list).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
    expect(list.metadata.resourceVersion).toMatch(/^\d+$/u);
    for (const item of list.items) expect(item.kind).toBeUndefined();
  }),
  kubernetesCase('a list is not older than a version that it is asked not to be older than', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const { metadata } = await core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one') });
    const list = await core.listNamespacedConfigMap({
      namespace,
      resourceVersion: metadata?.resourceVersion ?? '',
      resourceVersionMatch: 'NotOlderThan',
    });
    expect(list.items.map((item) => item.metadata?.name)).toContain('one');
    expect(Number(list.metadata?.resourceVersion)).toBeGreaterThanOrEqual(Number(metadata?.resourceVersion));
  }),
  kubernetesCase('a version match without a version is 422', async (scratch) => {
    const namespace = await scratch.namespace();
    const list = scratch.subject.core.listNamespacedConfigMap({ namespace, resourceVersionMatch: 'Exact' });
    expect(await refusal(list)).toMatchObject({ code: 422, reason: 'Invalid' });
  }),
];

/** Lists: selectors, pages, versions. Source: api-concepts, «Retrieving large results sets in chunks» and after. */
export const lists: Contract<KubernetesSubject> = {
  port: 'Kubernetes API: lists',
  cases: [...selectors, ...pages, ...shape],
};
