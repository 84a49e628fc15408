import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { puppetDeployment } from './objects.ts';
import { refusal } from './refusal.ts';
import type { Scratch } from './scratch.ts';

const as = (type: PatchStrategy) => setHeaderOptions('Content-Type', type);

/** Patches the ConfigMap `one` of the case. */
async function patchMap(scratch: Scratch, type: PatchStrategy, body: unknown) {
  const namespace = await scratch.namespace();
  return scratch.subject.core.patchNamespacedConfigMap({ name: 'one', namespace, body }, as(type));
}

async function withMap(scratch: Scratch, data: Record<string, string>): Promise<string> {
  const namespace = await scratch.namespace();
  const body = { metadata: { name: 'one', labels: { 'example.org/slash': 's' } }, data };
  await scratch.subject.core.createNamespacedConfigMap({ namespace, body });
  return namespace;
}

/** A paused Deployment with two containers, to be patched. */
async function withDeployment(scratch: Scratch): Promise<string> {
  const namespace = await scratch.namespace();
  const body = puppetDeployment(namespace, 'web', { paused: true, replicas: 0 });
  const spec = body.spec?.template.spec;
  if (spec) {
    spec.containers = [
      { name: 'main', image: 'main:1', env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80 }] },
      { name: 'side', image: 'side:1' },
    ];
    spec.tolerations = [{ key: 'old', operator: 'Exists' }];
    spec.volumes = [{ name: 'data', emptyDir: {} }];
  }
  await scratch.subject.apps.createNamespacedDeployment({ namespace, body });
  return namespace;
}

async function patchDeployment(scratch: Scratch, type: PatchStrategy, body: unknown) {
  const namespace = await scratch.namespace();
  const patched = await scratch.subject.apps.patchNamespacedDeployment({ name: 'web', namespace, body }, as(type));
  return patched.spec?.template.spec;
}

const inTemplate = (spec: object) => ({ spec: { template: { spec } } });

const json = [
  kubernetesCase('a JSON patch tests, adds, replaces, moves, copies and removes', async (scratch) => {
    await withMap(scratch, { a: '1', gone: 'x' });
    const patched = await patchMap(scratch, PatchStrategy.JsonPatch, [
      { op: 'test', path: '/data/a', value: '1' },
      { op: 'add', path: '/data/b', value: '2' },
      { op: 'replace', path: '/data/a', value: '9' },
      { op: 'copy', from: '/data/a', path: '/data/c' },
      { op: 'move', from: '/metadata/labels/example.org~1slash', path: '/data/moved' },
      { op: 'remove', path: '/data/gone' },
    ]);
    expect(patched.data).toEqual({ a: '9', b: '2', c: '9', moved: 's' });
  }),
  kubernetesCase('a JSON patch that does not fit is 422 and changes nothing', async (scratch) => {
    const namespace = await withMap(scratch, { a: '1' });
    const failing = [
      { op: 'replace', path: '/data/a', value: '2' },
      { op: 'test', path: '/data/a', value: 'other' },
    ];
    expect(await refusal(patchMap(scratch, PatchStrategy.JsonPatch, failing))).toMatchObject({ code: 422 });
    const missing = [{ op: 'remove', path: '/data/none' }];
    expect(await refusal(patchMap(scratch, PatchStrategy.JsonPatch, missing))).toMatchObject({ code: 422 });
    const live = await scratch.subject.core.readNamespacedConfigMap({ name: 'one', namespace });
    expect(live.data).toEqual({ a: '1' });
  }),
  kubernetesCase('a JSON patch that is no list of operations is 400', async (scratch) => {
    await withMap(scratch, { a: '1' });
    const refused = await refusal(patchMap(scratch, PatchStrategy.JsonPatch, { data: { a: '2' } }));
    expect(refused).toMatchObject({ code: 400, reason: 'BadRequest' });
  }),
];

const merge = [
  kubernetesCase('a merge patch sets what it names and removes what it names as null', async (scratch) => {
    await withMap(scratch, { a: '1', b: '2', c: '3' });
    const patched = await patchMap(scratch, PatchStrategy.MergePatch, { data: { a: '9', b: null, d: '4' } });
    expect(patched.data).toEqual({ a: '9', c: '3', d: '4' });
  }),
  kubernetesCase('a merge patch replaces lists whole', async (scratch) => {
    await withDeployment(scratch);
    const containers = [{ name: 'only', image: 'only:1' }];
    const spec = await patchDeployment(scratch, PatchStrategy.MergePatch, inTemplate({ containers }));
    expect(spec?.containers.map(({ name }) => name)).toEqual(['only']);
  }),
  kubernetesCase('a patch with an older resourceVersion is 409', async (scratch) => {
    await withMap(scratch, { a: '1' });
    const body = { metadata: { resourceVersion: '1' }, data: { a: '2' } };
    const refused = await refusal(patchMap(scratch, PatchStrategy.MergePatch, body));
    expect(refused).toMatchObject({ code: 409, reason: 'Conflict' });
  }),
  kubernetesCase('a patch to a wrong type is 422 and names the patch', async (scratch) => {
    await withMap(scratch, { a: '1' });
    for (const type of [PatchStrategy.MergePatch, PatchStrategy.StrategicMergePatch]) {
      const refused = await refusal(patchMap(scratch, type, { data: { a: { deep: 1 } } }));
      expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
      expect(refused.causes.map(({ field }) => field)).toEqual(['patch']);
    }
  }),
  kubernetesCase('a patch of what is absent is 404', async (scratch) => {
    await scratch.namespace();
    const refused = await refusal(patchMap(scratch, PatchStrategy.MergePatch, { data: {} }));
    expect(refused).toMatchObject({ code: 404, reason: 'NotFound' });
  }),
  kubernetesCase('a patch cannot give an object another name', async (scratch) => {
    await withMap(scratch, {});
    const refused = await refusal(patchMap(scratch, PatchStrategy.MergePatch, { metadata: { name: 'other' } }));
    expect(refused).toMatchObject({ code: 400, reason: 'BadRequest' });
  }),
];

const strategic = [
  kubernetesCase('a strategic merge joins lists by their key', async (scratch) => {
    await withDeployment(scratch);
    const spec = await patchDeployment(
      scratch,
      PatchStrategy.StrategicMergePatch,
      inTemplate({ containers: [{ name: 'main', image: 'main:2', env: [{ name: 'B', value: '2' }] }] }),
    );
    const main = spec?.containers.find(({ name }) => name === 'main');
    expect(spec?.containers).toHaveLength(2);
    expect(main).toMatchObject({ image: 'main:2', ports: [{ containerPort: 80 }] });
    expect(main?.env?.map(({ name }) => name).toSorted()).toEqual(['A', 'B']);
  }),
  kubernetesCase(
    'a strategic merge removes an item by $patch: delete and replaces a list by $patch: replace',
    async (scratch) => {
      await withDeployment(scratch);
      const removed = await patchDeployment(
        scratch,
        PatchStrategy.StrategicMergePatch,
        inTemplate({ containers: [{ name: 'side', $patch: 'delete' }] }),
      );
      expect(removed?.containers.map(({ name }) => name)).toEqual(['main']);
      const replaced = await patchDeployment(
        scratch,
        PatchStrategy.StrategicMergePatch,
        inTemplate({ containers: [{ name: 'only', image: 'only:1' }, { $patch: 'replace' }] }),
      );
      expect(replaced?.containers.map(({ name }) => name)).toEqual(['only']);
    },
  ),
  kubernetesCase('a strategic merge replaces a list without a key', async (scratch) => {
    await withDeployment(scratch);
    const tolerations = [{ key: 'new', operator: 'Exists' }];
    const spec = await patchDeployment(scratch, PatchStrategy.StrategicMergePatch, inTemplate({ tolerations }));
    expect(spec?.tolerations).toEqual(tolerations);
  }),
  kubernetesCase('a strategic merge keeps the order that $setElementOrder gives', async (scratch) => {
    await withDeployment(scratch);
    const spec = await patchDeployment(
      scratch,
      PatchStrategy.StrategicMergePatch,
      inTemplate({ '$setElementOrder/containers': [{ name: 'side' }, { name: 'main' }], containers: [] }),
    );
    expect(spec?.containers.map(({ name }) => name)).toEqual(['side', 'main']);
  }),
  kubernetesCase('a strategic merge drops the keys of a union that $retainKeys does not name', async (scratch) => {
    await withDeployment(scratch);
    const volume = { name: 'data', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/srv' } };
    const spec = await patchDeployment(scratch, PatchStrategy.StrategicMergePatch, inTemplate({ volumes: [volume] }));
    expect(spec?.volumes).toMatchObject([{ name: 'data', hostPath: { path: '/srv' } }]);
    expect(spec?.volumes?.[0]?.emptyDir).toBeUndefined();
  }),
  kubernetesCase('a strategic merge removes values from a set of texts', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const metadata = { name: 'one', finalizers: ['example.org/a', 'example.org/b'] };
    await core.createNamespacedConfigMap({ namespace, body: { metadata } });
    const body = { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.org/a'] } };
    const patched = await patchMap(scratch, PatchStrategy.StrategicMergePatch, body);
    expect(patched.metadata?.finalizers).toEqual(['example.org/b']);
    await patchMap(scratch, PatchStrategy.MergePatch, { metadata: { finalizers: null } });
  }),
  kubernetesCase('a strategic merge of a list’s item without its key is refused', async (scratch) => {
    await withDeployment(scratch);
    const patch = inTemplate({ containers: [{ image: 'nameless:1' }] });
    const refused = await refusal(patchDeployment(scratch, PatchStrategy.StrategicMergePatch, patch));
    expect(refused.code).toBeGreaterThanOrEqual(400);
    expect(refused.message).toContain('does not contain declared merge key: name');
  }),
];

/** Patches of each kind. Source: kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch. */
export const patches: Contract<KubernetesSubject> = {
  port: 'Kubernetes API: patches',
  cases: [...json, ...merge, ...strategic],
};
