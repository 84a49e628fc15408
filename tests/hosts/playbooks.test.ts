import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Transport } from '@vmstation/core';
import { type LoadedWorkspace, writeSecret } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesBelow } from '../files-below.ts';
import { startOperator } from './operator.ts';
import { ownMachines } from './own-machines.ts';
import { hostsOf, onNode, twoNodeWorkspace } from './two-node-workspace.ts';

// An operator's own playbooks as steps: Debian's ansible-playbook against real machines.

const machines = await ownMachines();
const secret = 'geheim-"4711"-ü';
let workspace: LoadedWorkspace;
let transport: Transport;
const operator = await startOperator(machines);
const { vmstation } = operator;

const agent = `---
- name: The agent
  hosts: all
  tasks:
    - name: Say who we are
      ansible.builtin.copy:
        dest: /etc/agent.conf
        content: "keep={{ keep }} on {{ inventory_hostname }} power={{ vmstation_power }}\\n"
        mode: "0644"
    - name: Bring the password
      ansible.builtin.copy:
        dest: /etc/agent.secret
        content: "{{ password }}\\n"
        mode: "0600"
    - name: Talk about it
      ansible.builtin.debug:
        msg: "the password is {{ password }}"
    - name: Look at the argument lists of the machine
      ansible.builtin.command: sh -c 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'
      register: processes
      changed_when: false
      check_mode: false
    - name: The secret is in none of them
      ansible.builtin.assert:
        that: password not in processes.stdout
`;

const broken = `---
- name: Broken
  hosts: all
  tasks:
    - name: Works everywhere
      ansible.builtin.command: "true"
      changed_when: false
    - name: Fails on one
      ansible.builtin.command: "false"
      when: inventory_hostname == 'masternode'
      changed_when: false
`;

const nobody = `---
- name: For a group that is not there
  hosts: moon
  tasks:
    - name: Never
      ansible.builtin.command: "true"
`;

const unforeseen = `---
- name: Only a command
  hosts: all
  tasks:
    - name: A command cannot be asked
      ansible.builtin.command: "true"
      changed_when: false
`;

const declared = `playbooks:
  agent: { after: tools, check: true, vars: { keep: 7, password: "secret:agent" } }
  broken: { after: tools }
  nobody: { after: tools, nodes: [masternode] }
  unforeseen: { after: tools, check: true, nodes: [masternode] }
`;

beforeAll(async () => {
  workspace = await twoNodeWorkspace(machines);
  operator.workspace = workspace.root;
  ({ transport } = hostsOf(machines, workspace));
  const { root } = workspace;
  await mkdir(join(root, 'playbooks'));
  for (const [name, text] of Object.entries({ agent, broken, nobody, unforeseen }))
    await writeFile(join(root, 'playbooks', `${name}.yml`), text);
  await writeFile(join(root, 'vmstation.yaml'), `${await readFile(join(root, 'vmstation.yaml'), 'utf8')}${declared}`);
  await writeSecret(root, 'agent', secret);
  for (const { name } of machines.machines)
    await onNode(
      transport,
      name,
      'export DEBIAN_FRONTEND=noninteractive; apt-get -y -q update >/dev/null; apt-get -y -q install --no-install-recommends python3 >/dev/null',
    );
  for (const args of [
    ['node', 'trust', '--yes'],
    ['setup', 'ssh-keys', '--yes'],
  ]) {
    const { exitCode, text } = await vmstation(...args);
    if (exitCode !== 0) throw new Error(text);
  }
});

afterAll(async () => {
  await transport?.close();
  await rm(workspace.root, { recursive: true, force: true });
});

const up = (name: string, ...words: readonly string[]) => vmstation('up', '--only', 'tools', '--tags', name, ...words);

interface Shown {
  readonly steps: readonly {
    readonly id: string;
    readonly effect: string;
    readonly changes: readonly { readonly target: string; readonly diff?: string }[];
  }[];
}

async function foretold(name: string): Promise<Shown['steps']> {
  const { text } = await up(name, '--dry-run', '--json');
  return (JSON.parse(text) as Shown).steps;
}

/** The secret, in any of the ways in which programs write texts. */
function forms(text: string): readonly string[] {
  return [text, JSON.stringify(text).slice(1, -1), 'geheim-', Buffer.from(text).toString('base64')];
}

test('the plan says what a playbook would change, and nothing is changed by asking', async () => {
  const steps = await foretold('agent');
  expect(steps.map(({ id, effect }) => [id, effect])).toEqual([
    ['tools/playbook-agent/masternode', 'change'],
    ['tools/playbook-agent/storagenodet3500', 'change'],
  ]);
  expect(steps[0]?.changes.map(({ target }) => target)).toEqual(['Say who we are', 'Bring the password']);
  expect(steps[0]?.changes[0]?.diff).toContain('+keep=7 on masternode power=always-on');
  expect(steps[0]?.changes[1]?.diff).toContain('+[secret]');
  expect(await onNode(transport, 'masternode', 'ls /etc | grep -c "^agent" || true')).toBe('0\n');
});

test('a playbook that changes is changed, and a second time unchanged', async () => {
  const first = await up('agent', '--yes');
  expect(first.exitCode, first.text).toBe(0);
  expect(first.text).toContain('2 changed');
  expect(await onNode(transport, 'storagenodet3500', 'cat /etc/agent.conf /etc/agent.secret')).toBe(
    `keep=7 on storagenodet3500 power=auto-sleep\n${secret}\n`,
  );
  expect((await foretold('agent')).map(({ effect }) => effect)).toEqual(['none', 'none']);
  const again = await up('agent', '--yes');
  expect(again.exitCode, again.text).toBe(0);
  expect(again.text).toContain('Nothing to change');
});

test('run again without being asked first, it runs and is unchanged', async () => {
  const file = join(workspace.root, 'vmstation.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('agent: { after: tools, check: true,', 'agent: { after: tools,'));
  const again = await up('agent', '--yes');
  expect(again.exitCode, again.text).toBe(0);
  expect(again.text).toContain('2 unchanged');
  const one = await up('agent', '--yes', '--node', 'masternode');
  expect(one.exitCode, one.text).toBe(0);
  expect(one.text).toContain('1 unchanged');
  await writeFile(file, text);
});

test('a failing task is named with its node, and the other node keeps its own end', async () => {
  const { exitCode, text } = await up('broken', '--yes', '--json');
  expect(exitCode, text).toBe(1);
  expect(text).toMatch(/masternode failed at \\"Fails on one\\"/);
  const ends = text
    .split('\n')
    .filter((line) => line.startsWith('{"type":"step-ended"'))
    .map((line) => (JSON.parse(line) as { result: { stepId: string; outcome: string } }).result);
  expect(ends.map(({ stepId, outcome }) => [stepId, outcome])).toEqual([
    ['tools/playbook-broken/masternode', 'failed'],
    ['tools/playbook-broken/storagenodet3500', 'unchanged'],
  ]);
});

test('a playbook that matches no node has failed, whatever its exit code', async () => {
  const { exitCode, text } = await up('nobody', '--yes');
  expect(exitCode, text).toBe(1);
  expect(text.replaceAll(/\s+/g, ' ')).toContain('the playbook ran no task on masternode');
});

test('what check mode cannot tell stays unknown', async () => {
  expect(await foretold('unforeseen')).toEqual([
    expect.objectContaining({ effect: 'unknown', why: expect.stringContaining('A command cannot be asked') }),
  ]);
});

test('a node whose host key is another one is not talked to', async () => {
  const known = join(workspace.stateDir, 'known_hosts');
  const before = await readFile(known, 'utf8');
  const other = before
    .split('\n')
    .filter((line) => !line.startsWith('storagenodet3500 '))
    .join('\n');
  await writeFile(known, other);
  const { exitCode, text } = await up('broken', '--yes');
  await writeFile(known, before);
  expect(exitCode, text).not.toBe(0);
  expect(text).toContain('storagenodet3500');
  expect(text).toMatch(/ssh\/host-key-unknown|Host key verification failed/);
});

test('a machine that is not reached has failed, by name', async () => {
  // The product itself still reaches it over its open connection, and Ansible makes a new one.
  await onNode(
    transport,
    'storagenodet3500',
    'nft add table inet shut; nft add chain inet shut in "{ type filter hook input priority -10; }"; nft add rule inet shut in tcp dport 22 ct state new drop',
  ).catch(() => onNode(transport, 'storagenodet3500', 'systemctl stop ssh.socket ssh.service'));
  const { exitCode, text } = await up('broken', '--yes');
  expect(exitCode, text).toBe(1);
  expect(text.replaceAll(/\s+/g, ' ')).toMatch(/storagenodet3500.*(could not be reached|ssh\/(?:unreachable|timeout))/);
});

test('the secret is nowhere but in its file on the machines', async () => {
  const state = await filesBelow(join(workspace.root, '.vmstation'));
  for (const [name, text] of Object.entries(state))
    for (const form of forms(secret)) expect(text.includes(form), `${form} in ${name}`).toBe(false);
  expect(Object.keys(state).filter((name) => name.includes('secrets-'))).toEqual([]);
  const { stdout } = await promisify(execFile)('grep', ['-rlaF', 'geheim-', join(workspace.root, '.vmstation')]).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
  expect(
    await onNode(
      transport,
      'masternode',
      "journalctl --no-pager -q | grep -c 'gehei[m]-' || true; grep -rl 'gehei[m]-' /root/.ansible /tmp /var/log 2>/dev/null | grep -v journal || true",
    ),
  ).toBe('0\n');
});
