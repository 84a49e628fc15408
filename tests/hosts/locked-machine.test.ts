import { rm } from 'node:fs/promises';
import type { Transport } from '@vmstation/core';
import type { LoadedWorkspace } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOperator } from './operator.ts';
import { ownMachines } from './own-machines.ts';
import type { Ended } from './run-program.ts';
import { hostsOf, onNode, twoNodeWorkspace } from './two-node-workspace.ts';

// Every command that changes a machine, while another operator is at work there: it says who, since when, and ends with 75.

const node = 'masternode';
const machines = await ownMachines();
const operator = await startOperator(machines);
const workspaces: LoadedWorkspace[] = [];
let transport: Transport;
let firstRun: string;

/** Runs the command line on a workspace. */
const on = (workspace: LoadedWorkspace | undefined, ...args: readonly string[]): Promise<Ended> => {
  operator.workspace = workspace?.root ?? '';
  return operator.vmstation(...args);
};

async function must(workspace: LoadedWorkspace, ...args: readonly string[]): Promise<string> {
  const { exitCode, text } = await on(workspace, ...args);
  if (exitCode !== 0) throw new Error(`vmstation ${args.join(' ')} ended with ${exitCode}: ${text}`);
  return text;
}

beforeAll(async () => {
  // A workspace for each command: one workspace lets only one of them in.
  for (let count = 0; count < 5; count += 1) workspaces.push(await twoNodeWorkspace(machines));
  const [first] = workspaces;
  if (first === undefined) throw new Error('there is no workspace');
  ({ transport } = hostsOf(machines, first));
  // One after the other: each asks for three keys at once, and sshd drops some of more than ten that have not logged in (MaxStartups).
  for (const one of workspaces) await must(one, 'node', 'trust', '--yes');
  const text = await must(first, 'config', 'apply', '--tags', 'syslog', '--node', node, '--yes', '--json');
  firstRun = /"runId": ?"([^"]+)"/.exec(text)?.[1] ?? '';
  await onNode(transport, node, 'echo "# by hand" >>/etc/motd');
});
afterAll(async () => {
  await transport?.close();
  for (const { root } of workspaces) await rm(root, { recursive: true, force: true });
});

test('each says who holds the machine and since when, and ends with 75; nothing is changed', async () => {
  const hold = `mkdir /var/lib/vmstation/lock; read -r up _ </proc/uptime
echo "20261123-091500-else \${up%%.*} $(cat /proc/sys/kernel/random/boot_id) 1 alex@elsewhere" >/var/lib/vmstation/lock/owner`;
  await onNode(transport, node, hold);
  const picture = 'find /etc /root /home -xdev -type f -exec sha256sum {} + | sort; dpkg-query -W';
  const before = await onNode(transport, node, picture);
  const [first, second, third, fourth, fifth] = workspaces;
  const ended = await Promise.all([
    on(first, 'config', 'rollback', firstRun, '--yes'),
    on(second, 'config', 'apply', '--node', node, '--tags', 'ntp', '--yes'),
    on(third, 'up', '--to', 'setup', '--node', node, '--yes'),
    on(fourth, 'drift', 'revert', node, 'file:/etc/motd', '--yes'),
    on(fifth, 'uninstall', node, '--yes', '--node-name', node),
  ]);
  for (const { exitCode, text } of ended) {
    const words = text.replaceAll(/\s+/g, ' ');
    expect(words).toMatch(/host\/locked/);
    expect(words).toMatch(/is being changed by alex@elsewhere, the run 20261123-091500-else, since \d+ s/);
    expect(exitCode, text).toBe(75);
  }
  expect(await onNode(transport, node, picture)).toBe(before);
});

test('what another machine refuses for a reason of its own counts before the lock', async () => {
  await onNode(transport, 'storagenodet3500', 'mkdir -p /etc/chrony/chrony.conf/full');
  const { exitCode, text } = await on(workspaces[1], 'config', 'apply', '--tags', 'ntp', '--yes');
  expect(text).toContain('host/locked');
  expect(exitCode, text).toBe(1);
});
