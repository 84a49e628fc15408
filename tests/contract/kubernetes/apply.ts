import { PatchStrategy } from '@kubernetes/client-node';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { type AnyObject, configMap, noNode } from './objects.ts';
import { refusal } from './refusal.ts';
import type { Scratch } from './scratch.ts';

type Fields = Readonly<Record<string, unknown>>;

function apply({ subject }: Scratch, object: object, manager: string, force = false): Promise<AnyObject> {
  const body = object as AnyObject;
  return subject.objects.patch(
    body,
    undefined,
    undefined,
    manager,
    force ? true : undefined,
    PatchStrategy.ServerSideApply,
  );
}

function map(namespace: string, data: Record<string, string>): object {
  return configMap(namespace, 'one', data);
}

function deployment(namespace: string, container: Fields, spec: Fields = {}): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { nodeSelector: noNode, containers: [{ name: 'main', image: 'main:1', ...container }] },
      },
      ...spec,
    },
  };
}

interface Owner {
  readonly manager?: string;
  readonly operation?: string;
  readonly apiVersion?: string;
  readonly fieldsType?: string;
  readonly subresource?: string;
  readonly time?: Date;
  readonly fieldsV1?: object;
}

function ownersOf(object: AnyObject): readonly Owner[] {
  return object.metadata?.managedFields ?? [];
}

function ownedBy(object: AnyObject, manager: string, operation = 'Apply'): Fields {
  const found = ownersOf(object).find((item) => item.manager === manager && item.operation === operation);
  return (found?.fieldsV1 ?? {}) as Fields;
}

const ownership = [
  kubernetesCase('apply creates what is absent and owns exactly what it names', async (scratch) => {
    const namespace = await scratch.namespace();
    const applied = await apply(scratch, map(namespace, { a: '1' }), 'first');
    expect(ownersOf(applied)).toHaveLength(1);
    expect(ownersOf(applied)[0]).toMatchObject({
      manager: 'first',
      operation: 'Apply',
      apiVersion: 'v1',
      fieldsType: 'FieldsV1',
    });
    expect(ownedBy(applied, 'first')).toEqual({ 'f:data': { 'f:a': {} } });
  }),
  kubernetesCase('what is no longer applied is removed, what others own stays', async (scratch) => {
    const namespace = await scratch.namespace();
    await apply(scratch, map(namespace, { a: '1', b: '2' }), 'first');
    await apply(scratch, map(namespace, { c: '3' }), 'second');
    const applied = await apply(scratch, map(namespace, { a: '1' }), 'first');
    expect(applied['data']).toEqual({ a: '1', c: '3' });
  }),
  kubernetesCase('a field of two owners stays until both let it go', async (scratch) => {
    const namespace = await scratch.namespace();
    await apply(scratch, map(namespace, { a: '1', shared: 'x' }), 'first');
    await apply(scratch, map(namespace, { shared: 'x' }), 'second');
    expect((await apply(scratch, map(namespace, { a: '1' }), 'first'))['data']).toEqual({ a: '1', shared: 'x' });
    expect((await apply(scratch, map(namespace, { b: '2' }), 'second'))['data']).toEqual({ a: '1', b: '2' });
  }),
  kubernetesCase('an equal apply changes neither version nor time', async (scratch) => {
    const namespace = await scratch.namespace();
    const first = await apply(scratch, map(namespace, { a: '1' }), 'first');
    const again = await apply(scratch, map(namespace, { a: '1' }), 'first');
    expect(again).toEqual(first);
  }),
  kubernetesCase('items of a keyed list have owners of their own', async (scratch) => {
    const namespace = await scratch.namespace();
    await apply(scratch, deployment(namespace, { env: [{ name: 'A', value: '1' }] }), 'first');
    const other = deployment(namespace, { env: [{ name: 'B', value: '2' }] });
    const applied = await apply(scratch, other, 'second');
    const spec = applied['spec'] as { template: { spec: { containers: { env: object[] }[] } } };
    expect(spec.template.spec.containers[0]?.env).toEqual([
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ]);
    const owned = JSON.stringify(ownedBy(applied, 'second'));
    expect(owned).toContain('k:{\\"name\\":\\"main\\"}');
    expect(owned).toContain('k:{\\"name\\":\\"B\\"}');
    expect(owned).not.toContain('k:{\\"name\\":\\"A\\"}');
  }),
  kubernetesCase('an update owns what it changes, by its manager', async (scratch) => {
    const namespace = await scratch.namespace();
    await apply(scratch, map(namespace, { a: '1', b: '1' }), 'first');
    const { core, objects } = scratch.subject;
    await core.patchNamespacedConfigMap({
      name: 'one',
      namespace,
      body: [{ op: 'replace', path: '/data/a', value: '2' }],
      fieldManager: 'editor',
    });
    const live = (await objects.read({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'one', namespace },
    })) as AnyObject;
    expect(ownedBy(live, 'editor', 'Update')).toEqual({ 'f:data': { 'f:a': {} } });
    expect(ownedBy(live, 'first')).toEqual({ 'f:data': { 'f:b': {} } });
  }),
  kubernetesCase('without a manager’s name an update is owned by the program that sent it', async (scratch) => {
    const namespace = await scratch.namespace();
    const { body } = await scratch.subject.wire({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/configmaps`,
      body: map(namespace, { a: '1' }),
      headers: { 'user-agent': 'program/1.2 (linux)' },
    });
    expect(ownersOf(body as AnyObject)).toMatchObject([{ manager: 'program', operation: 'Update' }]);
  }),
  kubernetesCase(
    'the status has owners of its own',
    async (scratch) => {
      const namespace = await scratch.namespace();
      await apply(scratch, deployment(namespace, {}), 'first');
      const live = await scratch.until('a status by the controller', async () => {
        const found = await scratch.subject.apps.readNamespacedDeployment({ name: 'web', namespace });
        return found.status?.observedGeneration === 1 && found;
      });
      const controller = live.metadata?.managedFields?.find(({ subresource }) => subresource === 'status');
      expect(controller).toMatchObject({ manager: 'kube-controller-manager', operation: 'Update' });
    },
    { holds: '>=1.22' },
  ),
];

const conflicts = [
  kubernetesCase('a field that another manager owns is refused by name, field and value', async (scratch) => {
    const namespace = await scratch.namespace();
    await apply(scratch, map(namespace, { a: '1', b: '1' }), 'first');
    const refused = await refusal(apply(scratch, map(namespace, { a: '2', b: '2' }), 'second'));
    expect(refused).toMatchObject({ code: 409, reason: 'Conflict' });
    expect(refused.causes).toEqual([
      { reason: 'FieldManagerConflict', field: '.data.a', message: 'conflict with "first"' },
      { reason: 'FieldManagerConflict', field: '.data.b', message: 'conflict with "first"' },
    ]);
  }),
  kubernetesCase('an equal value is no conflict: the field gets a second owner', async (scratch) => {
    const namespace = await scratch.namespace();
    await apply(scratch, map(namespace, { a: '1' }), 'first');
    const applied = await apply(scratch, map(namespace, { a: '1' }), 'second');
    for (const manager of ['first', 'second']) {
      expect(ownedBy(applied, manager)).toEqual({ 'f:data': { 'f:a': {} } });
    }
  }),
  kubernetesCase('force takes the field and leaves the other owner the rest', async (scratch) => {
    const namespace = await scratch.namespace();
    await apply(scratch, map(namespace, { a: '1', b: '1' }), 'first');
    const forced = await apply(scratch, map(namespace, { a: '2' }), 'second', true);
    expect(forced['data']).toEqual({ a: '2', b: '1' });
    expect(ownedBy(forced, 'second')).toEqual({ 'f:data': { 'f:a': {} } });
    expect(ownedBy(forced, 'first')).toEqual({ 'f:data': { 'f:b': {} } });
    expect((await refusal(apply(scratch, map(namespace, { a: '1', b: '1' }), 'first'))).code).toBe(409);
  }),
  kubernetesCase('an update by somebody is a conflict for whoever applies something else', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    await core.createNamespacedConfigMap({
      namespace,
      body: configMap(namespace, 'one', { a: '1' }),
      fieldManager: 'editor',
    });
    const refused = await refusal(apply(scratch, map(namespace, { a: '2' }), 'first'));
    expect(refused.causes[0]?.message).toMatch(/^conflict with "editor" using v1/u);
  }),
  kubernetesCase('the conflict names an item by its key', async (scratch) => {
    const namespace = await scratch.namespace();
    await apply(scratch, deployment(namespace, {}), 'first');
    const refused = await refusal(apply(scratch, deployment(namespace, { image: 'main:2' }), 'second'));
    expect(refused.causes.map(({ field }) => field)).toEqual(['.spec.template.spec.containers[name="main"].image']);
  }),
];

const rules = [
  kubernetesCase('apply refuses a configuration that carries managedFields', async (scratch) => {
    const namespace = await scratch.namespace();
    const applied = await apply(scratch, map(namespace, { a: '1' }), 'first');
    const reply = await scratch.subject.wire({
      method: 'PATCH',
      path: `/api/v1/namespaces/${namespace}/configmaps/one?fieldManager=first`,
      body: applied,
      headers: { 'content-type': 'application/apply-patch+yaml' },
    });
    expect(reply).toMatchObject({ code: 400, body: { message: 'metadata.managedFields must be nil' } });
  }),
  kubernetesCase('apply takes YAML', async (scratch) => {
    const namespace = await scratch.namespace();
    const reply = await scratch.subject.wire({
      method: 'PATCH',
      path: `/api/v1/namespaces/${namespace}/configmaps/one?fieldManager=first`,
      body: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  a: "1" # a comment\n',
      headers: { 'content-type': 'application/apply-patch+yaml' },
    });
    expect(reply).toMatchObject({ code: 201, body: { kind: 'ConfigMap', data: { a: '1' } } });
  }),
  kubernetesCase(
    'a field that the schema lacks is refused by its path, whatever the wish for validation',
    async (scratch) => {
      const namespace = await scratch.namespace();
      for (const wish of ['', '&fieldValidation=Ignore']) {
        const reply = await scratch.subject.wire({
          method: 'PATCH',
          path: `/apis/apps/v1/namespaces/${namespace}/deployments/web?fieldManager=first${wish}`,
          body: deployment(namespace, { imagee: 'x' }),
          headers: { 'content-type': 'application/apply-patch+yaml' },
        });
        expect(reply.code).toBeGreaterThanOrEqual(400);
        expect((reply.body as { message: string }).message).toMatch(
          /containers\[0\]\.imagee: field not declared in schema/u,
        );
      }
    },
  ),
  kubernetesCase('a dry run of apply tells the conflict and changes nothing', async (scratch) => {
    const namespace = await scratch.namespace();
    const first = await apply(scratch, map(namespace, { a: '1' }), 'first');
    const { objects } = scratch.subject;
    const dry = (manager: string, value: string) =>
      objects.patch(
        map(namespace, { a: value }) as AnyObject,
        undefined,
        'All',
        manager,
        undefined,
        PatchStrategy.ServerSideApply,
      );
    expect((await dry('first', '2'))['data']).toEqual({ a: '2' });
    expect((await refusal(dry('second', '2'))).code).toBe(409);
    const live = await objects.read(first as AnyObject & { metadata: { name: string; namespace: string } });
    expect((live as AnyObject)['data']).toEqual({ a: '1' });
  }),
  kubernetesCase('the whole object survives the loss of its ownership by an empty list', async (scratch) => {
    const namespace = await scratch.namespace();
    await apply(scratch, map(namespace, { a: '1' }), 'first');
    const cleared = await scratch.subject.core.patchNamespacedConfigMap({
      name: 'one',
      namespace,
      body: [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }],
    });
    expect(cleared.metadata?.managedFields ?? []).toEqual([]);
    expect(cleared.data).toEqual({ a: '1' });
  }),
  kubernetesCase('a field that the default gives and nobody sets has no owner', async (scratch) => {
    const namespace = await scratch.namespace();
    const applied = await apply(scratch, deployment(namespace, {}), 'first');
    expect(applied['spec']).toMatchObject({ revisionHistoryLimit: 10 });
    expect(JSON.stringify(ownersOf(applied))).not.toContain('revisionHistoryLimit');
  }),
];

/** Server-side apply. Source: kubernetes.io/docs/reference/using-api/server-side-apply. */
export const serverSideApply: Contract<KubernetesSubject> = {
  port: 'Kubernetes API: server-side apply',
  cases: [...ownership, ...conflicts, ...rules],
};
