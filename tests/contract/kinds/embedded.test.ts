import type { ResourceKind } from '@vmstation/core';
import { beforeAll, expect, test } from 'vitest';
import { kinds } from '../../../packages/host/src/kinds/registry.ts';
import { holdToContract } from '../contract-case.ts';
import { embeddedKindSubject } from './embedded-subject.ts';
import { kindCases, kindContract } from './kind-contracts.ts';
import type { KindSubject } from './kind-subject.ts';
import { leftAloneContract } from './left-alone.ts';

let debian: KindSubject;
let rhel: KindSubject;
beforeAll(async () => {
  [debian, rhel] = await Promise.all([embeddedKindSubject('debian-12'), embeddedKindSubject('rhel-10')]);
});

holdToContract(kindContract, 'embedded', () => debian);
holdToContract(leftAloneContract, 'embedded', () => debian);
holdToContract({ ...kindContract, port: `${kindContract.port}, RHEL` }, 'embedded', () => rhel);

test('every kind of resource is held to the contract', () => {
  const held = new Set<ResourceKind>(kindCases.map(({ kind }) => kind));
  expect(Object.keys(kinds).filter((kind) => !held.has(kind as ResourceKind))).toEqual([]);
});
