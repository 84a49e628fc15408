import { spawnSync } from 'node:child_process';
import { askLab, labPaths } from '@vmstation/lab';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ProviderWorkspace, providerWorkspace } from './hosts-provider-workspace.ts';

// Real `systemctl suspend` and real magic packets, on the lab's real machines.

const sleeper = 'storagenodet3500';
const mac = '02:00:00:00:00:61';
let workspace: ProviderWorkspace;

beforeAll(async () => {
  workspace = await providerWorkspace('hosts');
  await workspace.onMachine(
    sleeper,
    `cat >/usr/lib/systemd/system-sleep/note; chmod 755 /usr/lib/systemd/system-sleep/note`,
    hook,
  );
});
afterAll(() => workspace.remove());

const hook = '#!/bin/sh\necho "$1 $2" >>/var/log/sleep-hooks\n';

const powerOf = async () => (await workspace.status()).nodes.find(({ name }) => name === sleeper)?.power;
const isAsleep = async () => await expect.poll(powerOf, { timeout: 60_000 }).toBe('suspended');
const isAwake = async () => await expect.poll(powerOf, { timeout: 60_000 }).toBe('on');

/** Sends a magic packet from the other machine, as the station would. */
const wakeBy = (python: string) => workspace.onMachine('masternode', 'python3 -', `${magic}${python}`);
const magic = `import socket
magic = b'\\xff' * 6 + bytes.fromhex('${mac.replaceAll(':', '')}') * 16
`;
const overUdp = (port: number) => `card = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
card.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
card.sendto(magic, ('192.168.4.255', ${port}))
`;
const asFrame = `card = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
card.bind(('eth0', 0))
card.send(b'\\xff' * 6 + card.getsockname()[4] + b'\\x08\\x42' + magic)
`;

function dial(patienceSeconds: number): { readonly exitCode: number | null; readonly said: string } {
  const { sshConfigFile } = labPaths(workspace.root);
  const options = ['-F', sshConfigFile, '-o', 'BatchMode=yes', '-o', `ConnectTimeout=${patienceSeconds}`];
  const { status, stderr } = spawnSync('ssh', [...options, sleeper, 'true'], { encoding: 'utf8' });
  return { exitCode: status, said: stderr };
}

test('a machine that suspends itself runs its hooks, says nothing while it sleeps, and wakes by a magic packet', async () => {
  await workspace.onMachine(sleeper, 'systemctl suspend');
  await isAsleep();
  expect(dial(1)).toMatchObject({ exitCode: 255, said: expect.stringContaining('timed out') as string });
  expect(await workspace.onMachine('masternode', 'ping -c1 -W1 192.168.4.61 || true')).toContain('100% packet loss');
  expect(await workspace.must('lab', 'status')).toMatch(new RegExp(`${sleeper}\\s+asleep`));
  await wakeBy(overUdp(9));
  await isAwake();
  await expect
    .poll(() => workspace.onMachine(sleeper, 'cat /var/log/sleep-hooks'), { timeout: 60_000 })
    .toBe('pre suspend\npost suspend\n');
});

test.each([
  ['the discard port', overUdp(9)],
  ['the echo port', overUdp(7)],
  ['a frame of its own type, 0x0842', asFrame],
])('asleep by the lab’s own order, it is woken through %s', async (_, packet) => {
  await askLab(labPaths(workspace.root), 'node.power', { node: sleeper, order: 'suspend' });
  expect(await powerOf()).toBe('suspended');
  await wakeBy(packet);
  await isAwake();
  expect(dial(20).exitCode).toBe(0);
});

test('the lab itself suspends, wakes, switches off and on; the power reading says which', async () => {
  const power = async (order?: 'suspend' | 'wake' | 'poweroff') =>
    (await askLab(labPaths(workspace.root), 'node.power', { node: sleeper, ...(order === undefined ? {} : { order }) }))
      .state;
  expect(await power('suspend')).toBe('asleep');
  expect(await power('wake')).toBe('awake');
  expect(await power('poweroff')).toBe('asleep');
  expect((await workspace.must('lab', 'status')).includes(`${sleeper}  off`)).toBe(true);
  await wakeBy(overUdp(9));
  await isAwake();
  await expect.poll(() => dial(20).exitCode, { timeout: 60_000 }).toBe(0);
});

test('a reboot from inside is a reboot', async () => {
  const bootId = () => workspace.onMachine(sleeper, 'stat -c %Z /proc/1');
  const before = await bootId();
  await workspace.onMachine(sleeper, 'reboot').catch(() => 'the connection went with the machine');
  await expect.poll(() => bootId().catch(() => before), { timeout: 60_000 }).not.toBe(before);
  expect(await powerOf()).toBe('on');
});

test('a lab is stopped although a machine sleeps', async () => {
  await askLab(labPaths(workspace.root), 'node.power', { node: sleeper, order: 'suspend' });
  expect(await workspace.must('lab', 'stop')).toContain('The lab is stopped');
});
