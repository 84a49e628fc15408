import type { Resource } from '@vmstation/core';
import { expect, test } from 'vitest';
import { fastClock, faultyMachine, leftovers, node, outcomesOf, reasonOf } from './faulty-machine.ts';

// What goes wrong inside a machine: the host port names the right resource and the cause, leaves nothing half done, and the next run completes.

const motd: Resource = { kind: 'file', path: '/etc/motd', content: 'welcome\n'.repeat(20) };
const forwarding: Resource = { kind: 'sysctl', key: 'net.ipv4.ip_forward', value: '1' };
const folder: Resource = { kind: 'directory', path: '/srv/media', mode: '0750' };
const chrony: Resource = { kind: 'package', name: 'chrony' };
const unit: Resource = {
  kind: 'unit',
  name: 'stays.service',
  content: '[Unit]\nDescription=test\n[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n',
};
const service: Resource = { kind: 'service', unit: 'stays.service', enabled: true, active: true };

test.concurrent.each([
  ['disk-full', 'No space left on device', 'df -h'],
  ['read-only', 'Read-only file system', 'findmnt'],
] as const)('%s: nothing is changed, the disk is named, and the next run completes', async (kind, reason, next) => {
  const { machine, faults, host, apply, read } = await faultyMachine();
  await apply([{ ...motd, content: 'first\n' }]);
  faults.onNode(node, kind);
  await expect(apply([motd, forwarding, folder])).rejects.toMatchObject({
    code: 'host/records-unwritable',
    message: expect.stringMatching(new RegExp(`Nothing was changed on ${node}: .*${reason}`)),
    tryThis: expect.stringContaining(next),
  });
  expect(read('/etc/motd')).toBe('first\n');
  expect((await host.check(node, [motd])).resources.get('file:/etc/motd')).toMatchObject({ state: 'differs' });
  faults.clear();
  expect(Object.values(outcomesOf(await apply([motd, forwarding, folder])))).toEqual(['changed', 'changed', 'changed']);
  expect(leftovers(machine)).toEqual([]);
});

test.concurrent('one full file system fails what belongs there, and nothing else', async () => {
  const { faults, apply, read } = await faultyMachine();
  const scratch: Resource = {
    kind: 'mount',
    path: '/srv/scratch',
    source: 'scratch',
    fstype: 'tmpfs',
    options: [],
    mounted: true,
  };
  const there: Resource = { kind: 'file', path: '/srv/scratch/note', content: 'first\n' };
  await apply([scratch, there]);
  faults.onNode(node, 'disk-full', { mount: '/srv/scratch' });
  const longer = { ...there, content: 'second, and longer\n' };
  const report = await apply([scratch, longer, motd]);
  expect(outcomesOf(report)).toMatchObject({ 'file:/srv/scratch/note': 'failed', 'file:/etc/motd': 'changed' });
  expect(reasonOf(report, 'file:/srv/scratch/note')).toContain('No space left on device');
  expect(read('/srv/scratch/note')).toBe('first\n');
  faults.clear();
  expect(outcomesOf(await apply([longer]))).toEqual({ 'file:/srv/scratch/note': 'changed' });
});

test.concurrent.each([
  ['debian-12', "dpkg was interrupted|parsing file '/var/lib/dpkg/status'"],
  ['rhel-10', 'rpmdb'],
] as const)('a broken package database of %s fails the package with its cause, and no file', async (face, cause) => {
  const { faults, apply } = await faultyMachine(face);
  faults.onNode(node, 'broken-packages');
  const report = await apply([chrony, motd]);
  expect(outcomesOf(report)['package:chrony']).not.toMatch(/changed/);
  expect(reasonOf(report, 'package:chrony')).toMatch(new RegExp(cause));
  expect(outcomesOf(report)['file:/etc/motd']).toBe('changed');
  faults.clear();
  expect(outcomesOf(await apply([chrony, motd]))).toEqual({
    'package:chrony': 'changed',
    'file:/etc/motd': 'unchanged',
  });
});

test.concurrent.each(['debian-12', 'rhel-10'] as const)('a held package lock of %s is waited for', async (face) => {
  const { machine, faults, apply } = await faultyMachine(face);
  const begun = Date.now();
  faults.onNode(node, 'package-lock', { seconds: 3 });
  expect(outcomesOf(await apply([chrony]))).toEqual({ 'package:chrony': 'changed' });
  expect(Date.now() - begun).toBeGreaterThan(2500);
  expect(faults.list()).toEqual([]);
  expect(machine.packageLockHolder).toBeUndefined();
});

test.concurrent.each([
  ['debian-12', /held by process (\d+) \(unattended-upgr\)|locked by another process with pid (\d+)/],
  ['rhel-10', /another program may hold its lock/],
] as const)('a package lock of %s that is never given back fails with its holder', async (face, cause) => {
  const { machine, faults, apply } = await faultyMachine(face, fastClock(300));
  faults.onNode(node, 'package-lock');
  const holder = face === 'debian-12' ? String(machine.packageLockHolder?.pid) : '';
  const report = await apply([chrony, motd]);
  expect(outcomesOf(report)).toEqual({ 'package:chrony': 'failed', 'file:/etc/motd': 'changed' });
  expect(reasonOf(report, 'package:chrony')).toMatch(cause);
  expect(reasonOf(report, 'package:chrony')).toContain(holder);
  faults.clear();
  expect(outcomesOf(await apply([chrony]))).toEqual({ 'package:chrony': 'changed' });
});

test.concurrent.each([
  ['unit-fails', {}, 'failed'],
  ['unit-fails', { 'after-seconds': 0.3 }, 'did not stay up'],
  ['unit-flaps', { seconds: 0.3 }, 'did not stay up'],
] as const)(
  '%s %j: the service failed, whatever systemctl said, and starts when it may',
  async (kind, values, says) => {
    const { faults, apply } = await faultyMachine();
    faults.onNode(node, kind, { unit: 'stays.service', ...values });
    const report = await apply([unit, service, motd]);
    expect(outcomesOf(report)).toMatchObject({ 'service:stays.service': 'failed', 'file:/etc/motd': 'changed' });
    expect(reasonOf(report, 'service:stays.service')).toContain(says);
    faults.clear();
    expect(outcomesOf(await apply([unit, service]))['service:stays.service']).toMatch(/^(un)?changed$/);
    expect(outcomesOf(await apply([unit, service]))).toEqual({
      'unit:stays.service': 'unchanged',
      'service:stays.service': 'unchanged',
    });
  },
);

test.concurrent('a liar changes nothing, redirections included, and nothing is green', async () => {
  const { machine, faults, apply, transport } = await faultyMachine();
  await apply([{ ...motd, content: 'first\n' }]);
  faults.onNode(node, 'liar');
  const { writes } = machine;
  const script =
    'echo 1 >/proc/sys/net/ipv4/ip_forward && echo lies >/etc/motd && echo lies >>/etc/new && rm /etc/motd';
  const said = await transport.run(node, { argv: ['sh', '-c', script], elevate: true, timeoutMs: 10_000 });
  expect(said.exitCode).toBe(0);
  expect(machine.writes).toBe(writes);
  const ended = await apply([motd, forwarding, folder, chrony, unit, service]).then(
    (report) => Object.values(outcomesOf(report)),
    (error: unknown) => [error],
  );
  expect(ended.filter((one) => one === 'changed' || one === 'unchanged')).toEqual([]);
  expect(machine.writes).toBe(writes);
  faults.clear();
  const report = await apply([motd, forwarding, folder, chrony, unit, service]);
  expect(new Set(Object.values(outcomesOf(report)))).toEqual(new Set(['changed']));
  expect(leftovers(machine)).toEqual([]);
});

test.concurrent('a reboot in the middle is told as it ended, nothing of it green that is not, and the next run completes what the first began', async () => {
  const { machine, faults, apply, host } = await faultyMachine();
  const all = [motd, forwarding, folder, unit, service];
  faults.onNode(node, 'reboot', { 'after-steps': 12, 'down-ms': 500 });
  const boot = machine.state.bootId;
  const first = outcomesOf(await apply(all));
  expect(Object.values(first)).toContain('not-run');
  expect(machine.power).toBe('on');
  expect(faults.list()).toEqual([]);
  expect(machine.state.bootId).not.toBe(boot);
  expect(Object.values(outcomesOf(await apply(all))).filter((outcome) => !outcome.endsWith('changed'))).toEqual([]);
  const { resources } = await host.check(node, all);
  expect([...resources.values()].filter(({ state }) => state !== 'equal')).toEqual([]);
  expect(leftovers(machine)).toEqual([]);
});

test.concurrent.each([7200, -7200])(
  'a clock that jumps by %d s in the middle of a change does no harm',
  async (seconds) => {
    const { machine, faults, apply, host } = await faultyMachine();
    faults.onNode(node, 'clock-jump', { seconds, 'after-steps': 4 });
    const both = await Promise.all([
      host.apply({ node, runId: 'one', resources: [motd, forwarding] }),
      host.apply({ node, runId: 'two', resources: [folder] }),
    ]);
    for (const report of both)
      expect(Object.values(outcomesOf(report)).every((one) => one.endsWith('changed'))).toBe(true);
    const off = Date.parse((await host.check(node, [])).facts.clock) - Date.now();
    expect(Math.abs(off - seconds * 1000)).toBeLessThan(60_000);
    faults.clear();
    expect(Math.abs(Date.parse((await host.check(node, [])).facts.clock) - Date.now())).toBeLessThan(60_000);
    expect(leftovers(machine)).toEqual([]);
    expect(outcomesOf(await apply([motd, forwarding, folder]))).toEqual({
      'file:/etc/motd': 'unchanged',
      'sysctl:net.ipv4.ip_forward': 'unchanged',
      'directory:/srv/media': 'unchanged',
    });
  },
);

test.concurrent('slow programs make a slow node and no other result', async () => {
  const { faults, host, apply } = await faultyMachine();
  const quick = await host.check(node, [motd, forwarding]);
  faults.onNode(node, 'slow-commands', { ms: 20 });
  const slow = await host.check(node, [motd, forwarding]);
  expect([...slow.resources]).toEqual([...quick.resources]);
  expect(slow.durationMs).toBeGreaterThan(100);
  expect(new Set(Object.values(outcomesOf(await apply([motd, forwarding]))))).toEqual(new Set(['changed']));
});

test.concurrent('without sudo the error says who may not become root', async () => {
  const { faults, host, apply } = await faultyMachine();
  faults.onNode(node, 'no-sudo');
  await expect(host.check(node, [motd])).rejects.toMatchObject({
    code: 'ssh/no-sudo',
    message: expect.stringContaining(node),
  });
  faults.clear();
  expect(outcomesOf(await apply([motd]))).toEqual({ 'file:/etc/motd': 'changed' });
});

test.concurrent('a suspend that lies exits 0, and the machine is found awake', async () => {
  const { machine, faults, host, transport } = await faultyMachine();
  faults.onNode(node, 'lying-suspend');
  const said = await transport.run(node, { argv: ['systemctl', 'suspend'], elevate: true, timeoutMs: 10_000 });
  expect(said.exitCode).toBe(0);
  expect((await host.check(node, [])).facts.hostname).toBe(node);
  expect(machine.power).toBe('on');
});
