import type { Resource } from '@vmstation/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { onNode } from '../hosts/two-node-workspace.ts';
import { applied, deviations, type FreshGuests, freshGuests, restart } from './fresh-guests.ts';

// What a machine has of its own kernel: swap, modules, settings and name, now and after a start.

const node = 'masternode';
let guests: FreshGuests;
beforeEach(async () => {
  guests = await freshGuests();
});
afterEach(() => guests?.close());

const asked = (script: string) => onNode(guests.transport, node, script);
const noSwap: readonly Resource[] = [{ kind: 'swap', ensure: 'off' }];

const twoSwaps = `fallocate -l 64M /swapfile; chmod 600 /swapfile; mkswap /swapfile >/dev/null
mkswap -U 11111111-2222-3333-4444-555555555555 /dev/vdb >/dev/null
cp /etc/fstab /root/fstab.before
printf '%s\\n' '/swapfile none swap sw 0 0' 'UUID=11111111-2222-3333-4444-555555555555 none swap sw,pri=7 0 0' >>/etc/fstab
cp /etc/fstab /root/fstab.swap
systemctl daemon-reload; swapon -a`;
const swaps = "awk 'NR > 1 { print $1, $2, $5 }' /proc/swaps | sort";

test('swap in a file and on a partition goes, stays away after a start, and a rollback brings both back', async () => {
  await asked(twoSwaps);
  const before = await asked(swaps);
  expect(before).toMatch(/^\/dev\/vdb partition 7\n\/swapfile file -\d+\n$/);
  expect(await deviations(guests, node, noSwap)).toEqual({ 'swap:system': ['in use', 'in fstab'] });
  const run = await applied(guests, node, noSwap);
  expect(await asked(swaps)).toBe('');
  await restart(guests, [node]);
  expect(await asked(swaps)).toBe('');
  expect(await deviations(guests, node, noSwap)).toEqual({});
  expect(await guests.host.rollback(node, run)).toMatchObject({ failed: [] });
  expect(await asked(`cmp /etc/fstab /root/fstab.swap; ${swaps}`)).toBe(before);
  expect(await deviations(guests, node, noSwap)).toEqual({ 'swap:system': ['in use', 'in fstab'] });
});

test('kernel modules are loaded now and at the next start, with the settings that they bring', async () => {
  const wanted: readonly Resource[] = [
    { kind: 'kernel-module', name: 'br_netfilter' },
    { kind: 'kernel-module', name: 'overlay' },
    {
      kind: 'sysctl',
      key: 'net.bridge.bridge-nf-call-iptables',
      value: '1',
      after: ['kernel-module:br_netfilter'],
    },
    { kind: 'sysctl', key: 'vm.max_map_count', value: '262144' },
  ];
  expect(await asked('ls -d /sys/module/br_netfilter /sys/module/overlay 2>/dev/null || echo none')).toBe('none\n');
  const run = await applied(guests, node, wanted);
  expect(await deviations(guests, node, wanted)).toEqual({});
  const inForce =
    'ls -d /sys/module/br_netfilter /sys/module/overlay; sysctl -n net.bridge.bridge-nf-call-iptables vm.max_map_count';
  const right = '/sys/module/br_netfilter\n/sys/module/overlay\n1\n262144\n';
  expect(await asked(inForce)).toBe(right);
  await restart(guests, [node]);
  expect(await asked(inForce)).toBe(right);
  expect(await deviations(guests, node, wanted)).toEqual({});
  // A module that went is reported as that, and comes back.
  await asked('modprobe -r overlay');
  expect(await deviations(guests, node, wanted)).toEqual({ 'kernel-module:overlay': ['running'] });
  await applied(guests, node, wanted);
  expect(await guests.host.rollback(node, run)).toMatchObject({ failed: [] });
  expect(await asked('ls -d /sys/module/br_netfilter /sys/module/overlay 2>/dev/null || echo none')).toBe('none\n');
});

test('the host name is in force at once, and after a start', async () => {
  const wanted: readonly Resource[] = [{ kind: 'hostname', name: 'othername' }];
  const run = await applied(guests, node, wanted);
  expect(await asked('cat /proc/sys/kernel/hostname; uname -n; hostname')).toBe('othername\n'.repeat(3));
  await restart(guests, [node]);
  expect(await asked('uname -n')).toBe('othername\n');
  expect(await deviations(guests, node, wanted)).toEqual({});
  expect(await guests.host.rollback(node, run)).toMatchObject({ failed: [] });
  expect(await asked('uname -n; cat /etc/hostname')).toBe(`${node}\n${node}\n`);
});
