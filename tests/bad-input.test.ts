import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LabWorkspace, openLabWorkspace } from './lab-workspace.ts';

// Bad input gets a clear error, and no machine is half-changed by it: the lab counts every write.

let lab: LabWorkspace;
beforeAll(async () => {
  lab = await openLabWorkspace(async (root) => {
    const file = join(root, 'vmstation.yaml');
    await writeFile(file, `${await readFile(file, 'utf8')}\nssh: { user: ops }\n`);
  });
});
afterAll(() => lab?.remove());

const setup = ['up', '--yes', '--only', 'setup'];

/** Runs with one file of the workspace changed, and puts it back. */
async function withFile(path: string, change: (text: string) => string, body: () => Promise<void>): Promise<void> {
  const file = join(lab.root, path);
  const text = await readFile(file, 'utf8');
  const changed = change(text);
  expect(changed).not.toBe(text);
  await writeFile(file, changed);
  try {
    await body();
  } finally {
    await writeFile(file, text);
  }
}

/** Runs `vmstation`, which must fail with this code and these words, and no machine may have been written to. */
async function refused(
  args: readonly string[],
  wants: { readonly exitCode: number; readonly says: readonly string[]; readonly env?: Record<string, string> },
): Promise<void> {
  const before = await lab.writes();
  const { exitCode, text } = await lab.vmstation(args, wants.env);
  for (const words of wants.says) expect(text).toContain(words);
  expect(exitCode).toBe(wants.exitCode);
  expect(await lab.writes()).toEqual(before);
}

test('broken YAML is placed by file, line and column, and nothing is written', async () => {
  await withFile(
    'vmstation.yaml',
    () => 'cluster:\n  name: vmstation\nnodes: [\n  a: b: c\n',
    async () => {
      const before = await readdir(join(lab.root, '.vmstation'));
      const says = ['vmstation.yaml:4:6: error: This is no YAML', 'cluster-file/syntax'];
      await refused(['check'], { exitCode: 64, says });
      await refused(['up', '--yes'], { exitCode: 64, says: [...says, 'workspace/faulty', 'nothing was done'] });
      expect(await readdir(join(lab.root, '.vmstation'))).toEqual(before);
    },
  );
});

test.each([
  [['upp'], ['cli/unknown-command', 'Did you mean up?']],
  [
    ['up', '--only', 'setpu'],
    ['cli/bad-value', 'Did you mean setup?'],
  ],
  [
    ['up', '--onyl', 'setup'],
    ['cli/unknown-option', 'Did you mean --only?'],
  ],
])('%j is wrong use', async (args, says) => {
  await refused(args, { exitCode: 64, says });
});

test('a node that refuses connections is named', async () => {
  await lab.fault({ node: 'homelab' }, 'unreachable');
  const says = ['setup/prerequisites/homelab', 'homelab could not be reached over SSH', 'ssh/unreachable'];
  await refused([...setup, '--node', 'homelab'], { exitCode: 1, says });
  await lab.clearFaults();
});

test('a key that no node knows', async () => {
  await withFile(
    '.vmstation/ssh_config',
    (text) => text.replaceAll(/IdentityFile .*/g, `IdentityFile "${join(lab.root, '.vmstation/no-key')}"`),
    async () => {
      const says = ['setup/prerequisites/homelab', 'masternode did not let us in', 'ssh/permission-denied'];
      await refused(setup, { exitCode: 1, says });
    },
  );
});

test('a host key other than the trusted one', async () => {
  await withFile(
    '.vmstation/known_hosts',
    (text) => {
      const other = /^masternode (.*)$/m.exec(text)?.[1] ?? '';
      return text.replace(/^homelab .*$/m, `homelab ${other}`);
    },
    async () => {
      const says = ['homelab shows another host key', 'nothing was sent to it', 'ssh/host-key-changed'];
      await refused([...setup, '--node', 'homelab'], { exitCode: 1, says });
    },
  );
});

test('a user who may not become root', async () => {
  await lab.fault({ node: 'masternode' }, 'no-sudo');
  const says = ['setup/prerequisites/masternode', 'may not become root without a password', 'ssh/no-sudo'];
  await refused([...setup, '--node', 'masternode'], { exitCode: 1, says });
  await lab.clearFaults();
});

test('no ssh on this computer', async () => {
  const folder = join(lab.root, '.vmstation/only-node');
  await mkdir(folder);
  await symlink(process.execPath, join(folder, 'node'));
  const says = ['The OpenSSH client (ssh) could not be started on this computer', 'ssh/client-missing'];
  await refused(setup, { exitCode: 1, says, env: { PATH: folder } });
});
