import { AppError } from '@vmstation/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPinned } from './images.ts';
import { folderObjects } from './manifests.ts';

function objects(text: string) {
  return folderObjects({ name: 'w', path: 'apps/w', manifests: [{ origin: 'apps/w/a.yaml', text }] }, 'web');
}

function faultOf(text: string): AppError {
  try {
    objects(text);
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
  }
  throw new Error('no fault was found');
}

const service = 'apiVersion: v1\nkind: Service\nmetadata: { name: s }\n';

function workload(image: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: d }
spec:
  template:
    spec:
      containers:
        - name: one
          image: ${image}
`;
}

test('objects without a namespace go into the one of the application, cluster-wide ones nowhere', () => {
  const text = `${service}---\n${service.replace('{ name: s }', '{ name: t, namespace: other }')}---\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: other }\n`;
  expect(objects(text).map(({ kind, metadata }) => [kind, metadata.namespace])).toEqual([
    ['Service', 'web'],
    ['Service', 'other'],
    ['Namespace', undefined],
  ]);
});

test('all faults are told at once, each with its file and line', () => {
  const text = `${service}---\n${workload('docker.io/traefik/whoami')}---\nkind: Service\n---\n${workload('whoami:latest')}`;
  const { code, message } = faultOf(text);
  expect(code).toBe('app-folder/unpinned-image');
  expect(message.split('\n').slice(1)).toEqual([
    '  - apps/w/a.yaml:13: the image docker.io/traefik/whoami of Deployment d has no fixed tag',
    '  - apps/w/a.yaml:15: no Kubernetes object: apiVersion, kind and metadata.name are needed',
    '  - apps/w/a.yaml:25: the image whoami:latest of Deployment d has no fixed tag',
  ]);
});

test('broken YAML is told with its line', () => {
  expect(faultOf(`${service}---\nkind: [Service\n`).message).toMatch(/apps\/w\/a\.yaml:[56]: no YAML/);
});

test('aliases without end are refused, not followed', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n`;
  expect(faultOf(bomb).code).toBe('app-folder/invalid-manifest');
});

test('containers that stand behind an alias are judged too', () => {
  const text = `apiVersion: v1
kind: Pod
metadata: { name: p }
spec:
  overhead: &c [{ name: i, image: busybox }]
  containers: *c
`;
  expect(faultOf(text).message).toContain('apps/w/a.yaml:1: the image busybox of Pod p has no fixed tag');
});

test.each([
  ['whoami:v1.11.0', true],
  ['registry.local:5000/whoami', false],
  ['registry.local:5000/whoami:1', true],
  ['whoami:latest', false],
  ['whoami', false],
  [`whoami@sha256:${'a'.repeat(64)}`, true],
  ['whoami@sha256:abc', false],
])('%s is pinned: %s', (image, pinned) => {
  expect(isPinned(image)).toBe(pinned);
});

test('a tag other than latest pins, wherever the registry is', () => {
  const name = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}$/).filter((text) => text !== 'latest');
  fc.assert(
    fc.property(fc.array(name, { maxLength: 3 }), name, tag, (folders, image, version) => {
      const path = ['registry:5000', ...folders, image].join('/');
      expect([isPinned(path), isPinned(`${path}:${version}`), isPinned(`${path}:latest`)]).toEqual([
        false,
        true,
        false,
      ]);
    }),
  );
});
