import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostPort, RemoteCommand, Resource, Transport } from '@vmstation/core';
import { resourceId } from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { localTransport } from '@vmstation/remote';
import { afterAll, beforeAll, expect, test } from 'vitest';

// Kinds that need the whole of a machine (accounts, fstab, kernel settings of the network) against this computer's own programs, in
// namespaces over a throw-away layer: nothing of the computer itself is written. Root on Linux only.

const recipe = `set -e
mount -t tmpfs none "$0"; mkdir "$0/upper" "$0/work" "$0/root"
mount -t overlay none -o "lowerdir=/,upperdir=$0/upper,workdir=$0/work" "$0/root"
mount --rbind /proc "$0/root/proc"; mount --rbind /dev "$0/root/dev"; mount -t tmpfs none "$0/root/tmp"
echo ready; exec sleep 600`;

let folder: string;
let holder: ChildProcess;
let host: HostPort;

const supported =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync('unshare', [
    '-m',
    '-u',
    '-n',
    'sh',
    '-c',
    'd=$(mktemp -d) && mount -t tmpfs none "$d" && mkdir "$d/u" "$d/w" "$d/r" && mount -t overlay none -o "lowerdir=/,upperdir=$d/u,workdir=$d/w" "$d/r"',
  ]).status === 0;
if (!supported)
  process.stderr.write('host-kinds: skipped, it needs root on Linux with overlay file systems and unshare\n');

beforeAll(async () => {
  if (!supported) return;
  folder = mkdtempSync(join(tmpdir(), 'vmstation-kinds-'));
  holder = spawn('unshare', ['-m', '-u', '-n', 'sh', '-c', recipe, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    holder.stdout?.once('data', () => resolve());
    holder.once('exit', () => reject(new Error('the namespaces could not be made')));
  });
  const local = localTransport();
  const transport: Transport = {
    ...local,
    run: (node, command: RemoteCommand) => local.run(node, { ...command, argv: [...entrance(), ...command.argv] }),
  };
  host = createHost({ transport, clock: { now: () => new Date() }, settleSeconds: 0 });
});
afterAll(() => {
  if (!supported) return;
  holder.kill('SIGKILL');
  rmdirSync(folder);
});

function entrance(): readonly string[] {
  return ['nsenter', '-t', String(holder.pid), '-m', '-u', '-n', 'chroot', `${folder}/root`];
}
function inside(command: string): string {
  const [program, ...args] = entrance() as [string, ...string[]];
  return execFileSync(program, [...args, 'sh', '-c', command], { encoding: 'utf8' });
}

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBcuB0 ops@station';
const cases: readonly {
  readonly wants: Resource;
  readonly setUp?: string;
  readonly tamper: string;
  readonly sees: readonly string[];
}[] = [
  { wants: { kind: 'group', name: 'vmtest', gid: 4711 }, tamper: 'groupmod -g 4712 vmtest', sees: ['gid'] },
  {
    wants: {
      kind: 'user',
      name: 'vmuser',
      uid: 4711,
      groups: ['video', 'audio'],
      home: '/home/vmuser',
      shell: '/bin/sh',
    },
    tamper: 'usermod -s /bin/bash -G video vmuser',
    sees: ['groups', 'shell'],
  },
  {
    wants: { kind: 'user', name: 'vmsystem', system: true, shell: '/usr/sbin/nologin' },
    tamper: 'userdel vmsystem',
    sees: ['ensure'],
  },
  {
    wants: { kind: 'authorized-key', user: 'keyed', key },
    setUp:
      'useradd -m keyed && mkdir /home/keyed/.ssh && printf "from=\\"*\\" ssh-rsa AAAAother me" >/home/keyed/.ssh/authorized_keys && chown -R keyed: /home/keyed/.ssh',
    tamper: 'sed -i /IBcuB0/d /home/keyed/.ssh/authorized_keys',
    sees: ['ensure'],
  },
  { wants: { kind: 'hostname', name: 'masternode' }, tamper: 'hostname other', sees: ['running'] },
  {
    wants: { kind: 'hosts-entry', address: '192.168.4.63', names: ['masternode.home.arpa', 'masternode'] },
    setUp: 'printf "# a comment\\n127.0.0.1 localhost\\n192.168.4.63 old\\n192.168.4.63 older\\n" >/etc/hosts',
    tamper: 'echo "192.168.4.63 again" >>/etc/hosts',
    sees: ['names'],
  },
  {
    wants: {
      kind: 'hosts-entries',
      name: 'nodes',
      entries: [
        { address: '192.168.4.61', names: ['storage.home.arpa', 'storage'] },
        { address: '192.168.4.63', names: ['masternode.home.arpa', 'masternode'] },
      ],
    },
    setUp: 'printf "# a comment\\n127.0.0.1 localhost\\n192.168.4.63 old\\n192.168.4.63 older\\n" >/etc/hosts',
    tamper: 'sed -i "s/^192.168.4.61.*/192.168.4.61 away/" /etc/hosts',
    sees: ['names of 192.168.4.61'],
  },
  {
    wants: { kind: 'timezone', zone: 'Europe/Berlin' },
    setUp: 'mkdir -p /usr/share/zoneinfo/Europe; : >>/usr/share/zoneinfo/Europe/Berlin',
    tamper: 'ln -sfn /usr/share/zoneinfo/UTC /etc/localtime',
    sees: ['zone'],
  },
  {
    wants: { kind: 'sysctl', key: 'net.core.somaxconn', value: '8192' },
    tamper: 'echo 100 >/proc/sys/net/core/somaxconn',
    sees: ['running'],
  },
  {
    wants: { kind: 'sysctl', key: 'net.ipv4.ip_local_port_range', value: '20000 60000' },
    tamper: 'sed -i s/20000/21000/ /etc/sysctl.d/99-zz-vmstation.conf',
    sees: ['at boot'],
  },
  {
    wants: { kind: 'swap', ensure: 'off' },
    setUp: 'printf "UUID=1 / ext4 defaults 0 1\\n/dev/sda2 none swap sw 0 0\\n" >/etc/fstab',
    tamper: 'sed -i "s/^# off, by vmstation: //" /etc/fstab',
    sees: ['in fstab'],
  },
  {
    wants: {
      kind: 'mount',
      path: '/srv/a b',
      source: 'scratch',
      fstype: 'tmpfs',
      options: ['size=1m', 'mode=0755'],
      mounted: true,
    },
    tamper: 'umount "/srv/a b"',
    sees: ['mounted'],
  },
  {
    wants: {
      kind: 'mount',
      path: '/mnt/later',
      source: '192.168.4.61:/srv/media',
      fstype: 'nfs',
      options: ['noauto', 'ro'],
      mounted: false,
    },
    tamper: 'sed -i s/noauto,ro/noauto/ /etc/fstab',
    sees: ['fstab'],
  },
];

test.skipIf(!supported).each(cases.map((one) => [resourceId(one.wants), one] as const))(
  '%s: brought about, equal, tampered with, repaired, taken back',
  async (id, { wants, setUp, tamper, sees }) => {
    if (setUp !== undefined) inside(setUp);
    const what =
      'cat /etc/passwd /etc/group /etc/shadow /etc/hosts /etc/hostname /etc/fstab /etc/sysctl.d/99-zz-vmstation.conf /etc/timezone /proc/sys/net/core/somaxconn /proc/sys/net/ipv4/ip_local_port_range /home/keyed/.ssh/authorized_keys 2>/dev/null; hostname; readlink /etc/localtime; ls -A /srv /mnt /home; grep srv /proc/mounts; true';
    const found = inside(what);
    const run = `run-${id}`.replaceAll(/[^a-z0-9]/g, '-');
    const apply = async (runId: string) => (await host.apply({ node: 'n', runId, resources: [wants] })).resources[0];
    expect(await apply(run)).toMatchObject({ outcome: 'changed' });
    expect((await host.check('n', [wants])).resources.get(id)).toEqual({ state: 'equal' });
    expect(await apply('again')).toMatchObject({ outcome: 'unchanged' });
    inside(tamper);
    const state = (await host.check('n', [wants])).resources.get(id);
    expect(state?.state === 'differs' ? state.differences.map(({ attribute }) => attribute) : state).toEqual(sees);
    expect(await apply(`${run}-repair`)).toMatchObject({ outcome: 'changed' });
    await host.rollback('n', `${run}-repair`);
    const back = (await host.check('n', [wants])).resources.get(id);
    expect(back?.state === 'differs' ? back.differences.map(({ attribute }) => attribute) : back).toEqual(sees);
    expect(await apply(`${run}-repair2`)).toMatchObject({ outcome: 'changed' });
    const report = await host.rollback('n', run);
    expect(report).toMatchObject({ restored: [id], failed: [] });
    expect(inside(what)).toBe(found);
  },
);

test.skipIf(!supported)('a key is not written through a link that its user made', async () => {
  inside(
    'useradd -m linker; mkdir -p /home/linker/.ssh; ln -sf /root/.ssh/authorized_keys /home/linker/.ssh/authorized_keys',
  );
  const { resources } = await host.apply({
    node: 'n',
    runId: 'link',
    resources: [{ kind: 'authorized-key', user: 'linker', key }],
  });
  expect(resources[0]).toMatchObject({
    outcome: 'failed',
    reason: expect.stringContaining('a link where none may be'),
  });
});

test.skipIf(!supported)('on a full disk the old content stays, and the failure says why', async () => {
  inside(
    'mkdir -p /srv/full; mount -t tmpfs -o size=16k none /srv/full; echo old >/srv/full/file; dd if=/dev/zero of=/srv/full/filler 2>/dev/null || true',
  );
  const content = 'new line\n'.repeat(4000);
  const { resources } = await host.apply({
    node: 'n',
    runId: 'full',
    resources: [{ kind: 'file', path: '/srv/full/file', content }],
  });
  expect(resources[0]).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('No space left') });
  expect(inside('cat /srv/full/file; ls -A /srv/full | grep -v -e file -e filler || true')).toBe('old\n');
});

test.skipIf(!supported)('a value that the kernel refuses is a failure with its words', async () => {
  const { resources } = await host.apply({
    node: 'n',
    runId: 'sysctl',
    resources: [{ kind: 'sysctl', key: 'net.core.somaxconn', value: 'many' }],
  });
  expect(resources[0]).toMatchObject({
    outcome: 'failed',
    reason: expect.stringMatching(/Invalid argument|I\/O error|write error/),
  });
  expect(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')).not.toBe('8192\n');
});
