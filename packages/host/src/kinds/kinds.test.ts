import { type Resource, type ResourceKind, resourceId, Secret, sha256Hex } from '@vmstation/core';
import { expect, test } from 'vitest';
import { compareAll } from '../compare/compare.ts';
import { mergeProbes } from '../observe/probe.ts';
import { type FakeNode, observationsOf } from '../testing/fake-node.ts';
import { kindOf, kinds } from './registry.ts';

function entriesOf(count: number) {
  return Array.from({ length: count }, (_, index) => ({ address: `10.0.0.${index}`, names: [`n${index}`] }));
}

function hostsFile(count: number) {
  const lines = entriesOf(count).map(({ address, names }) => `${address}\t${names.join(' ')} # ours`);
  return { texts: { '/etc/hosts': lines.join('\n') } };
}

const on = {
  LoadState: 'loaded',
  ActiveState: 'active',
  SubState: 'running',
  UnitFileState: 'enabled',
  NeedDaemonReload: 'no',
};
const passwd = 'root:x:0:0:root:/root:/bin/bash\nops:x:1000:1000::/home/ops:/bin/bash';
const group = 'root:x:0:\nops:x:1000:\nsudo:x:27:ops';
const file = { kind: 'file', path: '/etc/motd', content: 'hello\n', owner: 'root', mode: '0644' } as const;
const stat = (path: string, type = 'regular file', mode = '644') => `${mode} 0 0 root root 6 ${type}:${path}`;

const resolver = { kind: 'resolver', servers: ['192.168.4.1'], search: ['home.arpa'] } as const;
const resolvConf = '# Written by VMStation (resolver).\nsearch home.arpa\nnameserver 192.168.4.1\n';
const card = {
  kind: 'network-interface',
  name: 'enp2s0',
  address: '192.168.4.63',
  prefixLength: 24,
  gateway: '192.168.4.1',
  servers: [],
} as const;

/** What is wanted, what is there, and the differences as `attribute: seen`. */
type Row = readonly [string, Resource, FakeNode, readonly string[]];

const rows: readonly Row[] = [
  ['as declared', file, { stat: [stat('/etc/motd')], digests: { '/etc/motd': sha256Hex('hello\n') } }, []],
  [
    'by number',
    { ...file, owner: '0' },
    { stat: [stat('/etc/motd')], digests: { '/etc/motd': sha256Hex('hello\n') } },
    [],
  ],
  [
    'other content and mode',
    file,
    { stat: [stat('/etc/motd', 'regular file', '4755')], digests: { '/etc/motd': '0'.repeat(64) } },
    ['content: sha256 000000000000', 'mode: 4755'],
  ],
  [
    'unmanaged attributes',
    { kind: 'file', path: '/etc/motd' },
    { stat: [stat('/etc/motd', 'regular file', '600')], digests: { '/etc/motd': '0'.repeat(64) } },
    [],
  ],
  [
    'a link in its place',
    file,
    { stat: [stat('/etc/motd', 'symbolic link')], links: { '/etc/motd': '/run/motd' } },
    ['type: link to /run/motd'],
  ],
  ['not wanted', { kind: 'file', path: '/etc/motd', ensure: 'absent' }, {}, []],
  ['missing', { kind: 'directory', path: '/srv' }, {}, ['type: absent']],
  [
    'wrong target',
    { kind: 'symlink', path: '/l', target: 'a' },
    { stat: [stat('/l', 'symbolic link')], links: { '/l': 'b' } },
    ['target: b'],
  ],
  [
    'last match counts',
    { kind: 'line', path: '/f', name: 'x', line: 'A 1', match: '^A' },
    { texts: { '/f': 'A 2\nA 1' } },
    [],
  ],
  [
    'overridden later',
    { kind: 'line', path: '/f', name: 'x', line: 'A 1', match: '^A' },
    { texts: { '/f': 'A 1\nA 2' } },
    ['line: A 2'],
  ],
  ['no file for a line', { kind: 'line', path: '/f', name: 'x', line: 'A 1' }, {}, ['line: (no such file)']],
  [
    'line that is not wanted',
    { kind: 'line', path: '/f', name: 'x', line: 'A 1', match: '^A', ensure: 'absent' },
    { texts: { '/f': 'A 3' } },
    ['line: A 3'],
  ],
  ['installed', { kind: 'package', name: 'chrony' }, { packages: { chrony: '4.3' } }, []],
  [
    'installed, not wanted',
    { kind: 'package', name: 'chrony', ensure: 'absent' },
    { packages: { chrony: '4.3' } },
    ['ensure: installed (4.3)'],
  ],
  [
    'another version than declared, and not held',
    { kind: 'package', name: 'chrony', version: '4.4', held: true },
    { packages: { chrony: '4.3' } },
    ['version: 4.3', 'held: no'],
  ],
  [
    'a hold that nobody speaks of',
    { kind: 'package', name: 'chrony', version: '4.3' },
    { packages: { chrony: '4.3' }, held: ['chrony'] },
    [],
  ],
  ['held', { kind: 'package', name: 'chrony', held: true }, { packages: { chrony: '4.3' }, held: ['chrony'] }, []],
  [
    'held, not wanted so',
    { kind: 'package', name: 'chrony', held: false },
    { packages: { chrony: '4.3' }, held: ['chrony'] },
    ['held: yes'],
  ],
  ['absent, with a version', { kind: 'package', name: 'chrony', version: '4', held: true }, {}, ['ensure: absent']],
  [
    'a Debian version without its revision is another one',
    { kind: 'package', name: 'chrony', version: '4.3' },
    { packages: { chrony: '4.3-2' } },
    ['version: 4.3-2'],
  ],
  [
    'rpm without epoch and release, locked by dnf',
    { kind: 'package', name: 'vim', version: '9.1', held: true },
    {
      family: 'rhel',
      packages: { vim: '2:9.1-5.el10' },
      texts: { '/etc/dnf/plugins/versionlock.list': '\n# Added lock\nvim-2:9.1-5.el10.*' },
    },
    [],
  ],
  [
    'a lock of another package, and one that keeps a version out',
    { kind: 'package', name: 'vim', held: true },
    {
      family: 'rhel',
      packages: { vim: '2:9.1-5.el10' },
      texts: { '/etc/dnf/plugins/versionlock.list': 'vim-enhanced-2:9.1-5.el10.*\n!vim-2:9.2-1.*' },
    },
    ['held: no'],
  ],
  ['running', { kind: 'service', unit: 'a.service', enabled: true, active: true }, { units: [on] }, []],
  [
    'crashing',
    { kind: 'service', unit: 'a.service', active: true },
    { units: [{ ...on, ActiveState: 'activating', SubState: 'auto-restart' }] },
    ['active: activating (auto-restart)'],
  ],
  [
    'static counts as enabled',
    { kind: 'service', unit: 'a.service', enabled: true },
    { units: [{ ...on, UnitFileState: 'static' }] },
    [],
  ],
  [
    'not installed',
    { kind: 'service', unit: 'a.service', enabled: true },
    { units: [{ LoadState: 'not-found', ActiveState: 'inactive', UnitFileState: '' }] },
    ['enabled: not installed'],
  ],
  [
    'not installed and not wanted',
    { kind: 'service', unit: 'a.service', enabled: false, active: false },
    { units: [{ LoadState: 'not-found', ActiveState: 'inactive', UnitFileState: '' }] },
    [],
  ],
  [
    'masked',
    { kind: 'service', unit: 'a.service', masked: false },
    { units: [{ ...on, LoadState: 'masked' }] },
    ['masked: yes'],
  ],
  [
    'systemd has an older version',
    { kind: 'unit', name: 'a.service', content: 'x\n' },
    {
      stat: [stat('/etc/systemd/system/a.service')],
      digests: { '/etc/systemd/system/a.service': sha256Hex('x\n') },
      units: [{ ...on, NeedDaemonReload: 'yes' }],
    },
    ['loaded: an older version'],
  ],
  [
    'runs, but not at boot',
    { kind: 'sysctl', key: 'vm.swappiness', value: '10' },
    { texts: { '/proc/sys/vm/swappiness': '10' } },
    ['at boot: (not set)'],
  ],
  [
    'at boot, but does not run',
    { kind: 'sysctl', key: 'vm.swappiness', value: '10' },
    { texts: { '/proc/sys/vm/swappiness': '60', '/etc/sysctl.d/99-zz-vmstation.conf': 'vm.swappiness = 10' } },
    ['running: 60'],
  ],
  [
    'a declared file sets it at boot',
    { kind: 'sysctl', key: 'vm.swappiness', value: '10', setAtBootBy: '/etc/sysctl.d/50-x.conf' },
    { texts: { '/proc/sys/vm/swappiness': '10' } },
    [],
  ],
  [
    'a declared file sets it at boot, and ours says otherwise',
    { kind: 'sysctl', key: 'vm.swappiness', value: '10', setAtBootBy: '/etc/sysctl.d/50-x.conf' },
    { texts: { '/proc/sys/vm/swappiness': '10', '/etc/sysctl.d/99-zz-vmstation.conf': 'vm.swappiness = 60' } },
    ['at boot: 60'],
  ],
  [
    'blanks count as one',
    { kind: 'sysctl', key: 'net.ipv4.tcp_rmem', value: '1 2 3' },
    {
      texts: {
        '/proc/sys/net/ipv4/tcp_rmem': '1\t2\t3',
        '/etc/sysctl.d/99-zz-vmstation.conf': 'net.ipv4.tcp_rmem=1  2 3',
      },
    },
    [],
  ],
  [
    'its module is not loaded',
    { kind: 'sysctl', key: 'net.bridge.bridge-nf-call-iptables', value: '1' },
    {},
    ['running: (no such setting)', 'at boot: (not set)'],
  ],
  [
    'loaded',
    { kind: 'kernel-module', name: 'br-netfilter' },
    { modules: ['br_netfilter'], texts: { '/etc/modules-load.d/vmstation.conf': 'br-netfilter' } },
    [],
  ],
  [
    'built in, not named',
    { kind: 'kernel-module', name: 'overlay' },
    { modules: ['kernel/fs/overlayfs/overlay.ko.xz'] },
    ['at boot: not named'],
  ],
  [
    'swap in both places',
    { kind: 'swap', ensure: 'off' },
    {
      texts: {
        '/proc/swaps': 'Filename Type\n/dev/sda2 partition',
        '/etc/fstab': '#/x none swap sw\nUUID=1 none swap sw 0 0',
      },
    },
    ['in use: /dev/sda2', 'in fstab: UUID=1'],
  ],
  [
    'commented swap',
    { kind: 'swap', ensure: 'off' },
    { texts: { '/proc/swaps': 'Filename Type', '/etc/fstab': '# off, by vmstation: /dev/sda2 none swap sw' } },
    [],
  ],
  [
    'in its groups',
    { kind: 'user', name: 'ops', groups: ['sudo'], shell: '/bin/bash', group: 'ops' },
    { texts: { '/etc/passwd': passwd, '/etc/group': group } },
    [],
  ],
  [
    'lacks a group',
    { kind: 'user', name: 'ops', groups: ['video'], uid: 5 },
    { texts: { '/etc/passwd': passwd, '/etc/group': group } },
    ['uid: 1000', 'groups: sudo'],
  ],
  ['no such group', { kind: 'group', name: 'media' }, { texts: { '/etc/group': group } }, ['ensure: absent']],
  [
    'key with options',
    { kind: 'authorized-key', user: 'ops', key: 'ssh-ed25519 AAAAx me' },
    { texts: { '/etc/passwd': passwd, '/home/ops/.ssh/authorized_keys': 'from="10.0.0.0/8" ssh-ed25519 AAAAx other' } },
    [],
  ],
  [
    'no user for a key',
    { kind: 'authorized-key', user: 'nobody2', key: 'ssh-ed25519 AAAAx me' },
    { texts: { '/etc/passwd': passwd } },
    ['ensure: there is no such user'],
  ],
  [
    'another name runs',
    { kind: 'hostname', name: 'a' },
    { texts: { '/etc/hostname': '# c\na', '/proc/sys/kernel/hostname': 'b' } },
    ['running: b'],
  ],
  [
    'two lines of one address',
    { kind: 'hosts-entry', address: '10.0.0.1', names: ['a', 'b'] },
    { texts: { '/etc/hosts': '10.0.0.1 a b # ours\n10.0.0.1 c' } },
    ['names: a b | c'],
  ],
  ['all lines of a group', { kind: 'hosts-entries', name: 'n', entries: entriesOf(9) }, hostsFile(9), []],
  [
    'one line of a group with another name, one missing',
    { kind: 'hosts-entries', name: 'n', entries: entriesOf(3) },
    { texts: { '/etc/hosts': '10.0.0.0 n0\n10.0.0.1 other' } },
    ['names of 10.0.0.1: other', 'names of 10.0.0.2: (no line)'],
  ],
  [
    'none of many lines',
    { kind: 'hosts-entries', name: 'n', entries: entriesOf(9) },
    { texts: { '/etc/hosts': '127.0.0.1 localhost' } },
    ['lines: (none of them)'],
  ],
  [
    'a resolver as declared',
    resolver,
    {
      stat: [stat('/etc/resolv.conf')],
      digests: { '/etc/resolv.conf': sha256Hex(resolvConf) },
      texts: { '/etc/resolv.conf': resolvConf },
    },
    [],
  ],
  [
    'a resolver that DHCP has written',
    resolver,
    {
      stat: [stat('/etc/resolv.conf')],
      digests: { '/etc/resolv.conf': '0'.repeat(64) },
      texts: { '/etc/resolv.conf': 'nameserver 10.0.0.1' },
    },
    ['/etc/resolv.conf: servers 10.0.0.1'],
  ],
  [
    'the stub of systemd-resolved, which has not been told',
    resolver,
    {
      stat: [stat('/etc/resolv.conf', 'symbolic link')],
      links: { '/etc/resolv.conf': '../run/systemd/resolve/stub-resolv.conf' },
      texts: {
        '/run/systemd/resolve/resolv.conf': 'nameserver 192.168.4.1\nnameserver 10.0.0.1\nsearch home.arpa lan',
      },
    },
    ['/etc/systemd/resolved.conf.d/90-vmstation.conf: absent'],
  ],
  [
    'a card that DHCP has configured',
    card,
    {
      stat: [stat('/etc/network/interfaces')],
      digests: { '/etc/network/interfaces': '0'.repeat(64) },
      texts: { '/etc/network/interfaces': 'auto enp2s0\niface enp2s0 inet dhcp' },
      guards: [1],
    },
    ['address: iface enp2s0 inet dhcp', 'address in force: (none)', 'gateway in force: (none)'],
  ],
  ['UTC by its other name', { kind: 'timezone', zone: 'Etc/UTC' }, {}, []],
  [
    'zone',
    { kind: 'timezone', zone: 'Europe/Berlin' },
    { stat: [stat('/etc/localtime', 'symbolic link')], links: { '/etc/localtime': '../usr/share/zoneinfo/UTC' } },
    ['zone: UTC'],
  ],
  [
    'mounted as declared',
    { kind: 'mount', path: '/srv/a b', source: 'h:/x', fstype: 'nfs', options: ['rw', 'soft'], mounted: true },
    { texts: { '/etc/fstab': 'h:/x /srv/a\\040b nfs rw,soft 0 0', '/proc/mounts': 'h:/x /srv/a\\040b nfs4 rw 0 0' } },
    [],
  ],
  [
    'not mounted',
    { kind: 'mount', path: '/srv', source: 'UUID=1', fstype: 'ext4', options: ['ro'], mounted: true },
    { texts: { '/etc/fstab': 'UUID=1 /srv ext4 rw 0 0', '/proc/mounts': '' } },
    ['fstab: UUID=1 ext4 rw', 'mounted: no'],
  ],
  [
    'another SELinux type',
    { ...file, content: 'x\n', context: 'public_content_t' },
    {
      system: ['selinux'],
      stat: [stat('/etc/motd')],
      digests: { '/etc/motd': sha256Hex('x\n') },
      labels: ['system_u:object_r:etc_t:s0:c1,c2 /etc/motd'],
    },
    ['context: etc_t'],
  ],
  [
    'a type where SELinux is off',
    { ...file, content: 'x\n', context: 'public_content_t' },
    { stat: [stat('/etc/motd')], digests: { '/etc/motd': sha256Hex('x\n') } },
    [],
  ],
  [
    'block without an end',
    { kind: 'block', path: '/etc/issue', name: 'b', content: 'x\n' },
    {
      stat: [stat('/etc/issue')],
      digests: { '/etc/issue': 'd' },
      texts: { '/etc/issue': 'a\n# BEGIN vmstation b\nx' },
    },
    ['marks: 1 at a beginning, 0 at an end'],
  ],
  [
    'block as declared',
    { kind: 'block', path: '/etc/issue', name: 'b', content: 'x\n' },
    { texts: { '/etc/issue': '# BEGIN vmstation b\nx\n# END vmstation b' } },
    [],
  ],
  [
    'overruled by a later file',
    { kind: 'sysctl', key: 'vm.swappiness', value: '10' },
    {
      texts: {
        '/proc/sys/vm/swappiness': '10',
        '/etc/sysctl.d/99-zz-vmstation.conf': 'vm.swappiness = 10',
        '/usr/lib/sysctl.d/zz.conf': '-vm/swappiness=60',
      },
    },
    ['at boot: 60 (by /usr/lib/sysctl.d/zz.conf)'],
  ],
  [
    'overruled by a namesake that nobody reads',
    { kind: 'sysctl', key: 'vm.swappiness', value: '10' },
    {
      texts: {
        '/proc/sys/vm/swappiness': '10',
        '/etc/sysctl.d/99-zz-vmstation.conf': 'vm.swappiness = 10',
        '/etc/sysctl.d/zz.conf': '# empty on purpose',
        '/usr/lib/sysctl.d/zz.conf': 'vm.swappiness=60',
      },
    },
    [],
  ],
  [
    'SELinux is off',
    { kind: 'selinux', mode: 'enforcing' },
    { texts: { '/etc/selinux/config': 'SELINUX=enforcing' } },
    ['running: (SELinux is off)'],
  ],
  [
    'a device with two signatures',
    { kind: 'filesystem', device: '/dev/sdb', fstype: 'xfs' },
    { devices: { '/dev/sdb': ['xfs', 'dos'] } },
    ['fstype: xfs and dos'],
  ],
  ['no device', { kind: 'filesystem', device: '/dev/sdb', fstype: 'xfs' }, {}, ['fstype: (no such device)']],
  [
    'a label that nobody declared',
    { kind: 'filesystem', device: '/dev/sdb', fstype: 'xfs' },
    { devices: { '/dev/sdb': ['xfs theirs'] } },
    [],
  ],
  [
    'a card without ethtool',
    { kind: 'link', name: 'e0', wakeOnLan: 'magic' },
    { texts: { '/sys/class/net/e0/mtu': '1500' } },
    [
      'wake-on-lan: unknown: ethtool is missing, or the card has no such setting',
      'wake-on-lan at boot: (not set)',
      'enabled: no',
    ],
  ],
  [
    'no card',
    { kind: 'link', name: 'e0', mtu: 1500 },
    {},
    ['mtu: (no such card)', 'mtu at boot: (not set)', 'enabled: no'],
  ],
  [
    'a source without its index',
    {
      kind: 'package-repository',
      name: 'k',
      uris: ['https://u@k.example/a_b/'],
      suites: ['x', '/'],
      components: ['main'],
    },
    { stat: [stat('/var/lib/apt/lists/k.example_a%5fb_dists_x_InRelease')] },
    ['source: absent', 'index: not read: /'],
  ],
  [
    'on RHEL, where an index is nobody’s care',
    { kind: 'package-repository', name: 'k', uris: ['https://k.example/'] },
    { family: 'rhel' },
    ['source: absent'],
  ],
  [
    'went read-only',
    { kind: 'mount', path: '/srv', source: '/dev/sdb', fstype: 'ext4', options: ['defaults', 'noexec'], mounted: true },
    {
      texts: {
        '/etc/fstab': '/dev/sdb /srv ext4 defaults,noexec 0 0',
        '/proc/mounts': '/dev/sdb /srv ext4 ro,noexec 0 0',
      },
    },
    ['options: ro,noexec'],
  ],
  [
    'read-only by nature',
    { kind: 'mount', path: '/srv', source: '/dev/sr0', fstype: 'iso9660', options: ['defaults'], mounted: true },
    { texts: { '/etc/fstab': '/dev/sr0 /srv iso9660 defaults 0 0', '/proc/mounts': '/dev/sr0 /srv iso9660 ro 0 0' } },
    [],
  ],
  [
    'a key that is a comment',
    { kind: 'authorized-key', user: 'ops', key: 'ssh-ed25519 AAAAx me' },
    { texts: { '/etc/passwd': passwd, '/home/ops/.ssh/authorized_keys': ' #ssh-ed25519 AAAAx me' } },
    ['ensure: absent'],
  ],
  [
    'guard says no',
    { kind: 'command', name: 'x', run: ['true'], check: ['false'] },
    { guards: [1] },
    ['check: no (false)'],
  ],
  ...(
    [
      ['prints what the file holds', { exitCode: 0, printed: 'table t {\n}' }, 'table t {\n}', []],
      ['prints a line less', { exitCode: 0, printed: 'table t {' }, 'table t {\n}', ['check: no (nft list)']],
      ['prints it, and fails', { exitCode: 1, printed: 'table t {\n}' }, 'table t {\n}', ['check: no (nft list)']],
      ['prints into a file that is gone', { exitCode: 0, printed: '' }, undefined, ['check: no (nft list)']],
    ] as const
  ).map(
    ([what, answer, held, found]): Row => [
      `guard ${what}`,
      { kind: 'command', name: 'x', run: ['true'], check: ['nft', 'list'], prints: '/run/l' },
      { guards: [answer], ...(held === undefined ? {} : { texts: { '/run/l': held } }) },
      found,
    ],
  ),
  [
    'another key than the declared one, set by somebody else',
    {
      kind: 'kerberos-principal',
      name: 'host/a',
      realm: 'LAB.TEST',
      database: '/var/lib/krb5kdc/principal',
      stash: '/etc/krb5kdc/stash',
      password: new Secret('p'),
      keyVersion: 1,
    },
    { kerberos: { keys: ['host/a@LAB.TEST\t0\t2\taes256-cts-hmac-sha1-96\tnormal\t-1'], attributes: [] } },
    ['password: set by somebody else', 'key version: 2'],
  ],
];

test.each(rows.map(([what, want, node, found]) => [resourceId(want), what, want, node, found] as const))(
  '%s: %s',
  (id, _what, want, node, found) => {
    const probes = mergeProbes(kindOf(want).probes(want));
    const state = compareAll([want], observationsOf(node, probes), { digestOfSecret: (sha) => sha }).get(id);
    const differences =
      state?.state === 'differs' ? state.differences.map(({ attribute, seen }) => `${attribute}: ${seen}`) : [];
    expect({ state: state?.state, differences }).toEqual({
      state: found.length === 0 ? 'equal' : 'differs',
      differences: found,
    });
  },
);

test('every kind is judged by some row', () => {
  const judged = new Set<ResourceKind>(rows.map(([, want]) => want.kind));
  expect(Object.keys(kinds).filter((kind) => !judged.has(kind as ResourceKind))).toEqual([]);
});

test('a secret is told apart without being shown', () => {
  const want = { ...file, secret: true };
  const node: FakeNode = { stat: [stat('/etc/motd')], digests: { '/etc/motd': '0'.repeat(64) } };
  const state = compareAll([want], observationsOf(node), { digestOfSecret: (sha) => `keyed-${sha.length}` }).get(
    'file:/etc/motd',
  );
  expect(state).toEqual({
    state: 'differs',
    differences: [{ attribute: 'content', want: 'secret keyed-64', seen: 'secret keyed-64' }],
  });
});

test.each<[string, FakeNode]>([
  ['hangs', { guards: [124] }],
  ['was not run', { guards: [125] }],
  ['prints no text', { guards: [{ exitCode: 0, printed: '\uFFFD' }], texts: { '/run/l': '\uFFFD' } }],
])('a guard that %s is unreadable', (_what, node) => {
  const want: Resource = { kind: 'command', name: 'x', run: ['true'], check: ['sleep', '99'], prints: '/run/l' };
  const seen = observationsOf(node, mergeProbes(kindOf(want).probes(want)));
  expect(compareAll([want], seen, { digestOfSecret: (sha) => sha }).get('command:x')).toMatchObject({
    state: 'unreadable',
  });
});
