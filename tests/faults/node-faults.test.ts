import type { Resource } from '@vmstation/core';
import { expect, test } from 'vitest';
import { faultyMachine, leftovers, node, outcomesOf } from './faulty-machine.ts';

// What goes wrong inside a machine: the host port names the right resource and the cause, leaves nothing half done, and the next run completes.

const motd: Resource = { kind: 'file', path: '/etc/motd', content: `${'welcome\n'.repeat(20)}` };
const forwarding: Resource = { kind: 'sysctl', key: 'net.ipv4.ip_forward', value: '1' };
const folder: Resource = { kind: 'directory', path: '/srv/media', mode: '0750' };

test.each([
  ['disk-full', 'No space left on device'],
  ['read-only', 'Read-only file system'],
] as const)('%s: nothing is changed, the reason is the disk, and the next run completes', async (kind, reason) => {
  const { machine, faults, host, apply, read } = await faultyMachine();
  await apply([{ ...motd, content: 'first\n' }]);
  faults.onNode(node, kind);
  await expect(apply([motd, forwarding, folder])).rejects.toMatchObject({
    message: expect.stringMatching(new RegExp(`${node}.*${reason}`, 's')),
  });
  expect(read('/etc/motd')).toBe('first\n');
  expect((await host.check(node, [motd])).resources.get('file:/etc/motd')).toMatchObject({ state: 'differs' });
  faults.clear();
  expect(Object.values(outcomesOf(await apply([motd, forwarding, folder])))).toEqual(['changed', 'changed', 'changed']);
  expect(leftovers(machine)).toEqual([]);
});
