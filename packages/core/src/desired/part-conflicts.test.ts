import { expect, test } from 'vitest';
import type { Resource } from '../resource/resource.ts';
import type { Declaration } from './desired-state.ts';
import { mergeDeclarations } from './merge-declarations.ts';

function declare(resource: Resource, origin: string): Declaration {
  return { node: 'a', resource, phase: 'config', role: 'test', origin };
}

function file(path: string, content: string): Declaration {
  return declare({ kind: 'file', path, content }, `hosts/a${path}`);
}

const swapOff: Resource = { kind: 'swap', ensure: 'off' };
const entry: Resource = { kind: 'hosts-entry', address: '10.0.0.1', names: ['b.lan', 'b'] };
const entries: Resource = {
  kind: 'hosts-entries',
  name: 'all',
  entries: [{ address: '10.0.0.1', names: ['b.lan', 'b'] }],
};
const mount: Resource = {
  kind: 'mount',
  path: '/mnt/media',
  source: '10.0.0.1:/srv',
  fstype: 'nfs4',
  options: ['nofail'],
  mounted: false,
};
const block: Resource = { kind: 'block', path: '/etc/issue', name: 'b', content: 'one\n' };
const key: Resource = { kind: 'authorized-key', user: 'root', key: 'ssh-ed25519 AAAA1 one' };

test.each<[string, Resource, Declaration, string | undefined]>([
  ['a hosts file without a node', entry, file('/etc/hosts', '127.0.0.1 localhost\n'), 'without 10.0.0.1 b.lan b'],
  ['a hosts file with it', entry, file('/etc/hosts', '10.0.0.1\tb b.lan # here\n'), undefined],
  ['a hosts file without one of many nodes', entries, file('/etc/hosts', '10.0.0.1 b\n'), 'without 10.0.0.1 b.lan b'],
  ['a hosts file with all of them', entries, file('/etc/hosts', '10.0.0.1 b b.lan\n'), undefined],
  ['another host name', { kind: 'hostname', name: 'a' }, file('/etc/hostname', 'z\n'), 'with z'],
  ['the same host name', { kind: 'hostname', name: 'a' }, file('/etc/hostname', 'a\n'), undefined],
  ['an fstab with swap', swapOff, file('/etc/fstab', '/dev/sda2 none swap sw 0 0\n'), 'with a swap line'],
  ['an fstab with swap commented out', swapOff, file('/etc/fstab', '# /dev/sda2 none swap sw 0 0\n'), undefined],
  ['an fstab without a mount', mount, file('/etc/fstab', ''), 'without 10.0.0.1:/srv on /mnt/media'],
  ['an fstab with it', mount, file('/etc/fstab', '10.0.0.1:/srv /mnt/media nfs4 nofail 0 0\n'), undefined],
  ['keys without ours', key, file('/root/.ssh/authorized_keys', 'ssh-ed25519 BBBB two\n'), 'without that key'],
  ['keys of somebody else', key, file('/home/x/.ssh/authorized_keys', ''), undefined],
  ['a file without a block', block, file('/etc/issue', 'x\n'), 'without the block "b"'],
  ['a file with it', block, file('/etc/issue', 'x\n# BEGIN vmstation b\none\n# END vmstation b\n'), undefined],
  [
    'another SELinux mode',
    { kind: 'selinux', mode: 'enforcing' },
    file('/etc/selinux/config', 'SELINUX=disabled\n'),
    'with SELINUX=disabled',
  ],
])('%s', (_what, part, whole, expected) => {
  const conflict = conflictOf(part, whole) ?? 'no conflict';
  const told = expected === undefined ? 'no conflict' : `whole file ${expected}, role part asks for`;
  expect(conflict).toContain(told);
});

function conflictOf(part: Resource, whole: Declaration): string | undefined {
  try {
    mergeDeclarations(['a'], [declare(part, 'role part'), whole]);
    return undefined;
  } catch (error) {
    return String(error);
  }
}
