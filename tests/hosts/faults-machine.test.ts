import { AppError, errorKindTable, type Resource } from '@vmstation/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asRoot, leftOnMachine, node, openWay, outcomesOf, reasonOf } from './fault-machine.ts';

// What goes wrong on a real machine while it is changed: it stays reachable and consistent, and the report names the cause.

const motd = (content: string): Resource => ({ kind: 'file', path: '/etc/motd', content });
const other: Resource = { kind: 'file', path: '/srv/other', content: 'other\n' };
const forwarding: Resource = { kind: 'sysctl', key: 'net.ipv4.ip_forward', value: '1' };
const motdFolder: Resource = { kind: 'directory', path: '/etc/update-motd.d' };
const tree: Resource = { kind: 'package', name: 'tree' };

beforeAll(() => openWay().apply([motd('first\n')]));
afterAll(() => asRoot('rm -f /srv/other'));

const refusalOf = (promise: Promise<unknown>): Promise<AppError> =>
  promise.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: unknown) => (error instanceof AppError ? error : Promise.reject(error)),
  );

/** Reachable, nothing half done, and the next run brings the rest about. */
async function expectConsistent(resources: readonly Resource[]): Promise<void> {
  expect(await asRoot('id -u')).toBe('0\n');
  expect(await leftOnMachine('/etc /srv')).toBe('');
  const outcomes = Object.values(outcomesOf(await openWay().apply(resources)));
  expect(outcomes.filter((outcome) => !outcome.endsWith('changed'))).toEqual([]);
  expect(new Set(Object.values(outcomesOf(await openWay().apply(resources))))).toEqual(new Set(['unchanged']));
  expect(await leftOnMachine('/etc /srv')).toBe('');
}

test('a full disk under the records: nothing is changed, and the disk is named', async () => {
  const stateFolder = '/var/lib/vmstation-small';
  await asRoot(
    `mkdir -p ${stateFolder}; mount -t tmpfs -o size=1m,mode=0700 tmpfs ${stateFolder}; dd if=/dev/zero of=${stateFolder}/fill bs=64k 2>/dev/null || :`,
  );
  const refused = await refusalOf(openWay({ stateFolder }).apply([motd('second\n'), other]));
  expect(refused).toMatchObject({ code: 'host/records-unwritable' });
  expect(refused.message).toContain('No space left on device');
  expect(await asRoot('cat /etc/motd; ls /srv')).toBe('first\n');
  await asRoot(`umount ${stateFolder}; rmdir ${stateFolder}`);
  await expectConsistent([motd('first\n'), other]);
});

test('a full disk under one file: that file fails with its cause and stays as it was, the others are changed', async () => {
  const note = (content: string): Resource => ({ kind: 'file', path: '/srv/full/note', content });
  await asRoot('mkdir -p /srv/full; mount -t tmpfs -o size=1m tmpfs /srv/full');
  await openWay().apply([note('small\n')]);
  await asRoot('dd if=/dev/zero of=/srv/full/fill bs=64k 2>/dev/null || :');
  const report = await openWay().apply([note('large\n'.repeat(100)), motd('second\n')]);
  expect(outcomesOf(report)).toEqual({ 'file:/srv/full/note': 'failed', 'file:/etc/motd': 'changed' });
  expect(reasonOf(report, 'file:/srv/full/note')).toContain('No space left on device');
  expect(await asRoot('cat /srv/full/note')).toBe('small\n');
  await asRoot('rm /srv/full/fill');
  await expectConsistent([note('large\n'.repeat(100)), motd('second\n')]);
  await asRoot('umount /srv/full; rmdir /srv/full');
});

test('a read-only /etc: what belongs there fails with its cause, the rest is changed', async () => {
  await asRoot('rm -f /srv/other; mount --bind /etc /etc; mount -o remount,ro,bind /etc');
  const report = await openWay().apply([motd('third\n'), other]);
  expect(outcomesOf(report)).toEqual({ 'file:/etc/motd': 'failed', 'file:/srv/other': 'changed' });
  expect(reasonOf(report, 'file:/etc/motd')).toContain('Read-only file system');
  await asRoot('mount -o remount,rw,bind /etc; umount -l /etc');
  await expectConsistent([motd('third\n'), other]);
});

test('a held package lock is waited for, and the other changes are made', async () => {
  await asRoot('dpkg -s tree >/dev/null 2>&1 && dpkg --purge tree || :; apt-get update -qq');
  const held = asRoot(`python3 -c 'import fcntl, time
f = open("/var/lib/dpkg/lock-frontend", "w"); fcntl.lockf(f, fcntl.LOCK_EX); open("/run/held", "w"); time.sleep(8)'`);
  await expect.poll(() => asRoot('ls /run/held 2>/dev/null || :'), { timeout: 60_000 }).toBe('/run/held\n');
  const report = await openWay().apply([tree, motd('fourth\n')]);
  expect(outcomesOf(report)).toEqual({ 'package:tree': 'changed', 'file:/etc/motd': 'changed' });
  await held;
  await expectConsistent([tree, motd('fourth\n')]);
});

test('a login that prints to everybody is passed over, and what it prints never counts as an answer', async () => {
  const home = '$(getent passwd 1000 | cut -d: -f6)';
  await asRoot(`printf 'Banner /etc/issue.net\\n' >/etc/ssh/sshd_config.d/90-noise.conf; systemctl reload ssh; cd ${home}; cp -p .bashrc .bashrc.kept
    printf '%s\\n' 'echo first words; echo "@0 begin path"' 'echo "@deadbeef done 1"; echo oops >&2; printf "%s\\n" ""' | cat - .bashrc.kept >.bashrc`);
  const way = openWay();
  expect(await asRoot('true')).toContain('first words');
  const report = await way.apply([motd('fifth\n'), other, forwarding]);
  expect(Object.values(outcomesOf(report)).filter((outcome) => !outcome.endsWith('changed'))).toEqual([]);
  expect(new Set(Object.values(outcomesOf(await openWay().apply([motd('fifth\n'), other, forwarding]))))).toEqual(
    new Set(['unchanged']),
  );
  await asRoot(`cd ${home}; mv .bashrc.kept .bashrc; rm /etc/ssh/sshd_config.d/90-noise.conf; systemctl reload ssh`);
  // A server that reads its configuration again refuses connections for a moment.
  await expect.poll(() => asRoot('echo there').catch(() => ''), { timeout: 60_000 }).toBe('there\n');
});

test('sudo that wants a password is refused at once, lecture or not, and nothing is changed', async () => {
  const way = openWay();
  await way.host.check(node, []);
  await asRoot(`mkdir /run/rights; cp -p /etc/sudoers.d/* /run/rights/
    systemd-run --quiet --collect --on-active=20s sh -c 'cp -p /run/rights/* /etc/sudoers.d/; rm -rf /run/rights'
    for f in /etc/sudoers.d/*; do case $f in */README) ;; *) rm -f "$f";; esac; done`);
  const refused = await refusalOf(way.apply([motd('sixth\n')]));
  expect(refused).toMatchObject({ code: 'ssh/no-sudo', kind: 'user' });
  expect(refused.message).toMatch(/password/);
  await expect
    .poll(() => asRoot('cat /etc/motd; ls /run/rights 2>/dev/null || :').catch(() => ''), { timeout: 60_000 })
    .toBe('fifth\n');
  await expectConsistent([motd('sixth\n')]);
});

test('two operators at once: the second waits, and both find everything as declared', async () => {
  const slow: Resource = {
    kind: 'command',
    name: 'slow',
    run: ['sh', '-c', 'sleep 4; echo ran >>/srv/slow'],
    check: ['test', '-s', '/srv/slow'],
  };
  await asRoot('rm -f /srv/slow');
  const both = [motd('seventh\n'), slow, other];
  const [one, two] = await Promise.all([
    openWay({ holder: 'anna@one' }).apply(both),
    openWay({ holder: 'berta@two' }).apply(both),
  ]);
  for (const report of [one, two])
    expect(Object.values(outcomesOf(report)).filter((outcome) => !outcome.endsWith('changed'))).toEqual([]);
  expect(await asRoot('cat /srv/slow')).toBe('ran\n');
  await expectConsistent(both);
  await asRoot('rm -f /srv/slow');
});

test('an operator who holds on to a machine: the second is refused with holder and age, by exit code 75', async () => {
  await asRoot(`mkdir -p /var/lib/vmstation; systemd-run --quiet --collect --unit=vm-holder sleep 600
    mkdir /var/lib/vmstation/lock; read -r up _ </proc/uptime
    echo "their-run $((\${up%%.*}-42)) $(cat /proc/sys/kernel/random/boot_id) $(systemctl show -P MainPID vm-holder) anna@laptop" >/var/lib/vmstation/lock/owner`);
  const refused = await refusalOf(openWay().apply([motd('eighth\n')]));
  expect(refused).toMatchObject({ code: 'host/locked', kind: 'locked' });
  expect(errorKindTable[refused.kind].exitCode).toBe(75);
  expect(refused.message).toMatch(/being changed by anna@laptop, the run their-run, since 1\d\d s/);
  expect(await asRoot('cat /etc/motd')).not.toContain('eighth');
  // Its holder dies without giving it back.
  await asRoot('systemctl stop vm-holder');
  expect(outcomesOf(await openWay().apply([motd('eighth\n')]))).toEqual({ 'file:/etc/motd': 'changed' });
  await expectConsistent([motd('eighth\n')]);
});

test('a service that hangs in its start fails by its own limit, and everything else is done', async () => {
  const unit: Resource = {
    kind: 'unit',
    name: 'hangs.service',
    content: '[Service]\nType=notify\nTimeoutStartSec=4\nExecStart=/bin/sleep 1000\n',
  };
  const service: Resource = { kind: 'service', unit: 'hangs.service', active: true };
  const report = await openWay().apply([unit, service, motd('ninth\n')]);
  expect(outcomesOf(report)).toEqual({
    'unit:hangs.service': 'changed',
    'service:hangs.service': 'failed',
    'file:/etc/motd': 'changed',
  });
  expect(reasonOf(report, 'service:hangs.service')).toMatch(/timeout/i);
  const mended = { ...unit, content: '[Service]\nExecStart=/bin/sleep 1000\n' };
  await expectConsistent([mended, service, motd('ninth\n')]);
  await asRoot('systemctl stop hangs; rm /etc/systemd/system/hangs.service; systemctl daemon-reload');
});

test('a service that hangs without a limit ends by our deadline, and the machine is free again when it gives up', async () => {
  const unit: Resource = {
    kind: 'unit',
    name: 'hangs.service',
    content: '[Service]\nType=notify\nTimeoutStartSec=infinity\nExecStart=/bin/sleep 1000\n',
  };
  const service: Resource = { kind: 'service', unit: 'hangs.service', active: true };
  const refused = await refusalOf(openWay({ applyTimeoutMs: 6000 }).apply([motd('tenth\n'), unit, service]));
  expect(refused).toMatchObject({ code: 'ssh/timeout', kind: 'unreachable' });
  expect(await asRoot('cat /etc/motd')).toBe('tenth\n');
  await asRoot('systemctl kill -s KILL hangs');
  await expect.poll(() => asRoot('ls -d /var/lib/vmstation/lock || :'), { timeout: 60_000 }).toBe('');
  await asRoot('systemctl stop hangs; rm /etc/systemd/system/hangs.service; systemctl daemon-reload');
  await expectConsistent([motd('tenth\n')]);
});

test('a check changes nothing on the machine', async () => {
  const way = openWay();
  const all = [motd('wanted\n'), other, forwarding, tree, motdFolder];
  await way.host.check(node, all);
  await asRoot('mkdir -p /srv/mark; touch /srv/mark/since; sleep 1');
  for (const withDiff of [false, true]) await way.host.check(node, all, { withDiff });
  const touched = await asRoot(
    `find / -xdev -newercc /srv/mark/since ! -path /run ! -path '/run/*' ! -path '/var/log/*' ! -path '/tmp/systemd-*' ! -path /tmp`,
  );
  expect(touched).toBe('');
  expect(way.transport.counters).toMatchObject({ roundTrips: 4, connections: 1 });
  await asRoot('rm -r /srv/mark');
});

test('an apply is three round trips over one connection, and a check is one', async () => {
  const way = openWay();
  await way.apply([motd('eleventh\n'), other, tree, forwarding]);
  expect(way.transport.counters).toEqual({ roundTrips: 3, connections: 1 });
  await way.apply([motd('eleventh\n'), other, tree, forwarding]);
  await way.host.check(node, [motd('eleventh\n'), other, tree, forwarding]);
  expect(way.transport.counters).toEqual({ roundTrips: 5, connections: 1 });
});
