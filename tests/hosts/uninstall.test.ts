import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Transport } from '@vmstation/core';
import type { LoadedWorkspace } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { hostsOf, onNode, twoNodeWorkspace } from './two-node-workspace.ts';

// A real machine that was set up and configured is, after `vmstation uninstall`, as it was found.

const machines = inject('machines');
const node = 'storagenodet3500';
const program = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.ts');
let workspace: LoadedWorkspace;
let transport: Transport;
let folder: string;
let agent: { readonly socket: string; readonly pid: number };
let found: readonly string[];

beforeAll(async () => {
  workspace = await twoNodeWorkspace(machines);
  ({ transport } = hostsOf(machines, workspace));
  folder = await mkdtemp(join(tmpdir(), 'vmstation-uninstall-'));
  agent = await operatorsAgent(join(folder, 'agent'));
  // Other files of this suite have used the machine; what they did is taken for what was found.
  await onNode(transport, node, 'rm -rf /var/lib/vmstation');
  found = await picture();
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

function vmstation(args: readonly string[], authSocket: string = agent.socket) {
  const { SSH_AUTH_SOCK: _, ...rest } = process.env;
  const env = { ...rest, CI: '1', ...(authSocket === '' ? {} : { SSH_AUTH_SOCK: authSocket }) };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--workspace', workspace.root, ...args], {
    env,
    encoding: 'utf8',
    timeout: 280_000,
  });
  return { exitCode: status, text: `${stdout}${stderr}`.replaceAll(/\s+/g, ' ') };
}

/** Everything below /etc and in homes, folders of programs' state, packages, units, kernel settings, users. */
async function picture(): Promise<readonly string[]> {
  const text = await onNode(
    transport,
    node,
    // Accounts that packages make stay, as Debian wants it; /etc/default/chrony is the lab's, for a package that is not there.
    `find /etc /root/.ssh /home -xdev \\( -path /etc/ssl -o -path '/etc/ca-certificates*' -o -name '*.cache' -o -name '*-' -o -path /etc/default/chrony \\) -prune -o -printf '%p %y %m %U %G %l\\n' | sort
    find /etc /root/.ssh /home -xdev -path /etc/ssl -prune -o -type f ! -name '*-' ! -name '*.cache' ! -path /etc/default/chrony ! -path /etc/passwd ! -path /etc/shadow ! -path /etc/group ! -path /etc/gshadow -print0 | sort -z | xargs -0 sha256sum
    ls /var/lib | grep -i vmstation || :
    dpkg-query -W -f='\${Status} \${Package}\\n'
    systemctl list-unit-files --no-legend --no-pager --state=enabled | awk '{print $1, $2}'
    systemctl list-units --no-legend --plain --no-pager --type=service --state=running | awk '{print $1}' | grep -v -e '^user@' -e systemd-hostnamed -e systemd-timedated
    cat /proc/sys/net/ipv4/ip_forward`,
  );
  return text.split('\n');
}

test('setup and config, taken back, leave a machine as it was found', async () => {
  const must = (...args: readonly string[]) => {
    const { exitCode, text } = vmstation(args);
    expect(exitCode, text).toBe(0);
    return text;
  };
  must('node', 'trust', '--yes');
  must('setup', '--node', node, '--yes');
  // A container cannot carry the NFS server: of that step, too, everything has to go.
  const config = vmstation(['config', 'apply', '--node', node, '--yes']);
  expect(config.text).toContain('5 changed · 1 failed');
  expect(await picture()).not.toEqual(found);

  const shown = vmstation(['uninstall', node, '--dry-run']);
  expect(shown.exitCode, shown.text).toBe(2);
  expect(shown.text).toContain('(in try mode)');

  // With the workspace's key as the only one, it is not given up.
  const locked = vmstation(['uninstall', node, '--yes', '--node-name', node], '');
  expect(locked.exitCode, locked.text).toBe(1);
  expect(locked.text).toContain('no new connection came in without it');
  expect(vmstation(['node', 'run', node, '--root', '--', 'id', '-u'], '').text.trim()).toBe('0');

  // The log daemon's queue lay in a folder that we made: what others put there is theirs.
  const spool = vmstation(['uninstall', node, '--yes', '--node-name', node]);
  expect(spool.text).toContain('/var/spool/rsyslog is not empty: what came since is left as it is');
  expect(spool.exitCode, spool.text).toBe(1);
  await onNode(transport, node, 'rm -r /var/spool/rsyslog');
  const taken = must('uninstall', node, '--yes', '--node-name', node);
  expect(taken).toContain('is as it was found');
  expect(await picture()).toEqual(found);
  expect(must('uninstall', node, '--yes', '--node-name', node)).toContain('nothing to take back');
});
