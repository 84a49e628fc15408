import type { DesiredResource, Difference, Resource } from '@vmstation/core';
import { expect, test } from 'vitest';
import { acceptanceOf } from './acceptance.ts';

const differs = (attribute: string, want: string, seen: string): Difference => ({ attribute, want, seen });
const content = differs('content', 'sha256 1', 'sha256 2');

function accept(resource: Resource, differences: readonly Difference[], origin = 'role system') {
  const desired: DesiredResource = { resource, phase: 'config', role: 'system', origins: [origin] };
  return acceptanceOf('homelab', desired, differences);
}

const motd: Resource = { kind: 'file', path: '/etc/motd', content: 'x', mode: '0644' };

test.each<[string, Resource, readonly Difference[], unknown]>([
  ['a file', motd, [content], { write: 'file', path: '/etc/motd', executable: false }],
  ['a script', motd, [differs('mode', '0644', '0755')], { write: 'file', path: '/etc/motd', executable: true }],
  [
    'a unit',
    { kind: 'unit', name: 'a.service', content: '' },
    [content],
    { write: 'file', path: '/etc/systemd/system/a.service', executable: false },
  ],
  [
    'a kernel setting',
    { kind: 'sysctl', key: 'vm.swappiness', value: '10' },
    [differs('running', '10', '60')],
    { write: 'setting', keys: ['sysctl', 'vm.swappiness'], value: '60' },
  ],
  [
    'a service',
    { kind: 'service', unit: 'a.service', active: true },
    [differs('active', 'yes', 'inactive')],
    { write: 'setting', keys: ['services', 'a.service', 'active'], value: false },
  ],
  [
    'a time zone',
    { kind: 'timezone', zone: 'UTC' },
    [differs('zone', 'UTC', 'Europe/Berlin')],
    { write: 'setting', keys: ['timezone'], value: 'Europe/Berlin' },
  ],
])('%s is accepted', (_what, resource, differences, expected) => {
  expect(accept(resource, differences)).toEqual([expected]);
});

test.each<[string, Resource, readonly Difference[]]>([
  ['secret', { ...motd, secret: true }, [content]],
  ['mode', { ...motd, mode: '0600' }, [content]],
  ['mode', motd, [differs('mode', '0644', '0777')]],
  ['owner is nobody', motd, [differs('owner', 'root', 'nobody')]],
  ['type is absent', motd, [differs('type', 'file', 'absent')]],
  ['owed', { kind: 'service', unit: 'a.service' }, [differs('notification', 'a.service restarted', 'owed')]],
  ['masked', { kind: 'service', unit: 'a.service' }, [differs('masked', 'no', 'yes')]],
  ['no such setting', { kind: 'sysctl', key: 'a', value: '1' }, [differs('running', '1', '(no such setting)')]],
  ['(no link)', { kind: 'timezone', zone: 'UTC' }, [differs('zone', 'UTC', '(no link)')]],
  ['only add', { kind: 'package', name: 'lsof' }, [differs('ensure', 'present', 'absent')]],
  ['another version', { kind: 'package', name: 'lsof', version: '2' }, [differs('version', '2', '1')]],
  ['stands for a user', { kind: 'user', name: 'a' }, [differs('shell', '/bin/sh', '/bin/bash')]],
])('what cannot be written down is refused: %s', (reason, resource, differences) => {
  const because = reason === '(no link)' ? 'no time zone' : reason === 'no such setting' ? 'no value' : reason;
  expect(accept(resource, differences)).toEqual([{ write: 'nothing', because: expect.stringContaining(because) }]);
});

test('a package that the host’s own settings ask for is taken out of them', () => {
  const gone = [differs('ensure', 'present', 'absent')];
  expect(accept({ kind: 'package', name: 'lsof' }, gone, 'hosts/homelab/settings.yaml: packages')).toEqual([
    { write: 'removal', keys: ['packages'], item: 'lsof' },
  ]);
});
