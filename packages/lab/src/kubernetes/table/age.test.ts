import { expect, test } from 'vitest';
import type { ApiObjects } from '../registry/api-objects.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { presentObject } from '../request/present.ts';
import { presentContext } from '../request/read-objects.ts';
import { resourceOf } from '../resources.ts';
import { duration } from './age.ts';

test.each([
  [-3000, '<invalid>'],
  [-1999, '0s'],
  [-1, '0s'],
  [119_999, '119s'],
  [192_000, '3m12s'],
  [600_000, '10m'],
])('%i ms read as kubectl writes them', (length, text) => {
  expect(duration(length)).toBe(text);
});

test('what a watch shows is as old as it is then, not as when the watch began', () => {
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  const api = { clock: { now: () => nowMs } } as ApiObjects;
  const request = {
    query: new URLSearchParams(),
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  } as ApiRequest;
  const context = presentContext(request, resourceOf('configmaps'), api);
  nowMs += 20_000;
  const metadata = { name: 'one', namespace: 'default', creationTimestamp: '2026-01-01T00:00:15Z' };
  expect(presentObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata }, context)).toMatchObject({
    rows: [{ cells: ['one', 0, '5s'] }],
  });
});
