import { rm } from 'node:fs/promises';
import type { Transport } from '@vmstation/core';
import type { LoadedWorkspace } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOperator } from './operator.ts';
import { ownMachines } from './own-machines.ts';
import { hostsOf, onNode, twoNodeWorkspace } from './two-node-workspace.ts';

// The program itself, as an operator types it, from machines that know only the operator's own key.

const machines = await ownMachines();
let workspace: LoadedWorkspace;
let transport: Transport;
const operator = await startOperator(machines);
const { vmstation, withoutAgent } = operator;

beforeAll(async () => {
  workspace = await twoNodeWorkspace(machines);
  operator.workspace = workspace.root;
  ({ transport } = hostsOf(machines, workspace));
});
afterAll(async () => {
  await transport.close();
  await rm(workspace.root, { recursive: true, force: true });
});

test('before a machine is trusted, nothing is sent to it', async () => {
  const { exitCode, text } = await vmstation('config', 'apply', '--tags', 'syslog', '--yes');
  expect(exitCode, text).not.toBe(0);
  expect(text).toContain('ssh/host-key-unknown');
});

test('trusted by their keys, they are reached with the operator’s own key', async () => {
  const trusted = await vmstation('node', 'trust', '--yes');
  expect(trusted.exitCode, trusted.text).toBe(0);
  const ran = await vmstation('node', 'run', 'masternode', '--', 'hostname');
  expect(ran, ran.text).toMatchObject({ exitCode: 0 });
  expect(ran.text).toContain('masternode');
});

test('setup brings the workspace’s key there, which then is enough', async () => {
  const refused = await withoutAgent('node', 'run', 'masternode', '--', 'true');
  expect(refused.exitCode, refused.text).not.toBe(0);
  expect(refused.text).toContain('ssh/permission-denied');
  const brought = await vmstation('setup', 'ssh-keys', '--yes');
  expect(brought.exitCode, brought.text).toBe(0);
  for (const { name } of machines.machines) {
    const ran = await withoutAgent('node', 'run', name, '--root', '--', 'id', '-u');
    expect(ran.text.trim()).toBe('0');
  }
});

test('one role is applied, then unchanged, tampered with, and repaired', async () => {
  const apply = ['config', 'apply', '--tags', 'syslog', '--yes'];
  for (const { name } of machines.machines) await onNode(transport, name, 'rm -f /etc/rsyslog.d/10-vmstation-*.conf');
  const first = await vmstation(...apply);
  expect(first.exitCode, first.text).toBe(0);
  expect(first.text).toContain('2 changed');
  const conf = await onNode(transport, 'storagenodet3500', 'cat /etc/rsyslog.d/10-vmstation-sender.conf');
  expect(conf).toContain(machines.machines[0]?.address);
  const again = await vmstation(...apply);
  expect(again.exitCode, again.text).toBe(0);
  expect(again.text).toContain('2 unchanged');
  await onNode(transport, 'storagenodet3500', 'echo "# by hand" >>/etc/rsyslog.d/10-vmstation-sender.conf');
  const drift = await vmstation('drift');
  expect(drift.text).toContain('/etc/rsyslog.d/10-vmstation-sender.conf');
  expect((await vmstation(...apply)).exitCode).toBe(0);
  expect(await onNode(transport, 'storagenodet3500', 'cat /etc/rsyslog.d/10-vmstation-sender.conf')).toBe(conf);
});

test('what could lock the operator out is changed on trial, and kept because a new connection came in', async () => {
  const prepared = await vmstation('setup', 'dependencies', '--yes');
  expect(prepared.exitCode, prepared.text).toBe(0);
  const apply = ['config', 'apply', '--tags', 'ssh,networking', '--yes'];
  const first = await vmstation(...apply);
  expect(first.exitCode, first.text).toBe(0);
  for (const { name } of machines.machines) {
    expect(await onNode(transport, name, 'sshd -T')).toContain('\nmaxauthtries 4\n');
    expect(await onNode(transport, name, 'nft list table inet vmstation')).toContain('policy drop');
    expect(await onNode(transport, name, 'ls /var/lib/vmstation/try')).toBe('');
  }
  const again = await vmstation(...apply);
  expect(again.exitCode, again.text).toBe(0);
  expect(again.text).toContain('Nothing to change');
});
