import fc from 'fast-check';
import { expect, test } from 'vitest';
import { phaseNames } from '../phase/phase-name.ts';
import type { Resource } from '../resource/resource.ts';
import type { Declaration } from './desired-state.ts';
import { mergeDeclarations } from './merge-declarations.ts';

function declaration(resource: Resource, extra: Partial<Declaration> = {}): Declaration {
  return { node: 'one', resource, phase: 'config', role: 'system', origin: 'role system', ...extra };
}

test('equal declarations merge, keep all origins, and the earliest phase wins', () => {
  const forward = { kind: 'sysctl', key: 'net.ipv4.ip_forward', value: '1' } as const;
  const merged = mergeDeclarations(
    ['one'],
    [declaration(forward), declaration(forward, { phase: 'setup', role: 'nodes', origin: 'role nodes' })],
  );
  expect(merged.nodes.get('one')).toEqual([
    { resource: forward, phase: 'setup', role: 'nodes', origins: ['role system', 'role nodes'] },
  ]);
});

test('attributes that only one side speaks of are joined; handlers and groups add up', () => {
  const first = { kind: 'file', path: '/etc/a', content: 'x', notifies: [{ unit: 'a', action: 'restart' }] } as const;
  const second = { kind: 'file', path: '/etc/a', mode: '0600', notifies: [{ unit: 'b', action: 'reload' }] } as const;
  const [merged] = mergeDeclarations(['one'], [declaration(first), declaration(second)]).nodes.get('one') ?? [];
  expect(merged?.resource).toEqual({
    kind: 'file',
    path: '/etc/a',
    content: 'x',
    mode: '0600',
    notifies: [
      { unit: 'a', action: 'restart' },
      { unit: 'b', action: 'reload' },
    ],
  });
});

test('two values for one attribute are an error that names both places', () => {
  const value = (text: string) => ({ kind: 'sysctl', key: 'net.ipv4.ip_forward', value: text }) as const;
  const merge = () =>
    mergeDeclarations(
      ['one'],
      [
        declaration(value('1'), { origin: 'role nodes' }),
        declaration(value('0'), { origin: 'group/common/settings.yaml:3' }),
      ],
    );
  expect(merge).toThrow(
    'one: sysctl:net.ipv4.ip_forward value: role nodes asks for "1", group/common/settings.yaml:3 for "0"',
  );
});

test('a path cannot be a file and a directory', () => {
  const merge = () =>
    mergeDeclarations(
      ['one'],
      [
        declaration({ kind: 'file', path: '/srv/x' }),
        declaration({ kind: 'directory', path: '/srv/x' }, { origin: 'role storage' }),
      ],
    );
  expect(merge).toThrow('asks for a file, role storage for a directory');
});

test.each<[string, Resource, Resource]>([
  [
    '/etc/systemd/system/a.service',
    { kind: 'unit', name: 'a.service', content: 'x\n' },
    { kind: 'file', path: '/etc/systemd/system/a.service' },
  ],
  [
    '/etc/apt/sources.list.d/k.sources',
    { kind: 'package-repository', name: 'k', uris: ['https://k.example/'] },
    { kind: 'file', path: '/etc/apt/sources.list.d/k.sources' },
  ],
  [
    '/etc/systemd/system/vmstation-link-e0.service',
    { kind: 'link', name: 'e0', mtu: 9000 },
    { kind: 'unit', name: 'vmstation-link-e0.service', content: 'x\n' },
  ],
])('%s has one owner', (path, first, second) => {
  const merge = () => mergeDeclarations(['one'], [declaration(first), declaration(second, { origin: 'hosts/one' })]);
  expect(merge).toThrow(`one: ${path}: role system asks for a ${first.kind}, hosts/one for a ${second.kind}`);
});

test.each<[string, Resource, Resource]>([
  [
    'filesystem:/dev/sdb label',
    { kind: 'filesystem', device: '/dev/sdb', fstype: 'xfs', label: 'a' },
    { kind: 'filesystem', device: '/dev/sdb', fstype: 'xfs', label: 'b' },
  ],
  ['link:e0 mtu', { kind: 'link', name: 'e0', mtu: 9000 }, { kind: 'link', name: 'e0', mtu: 1500 }],
  ['selinux:system mode', { kind: 'selinux', mode: 'enforcing' }, { kind: 'selinux', mode: 'permissive' }],
  [
    'package-repository:k uris',
    { kind: 'package-repository', name: 'k', uris: ['https://a/'] },
    { kind: 'package-repository', name: 'k', uris: ['https://b/'] },
  ],
  [
    'block:/etc/issue#b content',
    { kind: 'block', path: '/etc/issue', name: 'b', content: 'a\n' },
    { kind: 'block', path: '/etc/issue', name: 'b', content: 'b\n' },
  ],
])('two values for %s name both places', (what, first, second) => {
  const merge = () => mergeDeclarations(['one'], [declaration(first), declaration(second, { origin: 'hosts/one' })]);
  expect(merge).toThrow(new RegExp(`one: ${what}: role system asks for .*, hosts/one for `));
});

test('contents of files do not appear in the message', () => {
  const merge = () =>
    mergeDeclarations(
      ['one'],
      [
        declaration({ kind: 'file', path: '/a', content: 'hunter2' }),
        declaration({ kind: 'file', path: '/a', content: 'b' }),
      ],
    );
  expect(merge).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hunter2') }));
});

const anyDeclaration = fc.record({
  node: fc.constantFrom('one', 'two'),
  resource: fc.oneof(
    fc.record({ kind: fc.constant('sysctl' as const), key: fc.constantFrom('a', 'b', 'c'), value: fc.constant('1') }),
    fc.record({
      kind: fc.constant('directory' as const),
      path: fc.constantFrom('/a', '/b'),
      mode: fc.constantFrom('0755', undefined),
    }),
    fc.record({ kind: fc.constant('package' as const), name: fc.constantFrom('curl', 'jq') }),
  ),
  phase: fc.constantFrom(...phaseNames),
  role: fc.constantFrom('r', 's'),
  origin: fc.constantFrom('x', 'y'),
});

test('merging is idempotent and does not depend on the order of declarations, but for the order of the list', () => {
  const ids = (list: readonly Declaration[]) =>
    Object.fromEntries(
      [...mergeDeclarations(['one', 'two'], list).nodes].map(([node, merged]) => [
        node,
        merged
          .map((one) => JSON.stringify([one.resource, one.phase], Object.keys({ ...one.resource, 0: 0, 1: 0 }).sort()))
          .sort(),
      ]),
    );
  fc.assert(
    fc.property(fc.array(anyDeclaration, { maxLength: 12 }), (list) => {
      expect(ids([...list, ...list])).toEqual(ids(list));
      expect(ids(list.toReversed())).toEqual(ids(list));
    }),
  );
});
