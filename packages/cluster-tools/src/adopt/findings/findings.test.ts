import { exampleCluster } from '@vmstation/core';
import type { CapturedPath, MachineCapture } from '@vmstation/host';
import { expect, test } from 'vitest';
import { machineFindings } from './machine-findings.ts';

function node(name: string) {
  const model = exampleCluster().nodes.find((one) => one.name === name);
  if (model === undefined) throw new Error(`no ${name}`);
  return model;
}

function capturedFile(path: string, text: string, mode = '0644'): CapturedPath {
  const bytes = new TextEncoder().encode(text);
  return { path, mode, owner: 'root', group: 'root', sizeBytes: bytes.length, type: 'file', bytes };
}

const safeSsh = capturedFile(
  '/etc/ssh/sshd_config',
  'PermitRootLogin no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n',
);

function capture(files: readonly CapturedPath[], more: Partial<MachineCapture> = {}): MachineCapture {
  return {
    node: 'storagenodet3500',
    family: 'debian',
    hostname: 'storage',
    timezone: 'UTC',
    clock: new Date(0),
    synchronised: { told: true, value: true },
    files: files.some(({ path }) => path === safeSsh.path) ? files : [safeSsh, ...files],
    closed: [],
    oddNames: [],
    chosenPackages: { told: true, value: [] },
    shipped: new Map(),
    failedUnits: { told: true, value: [] },
    units: [],
    devices: new Map(),
    swaps: [],
    mounts: [],
    passwd: [],
    groups: [],
    roundTrips: 1,
    ...more,
  };
}

function found(files: readonly CapturedPath[], more: Partial<MachineCapture> = {}) {
  const taken = files.map(({ path }) => ({ path, content: '', executable: false, attributes: {} }));
  return machineFindings(node('storagenodet3500'), capture(files, more), taken).map(
    ({ code, state, evidence }) => `${state} ${code} ${evidence}`,
  );
}

const fstab = (text: string) => [capturedFile('/etc/fstab', text)];

test('a machine with which nothing is wrong has no finding', () => {
  const text =
    'UUID=1 / ext4 defaults 0 1\n# old\nother:/x /x nfs4 nofail 0 0\ntmpfs /t tmpfs size=1m 0 0\n/a /b none bind 0 0\n';
  expect(found(fstab(text), { devices: new Map([['UUID=1', true]]) })).toEqual([]);
});

test.each([
  [
    'dev/sdb /srv/media ext4 defaults 0 2',
    'failed adopt/fstab-missing-device /etc/fstab:1: dev/sdb for /srv/media is no absolute path',
  ],
  [
    '/dev/sdq1 /a ext4 nofail 0 2',
    'warning adopt/fstab-missing-device /etc/fstab:1: /dev/sdq1 for /a (ext4) does not exist',
  ],
  [
    '192.168.4.61:/srv/media /mnt/media nfs nofail 0 0',
    'failed adopt/self-mount /etc/fstab:1: 192.168.4.61:/srv/media on /mnt/media: storagenodet3500 mounts from itself',
  ],
  [
    'storagenodet3500.home.arpa:/x /y nfs4 nofail 0 0',
    'failed adopt/self-mount /etc/fstab:1: storagenodet3500.home.arpa:/x on /y: storagenodet3500 mounts from itself',
  ],
  [
    '//127.0.0.1/share /y cifs nofail 0 0',
    'failed adopt/self-mount /etc/fstab:1: //127.0.0.1/share on /y: storagenodet3500 mounts from itself',
  ],
  [
    'nas:/x /y nfs defaults 0 0',
    'warning adopt/mount-without-nofail /etc/fstab:1: nas:/x on /y has neither nofail nor x-systemd.automount',
  ],
  [
    'tmpfs /a tmpfs defaults 0 0\ntmpfs /a/ tmpfs defaults 0 0',
    'failed adopt/duplicate-mount-point /a stands 2 times in /etc/fstab: line 1 (tmpfs), line 2 (tmpfs)',
  ],
])('fstab %j', (text, expected) => {
  expect(found(fstab(text), { devices: new Map([['/dev/sdq1', false]]) })).toEqual([expected]);
});

test('a name of its own hosts file is its own, and what is mounted now counts too', () => {
  const hosts = capturedFile('/etc/hosts', '192.168.4.61 media\n');
  const mounts = ['media:/srv /mnt nfs4 rw 0 0'];
  expect(found([hosts], { mounts })).toEqual([
    'failed adopt/self-mount mounted now: media:/srv on /mnt: storagenodet3500 mounts from itself',
  ]);
});

test('a device that nothing can look for is not proved', () => {
  expect(found(fstab('UUID=1 / ext4 defaults 0 1'), { devices: new Map([['UUID=1', undefined]]) })).toEqual([
    expect.stringMatching(/^not-proved adopt\/fstab-missing-device UUID=1/),
  ]);
});

test.each([
  [
    '10.0.0.1 nas\n10.0.0.2 NAS # new',
    'failed adopt/duplicate-hosts-entry nas stands 2 times in /etc/hosts: line 1 (10.0.0.1), line 2 (10.0.0.2)',
  ],
  [
    '10.0.0.1 nas\n\n10.0.0.1 nas',
    'warning adopt/duplicate-hosts-entry nas stands 2 times in /etc/hosts: line 1 (10.0.0.1), line 3 (10.0.0.1)',
  ],
])('hosts %j', (text, expected) => {
  expect(found([capturedFile('/etc/hosts', text)])).toEqual([expected]);
});

test('one name for an address of each family is right', () => {
  expect(found([capturedFile('/etc/hosts', '127.0.0.1 localhost\n::1 localhost ip6-localhost\n')])).toEqual([]);
});

const off = 'PasswordAuthentication no\nKbdInteractiveAuthentication no\n';

test.each<[string, readonly (readonly [string, string])[], readonly string[]]>([
  [
    'root with a password',
    [['sshd_config', `PermitRootLogin yes\n${off}`]],
    ['failed adopt/root-login /etc/ssh/sshd_config:1: PermitRootLogin yes: root may log in, with a password too'],
  ],
  [
    'the default',
    [['sshd_config', off]],
    ['warning adopt/root-login no file sets PermitRootLogin: root may log in with a key'],
  ],
  [
    'a drop-in comes first',
    [
      ['sshd_config', 'Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin yes\nPasswordAuthentication yes\n'],
      ['sshd_config.d/10-a.conf', `PermitRootLogin no\n${off}`],
      ['sshd_config.d/20-b.conf', 'PermitRootLogin yes\n'],
    ],
    [],
  ],
  [
    'a match block',
    [
      [
        'sshd_config',
        `PermitRootLogin no\n${off}Match Address 10.0.0.0/8\n  PermitRootLogin yes\n  PasswordAuthentication yes\n`,
      ],
    ],
    [
      'warning adopt/root-login /etc/ssh/sshd_config:5: PermitRootLogin yes in a Match block',
      'failed adopt/password-login /etc/ssh/sshd_config:6: PasswordAuthentication yes in a Match block',
    ],
  ],
  [
    'passwords',
    [['sshd_config', 'PermitRootLogin no\n']],
    ['failed adopt/password-login no file sets PasswordAuthentication, so it is on'],
  ],
  [
    'PAM asks',
    [['sshd_config', 'PermitRootLogin no\nPasswordAuthentication no\nUsePAM yes\n']],
    ['failed adopt/password-login KbdInteractiveAuthentication is not set, so PAM asks for passwords'],
  ],
])('sshd: %s', (_what, files, expected) => {
  const machine = { ...node('storagenodet3500'), ssh: { user: 'ops', port: 22, local: false } };
  const captured = capture(files.map(([name, text]) => capturedFile(`/etc/ssh/${name}`, text)));
  const said = machineFindings(machine, captured, []).map(
    ({ code, state, evidence }) => `${state} ${code} ${evidence}`,
  );
  expect(said).toEqual(expected);
});

test('swap, time, failed units and files that everybody writes', () => {
  const open = capturedFile('/etc/cron.d/backup', 'x', '0666');
  const said = found([open], {
    swaps: ['/dev/sda3 partition 1048572 0 -2'],
    synchronised: { told: true, value: false },
    failedUnits: { told: true, value: ['backup.service'] },
  });
  expect(said).toEqual([
    'failed adopt/world-writable /etc/cron.d/backup has the mode 0666: every user of the machine may change it',
    'warning adopt/swap-on swap is on: /dev/sda3 (1024 MiB)',
    'failed adopt/time-not-synchronised timedatectl says NTPSynchronized=no',
    'failed adopt/failed-unit backup.service has failed',
  ]);
  const silent = { told: false, because: 'exit status 1' } as const;
  expect(found([], { synchronised: silent, failedUnits: silent }).map((line) => line.split(' ')[0])).toEqual([
    'unreadable',
    'unreadable',
  ]);
});
