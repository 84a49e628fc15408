import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Transport } from '@vmstation/core';
import type { LoadedWorkspace } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { hostsOf, onNode, twoNodeWorkspace } from './two-node-workspace.ts';

// The program itself, as an operator types it, from machines that know only the operator's own key.

const machines = inject('machines');
const program = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.ts');
let workspace: LoadedWorkspace;
let transport: Transport;
let folder: string;
let agent: { readonly socket: string; readonly pid: number };

beforeAll(async () => {
  workspace = await twoNodeWorkspace(machines);
  ({ transport } = hostsOf(machines, workspace));
  folder = await mkdtemp(join(tmpdir(), 'vmstation-agent-'));
  agent = await operatorsAgent(join(folder, 'agent'));
});
afterAll(async () => {
  process.kill(agent.pid);
  await transport.close();
  await rm(folder, { recursive: true, force: true });
  await rm(workspace.root, { recursive: true, force: true });
});

/** An ssh-agent with the only key that new machines know. */
async function operatorsAgent(socket: string): Promise<{ socket: string; pid: number }> {
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('error', reject);
  });
  const added = spawnSync('ssh-add', ['-q', machines.identityFile], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  if (added.status !== 0 || child.pid === undefined) throw new Error(`ssh-add: ${added.stderr.toString()}`);
  return { socket, pid: child.pid };
}

function vmstation(args: readonly string[], authSocket: string | undefined = agent.socket) {
  const { SSH_AUTH_SOCK: _, ...rest } = process.env;
  const env = { ...rest, CI: '1', ...(authSocket === '' ? {} : { SSH_AUTH_SOCK: authSocket }) };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--workspace', workspace.root, ...args], {
    env,
    encoding: 'utf8',
    timeout: 240_000,
  });
  return { exitCode: status, text: `${stdout}${stderr}` };
}

test('before a machine is trusted, nothing is sent to it', () => {
  const { exitCode, text } = vmstation(['config', 'apply', '--tags', 'syslog', '--yes']);
  expect(exitCode, text).not.toBe(0);
  expect(text).toContain('ssh/host-key-unknown');
});

test('trusted by their keys, they are reached with the operator’s own key', () => {
  const trusted = vmstation(['node', 'trust', '--yes']);
  expect(trusted.exitCode, trusted.text).toBe(0);
  const ran = vmstation(['node', 'run', 'masternode', '--', 'hostname']);
  expect(ran, ran.text).toMatchObject({ exitCode: 0 });
  expect(ran.text).toContain('masternode');
});

test('setup brings the workspace’s key there, which then is enough', () => {
  const refused = vmstation(['node', 'run', 'masternode', '--', 'true'], '');
  expect(refused.exitCode, refused.text).not.toBe(0);
  expect(refused.text).toContain('ssh/permission-denied');
  const brought = vmstation(['setup', 'ssh-keys', '--yes']);
  expect(brought.exitCode, brought.text).toBe(0);
  for (const { name } of machines.machines) {
    const ran = vmstation(['node', 'run', name, '--root', '--', 'id', '-u'], '');
    expect(ran.text.trim()).toBe('0');
  }
});

test('one role is applied, then unchanged, tampered with, and repaired', async () => {
  const apply = ['config', 'apply', '--tags', 'syslog', '--yes'];
  for (const { name } of machines.machines) await onNode(transport, name, 'rm -f /etc/rsyslog.d/10-vmstation-*.conf');
  const first = vmstation(apply);
  expect(first.exitCode, first.text).toBe(0);
  expect(first.text).toContain('2 changed');
  const conf = await onNode(transport, 'storagenodet3500', 'cat /etc/rsyslog.d/10-vmstation-sender.conf');
  expect(conf).toContain(machines.machines[0]?.address);
  const again = vmstation(apply);
  expect(again.exitCode, again.text).toBe(0);
  expect(again.text).toContain('2 unchanged');
  await onNode(transport, 'storagenodet3500', 'echo "# by hand" >>/etc/rsyslog.d/10-vmstation-sender.conf');
  const drift = vmstation(['drift']);
  expect(drift.text).toContain('/etc/rsyslog.d/10-vmstation-sender.conf');
  expect(vmstation(apply).exitCode).toBe(0);
  expect(await onNode(transport, 'storagenodet3500', 'cat /etc/rsyslog.d/10-vmstation-sender.conf')).toBe(conf);
});

test('what could lock the operator out is changed on trial, and kept because a new connection came in', async () => {
  const prepared = vmstation(['setup', 'dependencies', '--yes']);
  expect(prepared.exitCode, prepared.text).toBe(0);
  const apply = ['config', 'apply', '--tags', 'ssh,networking', '--yes'];
  const first = vmstation(apply);
  expect(first.exitCode, first.text).toBe(0);
  for (const { name } of machines.machines) {
    expect(await onNode(transport, name, 'sshd -T')).toContain('\nmaxauthtries 4\n');
    expect(await onNode(transport, name, 'nft list table inet vmstation')).toContain('policy drop');
    expect(await onNode(transport, name, 'ls /var/lib/vmstation/try')).toBe('');
  }
  const again = vmstation(apply);
  expect(again.exitCode, again.text).toBe(0);
  expect(again.text).toContain('Nothing to change');
});
