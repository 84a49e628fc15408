import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Transport } from '@vmstation/core';
import { openSshTransport } from '@vmstation/remote';
import type { LoadedWorkspace } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOperator } from './operator.ts';
import { ownMachines } from './own-machines.ts';
import { hostsOf, onNode, twoNodeWorkspace } from './two-node-workspace.ts';

// The command line on machines whose sudo asks for a password, another one on each: from the first contact to the last drift.

const machines = await ownMachines();
const [master = '', storage = ''] = machines.machines.map(({ name }) => name);
const passwords: Readonly<Record<string, string>> = {
  [master]: `PASSPHRASE-OF-SUDO one 'w"ord {{ x }} $HOME %p é`,
  [storage]: '{{ PASSPHRASE-OF-SUDO }} two \\n ',
};
let workspace: LoadedWorkspace;
let root: Transport;
const said: string[] = [];
const operator = await startOperator(machines);
const vmstation = async (...args: readonly string[]) => {
  const ended = await operator.vmstation(...args);
  said.push(ended.text);
  return ended;
};

const play = `---
- name: As root
  hosts: all
  tasks:
    - name: Who are we
      ansible.builtin.copy:
        dest: /etc/play.conf
        content: "made on {{ inventory_hostname }}\\n"
        owner: root
        mode: "0600"
    - name: One does it on another
      ansible.builtin.command: id -u
      delegate_to: ${master}
      register: there
      changed_when: false
      failed_when: there.stdout != '0'
    - name: Talk about everything
      ansible.builtin.debug:
        var: hostvars[inventory_hostname]
`;

/** Command lines and environments of every process of this computer, its machines' among them, that hold a password. */
function sampled(): () => readonly string[] {
  const seen = new Set<string>();
  const timer = setInterval(() => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid))
      for (const file of ['cmdline', 'environ']) {
        const text = read(`/proc/${pid}/${file}`);
        if (text.includes('PASSPHRASE-OF-SUDO') && !text.includes('grep')) seen.add(text);
      }
  }, 40);
  return () => (clearInterval(timer), [...seen]);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Files below a folder that hold a password, plain or in base64. */
function holders(folder: string): readonly string[] {
  const forms = [
    'PASSPHRASE-OF-SUDO',
    ...Object.values(passwords).map((value) => Buffer.from(value).toString('base64')),
  ];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .filter((path) => forms.some((form) => read(path).includes(form)));
}

let stop: () => readonly string[];

beforeAll(async () => {
  workspace = await twoNodeWorkspace(machines);
  operator.workspace = workspace.root;
  const { transport: first } = hostsOf(machines, workspace);
  const { user, sshConfigFile, knownHostsFile } = machines;
  for (const { name } of machines.machines) {
    await onNode(
      first,
      name,
      `export DEBIAN_FRONTEND=noninteractive; apt-get -y -q update >/dev/null; apt-get -y -q install --no-install-recommends python3 >/dev/null
      useradd -m -s /bin/bash inspector; cp -r /home/${user}/.ssh /home/inspector/; chown -R inspector: /home/inspector/.ssh
      echo 'inspector ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/inspector`,
    );
    const set = { argv: ['chpasswd'], stdin: `${user}:${passwords[name]}\n`, elevate: true, timeoutMs: 60_000 };
    if ((await first.run(name, set)).exitCode !== 0) throw new Error('no password was set');
    await onNode(first, name, `gpasswd -a ${user} sudo; rm -f /etc/sudoers.d/lab*`);
  }
  await first.close();
  const configFile = join(workspace.root, '..', `inspector-${process.pid}`);
  await writeFile(configFile, `Host *\n  User inspector\n${await readFile(sshConfigFile, 'utf8')}`);
  root = openSshTransport({ nodes: {}, knownHostsFile, controlDir: `${configFile}.c`, configFile });
  const file = join(workspace.root, 'vmstation.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(
    file,
    `${text
      // Containers carry neither an NFS server nor its mounts.
      .replace(/^storage:\n.*\n/m, '')
      .replace(/^ssh: .*$/m, `ssh: { user: ${user}, sudo-password: secret:sudo }`)
      .replace('    mac:', '    ssh: { sudo-password: secret:storage-sudo }\n    mac:')}
playbooks:
  play: { after: tools }
`,
  );
  await mkdir(join(workspace.root, 'playbooks'));
  await writeFile(join(workspace.root, 'playbooks', 'play.yml'), play);
  stop = sampled();
});
afterAll(async () => {
  await root?.close();
  await rm(workspace.root, { recursive: true, force: true });
  await rm(join(workspace.root, '..', `inspector-${process.pid}`), { force: true });
});

test('the file that names a password without a secret is refused, with the command that makes it', async () => {
  const { exitCode, text } = await vmstation('check');
  expect(exitCode, text).toBe(64);
  expect(text).toContain('vmstation secret set storage-sudo (secret/missing)');
  for (const [name, value] of [
    ['sudo', passwords[master]],
    ['storage-sudo', 'PASSPHRASE-OF-SUDO wrong'],
  ]) {
    const set = await operator.feed(`${value}\n`, 'secret', 'set', name ?? '');
    said.push(set.text);
    expect(set, set.text).toMatchObject({ exitCode: 0 });
  }
  expect((await vmstation('check')).exitCode).toBe(0);
});

test('a wrong password fails its machine alone, and says which secret it was', async () => {
  for (const args of [['node', 'trust', '--yes']]) expect((await vmstation(...args)).exitCode).toBe(0);
  const { exitCode, text } = await vmstation('setup', '--yes');
  expect(exitCode, text).toBe(1);
  expect(text).toContain('ssh/sudo-password');
  expect(text).toContain('vmstation secret set storage-sudo');
  const set = await operator.feed(passwords[storage] ?? '', 'secret', 'set', 'storage-sudo');
  expect(set, set.text).toMatchObject({ exitCode: 0 });
});

test('setup and the whole configuration, guarded changes with their proof over a new connection included', async () => {
  const setup = await vmstation('setup', '--yes');
  expect(setup.exitCode, setup.text).toBe(0);
  const config = await vmstation('config', 'apply', '--yes');
  expect(config.exitCode, config.text).toBe(0);
  for (const node of [master, storage]) {
    expect(await onNode(root, node, 'sshd -T')).toContain('\nmaxauthtries 4\n');
    expect(await onNode(root, node, 'ls /var/lib/vmstation/try')).toBe('');
  }
  const again = await vmstation('config', 'apply', '--yes');
  expect(again.exitCode, again.text).toBe(0);
  expect(again.text).not.toMatch(/[1-9]\d* changed/);
});

test('drift is seen and put back, and a run is taken back', async () => {
  const edited = '/etc/rsyslog.d/10-vmstation-sender.conf';
  await onNode(root, storage, `echo '# by hand' >>${edited}`);
  const drift = await vmstation('drift', '--diff', '--json');
  expect(drift.text).toContain(edited);
  const repaired = await vmstation('config', 'apply', '--yes', '--json');
  expect(repaired.exitCode, repaired.text).toBe(0);
  const run = /"run(?:Id)?":\s*"(\d{8}-\d{6}-\w+)"/.exec(repaired.text)?.[1] ?? '';
  const back = await vmstation('config', 'rollback', run, '--yes');
  expect(back.exitCode, back.text).toBe(0);
  expect(await onNode(root, storage, `tail -n 1 ${edited}`)).toBe('# by hand\n');
});

test('a playbook becomes root with them, and prints none', async () => {
  const up = await vmstation('up', '--only', 'tools', '--tags', 'play', '--yes');
  expect(up.exitCode, up.text).toBe(0);
  for (const node of [master, storage])
    expect(await onNode(root, node, "cat /etc/play.conf; stat -c '%U %a' /etc/play.conf")).toBe(
      `made on ${node}\nroot 600\n`,
    );
});

test('the passwords are nowhere: no process, no answer, no file of the workspace, nothing on the machines', async () => {
  expect(stop()).toEqual([]);
  const answers = said.join('\n');
  expect(answers).not.toContain('PASSPHRASE-OF-SUDO');
  for (const value of Object.values(passwords)) expect(answers).not.toContain(Buffer.from(value).toString('base64'));
  expect(holders(workspace.root)).toEqual([]);
  for (const node of [master, storage]) {
    const found = await onNode(
      root,
      node,
      `find / -xdev -type f ! -path '/proc/*' ! -path '/sys/*' -size -16M -print0 | xargs -0 grep -laF 'PASSPHRASE-OF''-SUDO' 2>/dev/null || :
      find /run /tmp /dev/shm -type f -print0 | xargs -0 -r grep -laF 'PASSPHRASE-OF''-SUDO' 2>/dev/null || :
      journalctl --no-pager -q -o export | grep -caF 'PASSPHRASE-OF''-SUDO' || :`,
    );
    expect(found).toBe('0\n');
  }
});
