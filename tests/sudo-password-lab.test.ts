import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Secret } from '@vmstation/core';
import { openSshTransport } from '@vmstation/remote';
import { writeSecret } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { labPaths, labSudoPassword } from '../packages/lab/src/index.ts';
import { type LabWorkspace, openLabWorkspace } from './lab-workspace.ts';

// The example cluster with a login user whose sudo asks for a password, over the system's own ssh.

let lab: LabWorkspace;
const node = 'masternode';
const real = 'the real password of this workspace';

beforeAll(async () => {
  lab = await openLabWorkspace(async (root) => {
    const file = join(root, 'vmstation.yaml');
    const login = '\nssh: { user: ops, sudo-password: secret:sudo }\n';
    await writeFile(file, `${await readFile(file, 'utf8')}${login}`);
    await writeSecret(root, 'sudo', real);
  });
}, 240_000);
afterAll(() => lab?.remove());

/** A way to the lab's machines that gives sudo this password, or none. */
function way(password: string | undefined) {
  const { knownHostsFile, sshConfigFile, stateDir } = labPaths(lab.root);
  const transport = openSshTransport({
    nodes: {},
    knownHostsFile,
    configFile: sshConfigFile,
    controlDir: join(stateDir, 'ssh', password === undefined ? 'n' : password.length.toString()),
    ...(password === undefined ? {} : { sudoPassword: async () => ({ name: 'sudo', value: new Secret(password) }) }),
  });
  onTestFinished(() => transport.close());
  return transport;
}
const script = { argv: ['sh', '-s'], stdin: 'id -un; touch /srv/ran\n', elevate: true, timeoutMs: 60_000 };

test('machines are set up, configured with guarded changes, checked and mended', async () => {
  for (const args of [
    ['setup', '--yes'],
    ['config', 'apply', '--tags', 'ssh,networking', '--yes'],
  ]) {
    const ended = await lab.vmstation(args);
    expect(ended.exitCode, ended.text).toBe(0);
  }
  const again = await lab.vmstation(['config', 'apply', '--tags', 'ssh,networking', '--yes']);
  expect(again.text).not.toMatch(/[1-9]\d* changed/);
  const tampered = await lab.vmstation(['node', 'run', node, '--root', '--', 'sh', '-c', 'echo x >>/etc/issue.net']);
  expect(tampered.exitCode, tampered.text).toBe(0);
  expect((await lab.vmstation(['drift'])).text).toContain('/etc/issue.net');
}, 240_000);

test('a wrong password, and none, are refused with what to do; nothing is run', async () => {
  await expect(way('wrong').run(node, script)).rejects.toMatchObject({
    code: 'ssh/sudo-password',
    tryThis: 'vmstation secret set sudo',
  });
  await expect(way(undefined).run(node, script)).rejects.toMatchObject({ code: 'ssh/no-sudo' });
  const right = way(labSudoPassword);
  const there = await right.run(node, { ...script, stdin: 'id -un; ls /srv\n' });
  expect(Buffer.from(there.stdout).toString()).toMatch(/^root\n/);
  expect(Buffer.from(there.stdout).toString()).not.toContain('ran');
  expect(right.counters).toEqual({ roundTrips: 1, connections: 1 });
});

test('the real password never gets to a simulated machine, nor into a file of the workspace', () => {
  const holders = (folder: string): readonly string[] =>
    readdirSync(folder).flatMap((name) => {
      const path = join(folder, name);
      const found = lstatSync(path);
      if (found.isDirectory()) return holders(path);
      return found.isFile() && readFileSync(path, 'latin1').includes(real) ? [path] : [];
    });
  expect(holders(lab.root)).toEqual([]);
});

test('the password may be needed for the first contact only: the cluster file can make sudo stop asking', async () => {
  const file = join(lab.root, 'vmstation.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, `${text}users: { ops: { sudo: no-password } }\n`);
  const applied = await lab.vmstation(['config', 'apply', '--tags', 'ssh', '--yes']);
  expect(applied.exitCode, applied.text).toBe(0);
  const asRoot = ['node', 'run', node, '--root', '--', 'id', '-u'];
  expect(await lab.vmstation(asRoot)).toMatchObject({ exitCode: 0 });
  await writeFile(file, (await readFile(file, 'utf8')).replace(', sudo-password: secret:sudo', ''));
  const without = await lab.vmstation(asRoot);
  expect(without.exitCode, without.text).toBe(0);
  expect((await lab.vmstation(['drift', '--node', node])).text).not.toContain('sudoers');
}, 240_000);
