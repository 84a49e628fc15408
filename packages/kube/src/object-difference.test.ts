import type { KubeObject } from '@vmstation/core';
import { assert, dictionary, jsonValue, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { objectDifferences } from './object-difference.ts';

function deployment(container: Record<string, unknown>, metadata: Record<string, unknown> = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'grafana', namespace: 'monitoring', ...metadata },
    spec: { template: { spec: { containers: [{ name: 'grafana', ...container }] } } },
  };
}

test('what the server keeps is no difference', () => {
  const live = {
    ...deployment(
      { image: 'grafana:13' },
      { resourceVersion: '7', uid: 'u', generation: 3, managedFields: [{ manager: 'vmstation' }] },
    ),
    status: { readyReplicas: 1 },
  };
  expect(objectDifferences(deployment({ image: 'grafana:13' }), live)).toEqual([]);
});

test('a changed image is named by its container, with both values', () => {
  const found = objectDifferences(deployment({ image: 'grafana:13' }), deployment({ image: 'grafana:12' }));
  expect(found).toEqual([
    { path: 'spec.template.spec.containers[grafana].image', want: 'grafana:13', seen: 'grafana:12' },
  ]);
});

test('a container that is too many or missing is one difference', () => {
  const two: KubeObject = {
    ...deployment({}),
    spec: { template: { spec: { containers: [{ name: 'grafana' }, { name: 'extra' }] } } },
  };
  expect(objectDifferences(deployment({}), two)).toEqual([
    { path: 'spec.template.spec.containers[extra]', want: '(absent)', seen: '{"name":"extra"}' },
  ]);
});

test('long text shows the first line that differs', () => {
  const map = (text: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c' },
    data: { 'a.yaml': text },
  });
  expect(objectDifferences(map('a: 1\nb: 2\n'), map('a: 1\nb: 3\n'))).toEqual([
    { path: 'data["a.yaml"]', want: 'line 2: b: 2', seen: 'line 2: b: 3' },
  ]);
});

test('values of secrets are never shown, nor the copy of them that kubectl leaves', () => {
  const secret = (value: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 's',
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"data":"${value}"}` },
    },
    data: { password: value },
  });
  const found = objectDifferences(secret('aHVudGVyMg=='), secret('b2xk'));
  expect(found).toEqual([{ path: 'data.password', want: '[secret]', seen: '[another secret]' }]);
  expect(JSON.stringify(found)).not.toMatch(/aHVudGVyMg|b2xk/);
});

test('an empty object equals an absent one', () => {
  expect(objectDifferences(deployment({ resources: {} }), deployment({}))).toEqual([]);
});

test('property: an object equals itself, and no value of a secret is ever shown', () => {
  assert(
    property(dictionary(string({ minLength: 1 }), jsonValue()), (data) => {
      const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data };
      expect(objectDifferences(object, structuredClone(object))).toEqual([]);
    }),
  );
  assert(
    property(string({ minLength: 20 }), string({ minLength: 20 }), (wanted, lived) => {
      const secret = (value: string): KubeObject => ({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 's' },
        data: { key: value },
        stringData: { key: value },
      });
      const shown = JSON.stringify(objectDifferences(secret(wanted), secret(lived)));
      expect(shown).not.toContain(JSON.stringify(wanted).slice(1, -1));
      expect(shown).not.toContain(JSON.stringify(lived).slice(1, -1));
    }),
  );
});
