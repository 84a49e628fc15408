import { expect, test } from 'vitest';
import type { HostsEntry, Resource } from '../resource/resource.ts';
import type { Declaration } from './desired-state.ts';
import { mergeDeclarations } from './merge-declarations.ts';

const group = (name: string, ...entries: readonly HostsEntry[]): Resource => ({ kind: 'hosts-entries', name, entries });
const a: HostsEntry = { address: '10.0.0.1', names: ['a'] };
const b: HostsEntry = { address: '10.0.0.2', names: ['b'] };
const otherA: HostsEntry = { address: '10.0.0.1', names: ['z'] };

function merged(...resources: readonly (readonly [origin: string, resource: Resource])[]): string {
  const declare = ([origin, resource]: readonly [string, Resource]): Declaration => ({
    node: 'one',
    resource,
    phase: 'setup',
    role: 'test',
    origin,
  });
  try {
    const list = mergeDeclarations(['one'], resources.map(declare)).nodes.get('one') ?? [];
    return `${list.length} resources`;
  } catch (error) {
    return String(error);
  }
}

test('groups with different addresses, and an address with the same names twice, go together', () => {
  expect(merged(['role x', group('x', a)], ['role y', group('y', b)])).toBe('2 resources');
  expect(merged(['role x', group('x', a, b)], ['role y', { kind: 'hosts-entry', ...a }])).toBe('2 resources');
  expect(merged(['role x', group('x', a, b)], ['role y', group('x', a, b)])).toBe('1 resources');
});

test('an address with other names is a conflict that names both places, whatever declares it', () => {
  const places = '/etc/hosts 10.0.0.1: role x asks for a, role y for z';
  expect(merged(['role x', group('x', a, b)], ['role y', group('y', otherA)])).toContain(places);
  expect(merged(['role x', group('x', a, b)], ['role y', { kind: 'hosts-entry', ...otherA }])).toContain(places);
  expect(merged(['role x', group('x', a, b)], ['role y', group('x', otherA, b)])).toContain('hosts-entries:x');
});

test('an address twice in one group is a conflict', () => {
  expect(merged(['role x', group('x', a, otherA)])).toContain('role x names 10.0.0.1 twice');
});
