import type { KubeObject } from '@vmstation/core';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { restartOf } from './planned-restart.ts';
import { podInputs, withConfigDigests, withSecretDigests } from './pod-inputs.ts';

const key = Buffer.alloc(32, 7);

function workload(spec: object, kind = 'Deployment'): KubeObject {
  return { apiVersion: 'apps/v1', kind, metadata: { name: 'w', namespace: 'n' }, spec: { template: { spec } } };
}

const reader = workload({
  volumes: [
    { name: 'a', secret: { secretName: 'mounted' } },
    { name: 'b', configMap: { name: 'settings' } },
    { name: 'c', projected: { sources: [{ secret: { name: 'projected' } }, { configMap: { name: 'more' } }] } },
  ],
  initContainers: [{ name: 'i', envFrom: [{ secretRef: { name: 'first' } }, { configMapRef: { name: 'settings' } }] }],
  containers: [
    {
      name: 'm',
      env: [
        { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'single', key: 'password' } } },
        { name: 'MODE', valueFrom: { configMapKeyRef: { name: 'mode', key: 'mode' } } },
        { name: 'PLAIN', value: 'x' },
      ],
    },
  ],
});

function secret(name: string, data: object, more: object = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'n' }, data, ...more };
}

function digestOf(...secrets: readonly KubeObject[]): string | undefined {
  const [first] = withSecretDigests([reader, ...secrets], key);
  const { template } = (
    first as unknown as { spec: { template: { metadata?: { annotations?: Record<string, string> } } } }
  ).spec;
  return template.metadata?.annotations?.['vmstation.io/secrets'];
}

test('what pods read is found wherever a template can name it, each once', () => {
  expect(podInputs(reader)).toEqual({
    configMaps: ['settings', 'more', 'mode'],
    secrets: ['mounted', 'projected', 'single', 'first'],
  });
  const { kind: _kind, ...rest } = reader;
  expect(podInputs({ ...rest, kind: 'Job' })).toEqual({ configMaps: [], secrets: [] });
});

test('another value is another digest, the same value the same one, whether it is written as text or as base64', () => {
  const one = digestOf(secret('mounted', { p: 'MTIzNA==' }));
  expect(one).toMatch(/^[0-9a-f]{16}$/);
  expect(digestOf(secret('mounted', { p: 'MTIzNA==' }))).toBe(one);
  expect(digestOf(secret('mounted', {}, { stringData: { p: '1234' } }))).toBe(one);
  expect(digestOf(secret('mounted', { p: 'MTIzNQ==' }))).not.toBe(one);
  expect(digestOf(secret('mounted', { q: 'MTIzNA==' }))).not.toBe(one);
  expect(digestOf(secret('single', { p: 'MTIzNA==' }))).not.toBe(one);
});

test('a secret that nobody here reads, or of another namespace, changes no template', () => {
  const foreign = { ...secret('mounted', { p: 'MQ==' }), metadata: { name: 'mounted', namespace: 'other' } };
  expect(withSecretDigests([reader, secret('unread', { p: 'MQ==' }), foreign], key)[0]).toBe(reader);
  expect(withConfigDigests([reader])[0]).toBe(reader);
});

test('nobody who has the digest but not the key can try values until one fits', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.integer({ min: 0, max: 9999 }), (other, pin) => {
      const objects = [reader, secret('mounted', { p: Buffer.from(String(pin)).toString('base64') })];
      fc.pre(!Buffer.from(other).equals(key));
      expect(withSecretDigests(objects, key)[0]).not.toEqual(withSecretDigests(objects, other)[0]);
    }),
  );
});

test('annotations that the template has stay, and the template of a config map’s reader follows its content', () => {
  const map = (value: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'n' },
    data: { value },
  });
  const { spec } = reader as unknown as { spec: { template: object } };
  const annotated = {
    ...reader,
    spec: { template: { ...spec.template, metadata: { annotations: { mine: 'kept' } } } },
  } as unknown as KubeObject;
  const [one, two] = ['a', 'b'].map((value) => withConfigDigests([annotated, map(value)])[0]);
  expect(one).toMatchObject({ spec: { template: { metadata: { annotations: { mine: 'kept' } } } } });
  expect(one).not.toEqual(two);
});

test('a plan names what made a workload restart, and does not name what it cannot know', () => {
  const set = {
    phase: 'application-stack',
    name: 'w',
    title: 'W',
    why: '',
    node: undefined,
    objects: [reader],
    needs: [],
  } as const;
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'w', namespace: 'n' };
  const digests = [{ path: 'spec.template.metadata.annotations["vmstation.io/secrets"]', want: 'b', seen: 'a' }];
  const changed = (name: string) => ({
    ref: { apiVersion: 'v1', kind: 'Secret', name, namespace: 'n' },
    state: 'differs' as const,
    differences: [],
  });
  const wants = (...names: readonly string[]) =>
    restartOf(ref, digests, { set, differing: names.map(changed) }).map(({ want }) => want);
  expect(wants('mounted', 'unread')).toEqual(['w restarts: its secret mounted changed']);
  expect(wants()).toEqual(['w restarts: its pods started with other values than it has now']);
  expect(restartOf(ref, [], { set, differing: [changed('mounted')] })).toEqual([]);
});
