import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleCluster, exampleClusterData, exampleClusterFile } from '@vmstation/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { refreshEditorSchema } from './editor-schema.ts';
import { initWorkspace } from './init-workspace.ts';
import { loadWorkspace, openWorkspace } from './load-workspace.ts';
import { ageSecrets, writeSecret } from './secrets.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vmstation-init-'));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

test('the example text and the example data are one', () => {
  expect(parse(exampleClusterFile())).toEqual(exampleClusterData);
});

test('the example workspace has no fault and is the example cluster', async () => {
  await initWorkspace(root, { example: true });
  const { workspace, faults } = await loadWorkspace(root);
  expect(faults).toBeUndefined();
  expect(workspace?.warnings).toEqual([]);
  expect(workspace?.cluster).toEqual(exampleCluster());
});

test('every secret is random, readable with the own key and stored encrypted', async () => {
  await initWorkspace(join(root, 'a'), { example: true });
  await initWorkspace(join(root, 'b'), { example: true });
  const values = await Promise.all(
    ['a', 'b'].flatMap((folder) =>
      ['grafana-admin-password', 'homelab-bmc', 'minecraft-rcon', 'ntfy-topic'].map(async (name) => {
        const opened = await openWorkspace(join(root, folder));
        const secret = await ageSecrets(opened).get(name);
        expect(await readFile(join(root, folder, 'secrets', `${name}.age`), 'latin1')).not.toContain(secret.reveal());
        return secret.reveal();
      }),
    ),
  );
  expect(new Set(values).size).toBe(8);
  expect(values.every((value) => /^[a-z0-9]{20}$/.test(value))).toBe(true);
});

test('the recovery key opens the secrets and is stored nowhere', async () => {
  const { files, recoveryKey } = await initWorkspace(root, { example: true });
  for (const file of files) expect(await readFile(join(root, file), 'latin1')).not.toContain(recoveryKey);
  const own = await ageSecrets(await openWorkspace(root)).get('ntfy-topic');
  await writeFile(join(root, '.vmstation/age-identity.txt'), recoveryKey);
  const recovered = await ageSecrets(await openWorkspace(root)).get('ntfy-topic');
  expect(recovered.reveal()).toBe(own.reveal());
});

test('keys are for the operator alone', async () => {
  await initWorkspace(root, { example: true });
  expect((await stat(join(root, '.vmstation'))).mode & 0o777).toBe(0o700);
  expect((await stat(join(root, '.vmstation/age-identity.txt'))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(root, '.gitignore'), 'utf8')).toContain('.vmstation/');
});

test('a blank workspace lists what is to be filled in', async () => {
  await initWorkspace(join(root, 'My Cluster'), { example: false });
  const { faults } = await loadWorkspace(join(root, 'My Cluster'));
  expect(faults?.map((fault) => `${fault.line} ${fault.message}`)).toEqual([
    '10 network.nodes: the key has no value.',
    '11 network.gateway: the key has no value.',
    '19 nodes.masternode.address: the key has no value.',
  ]);
});

test('a blank workspace is whole once it is filled in', async () => {
  await initWorkspace(root, { example: false });
  const text = await readFile(join(root, 'vmstation.yaml'), 'utf8');
  const filled = text
    .replace('  nodes:   ', '  nodes: 10.0.0.0/24   ')
    .replace('  gateway:', '  gateway: 10.0.0.1')
    .replace('    address:', '    address: 10.0.0.2');
  await writeFile(join(root, 'vmstation.yaml'), filled);
  expect((await loadWorkspace(root)).faults).toBeUndefined();
});

test('a workspace is never written over', async () => {
  await initWorkspace(root, { example: true });
  const before = await readFile(join(root, 'versions.lock'), 'utf8');
  await expect(initWorkspace(root, { example: false })).rejects.toMatchObject({
    code: 'workspace/exists',
    kind: 'user',
  });
  expect(await readFile(join(root, 'versions.lock'), 'utf8')).toBe(before);
});

test('a file in the way leaves the folder as it was', async () => {
  await writeFile(join(root, 'versions.lock'), 'mine');
  await expect(initWorkspace(root, { example: true })).rejects.toMatchObject({ code: 'workspace/exists' });
  expect(await readdir(root)).toEqual(['versions.lock']);
});

test('a folder that cannot be written leaves nothing behind', async () => {
  await writeFile(join(root, 'hosts'), 'a file where a folder should be');
  await expect(initWorkspace(root, { example: true })).rejects.toMatchObject({ code: 'workspace/not-written' });
  expect(await readdir(root)).toEqual(['hosts']);
});

test('an existing repository keeps its .gitignore, with one line more', async () => {
  await writeFile(join(root, '.gitignore'), 'node_modules/');
  await initWorkspace(root, { example: true });
  expect(await readFile(join(root, '.gitignore'), 'utf8')).toBe('node_modules/\n.vmstation/\n');
});

test('a secret that is missing, damaged or for somebody else is told apart', async () => {
  await initWorkspace(root, { example: true });
  const secrets = ageSecrets(await openWorkspace(root));
  await expect(secrets.get('nothing')).rejects.toMatchObject({ code: 'secret/missing', kind: 'user' });
  expect(await secrets.has('nothing')).toBe(false);
  await writeFile(join(root, 'secrets/ntfy-topic.age'), 'garbage');
  await expect(secrets.get('ntfy-topic')).rejects.toMatchObject({ code: 'secret/cannot-decrypt' });
  await writeSecret(root, 'ntfy-topic', 'mended\n');
  expect((await secrets.get('ntfy-topic')).reveal()).toBe('mended');
  await rm(join(root, '.vmstation/age-identity.txt'));
  await expect(ageSecrets(await openWorkspace(root)).get('ntfy-topic')).rejects.toMatchObject({
    code: 'secret/no-identity',
  });
});

test('a secret does not print itself', async () => {
  await initWorkspace(root, { example: true });
  const secret = await ageSecrets(await openWorkspace(root)).get('ntfy-topic');
  expect(`${String(secret)} ${JSON.stringify({ secret })}`).toBe('[secret] {"secret":"[secret]"}');
});

const hasAge = (() => {
  try {
    execFileSync('age', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!hasAge)('age itself reads our secrets and we read its own, armoured or not', async () => {
  await initWorkspace(root, { example: true });
  const secrets = ageSecrets(await openWorkspace(root));
  const ours = execFileSync('age', ['-d', '-i', '.vmstation/age-identity.txt', 'secrets/ntfy-topic.age'], {
    cwd: root,
  });
  expect(ours.toString()).toBe((await secrets.get('ntfy-topic')).reveal());
  for (const [name, flags] of [
    ['plain', []],
    ['armoured', ['-a']],
  ] as const) {
    const argv = ['-R', 'secrets/recipients.txt', ...flags, '-o', `secrets/${name}.age`];
    execFileSync('age', argv, { cwd: root, input: `value of ${name}\n` });
    expect((await secrets.get(name)).reveal()).toBe(`value of ${name}`);
  }
});

test('a clone, which git gives no state, gets the schema for editors back; one that is right is left alone', async () => {
  await initWorkspace(root, { example: true });
  const file = join(root, '.vmstation/vmstation.schema.json');
  const schema = await readFile(file, 'utf8');
  await rm(join(root, '.vmstation'), { recursive: true });
  expect(await refreshEditorSchema(root)).toBe(true);
  expect(await readFile(file, 'utf8')).toBe(schema);
  expect(await refreshEditorSchema(root)).toBe(false);
});
