import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { vmstationIn } from './lab-workspace.ts';

// A model names addresses of machines. Until somebody has trusted a machine, or while its lab is stopped, nothing may go there.

let root: string;
let witness: string;
let vmstation: ReturnType<typeof vmstationIn>;

/** Notes every program and connection that would leave this process, and lets none through. */
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vmstation-strangers-'));
  witness = join(root, 'witness');
  await writeFile(witness, '');
  const programs = join(root, 'programs');
  await mkdir(programs);
  for (const program of ['ssh', 'ssh-keyscan', 'ansible-playbook']) {
    await writeFile(join(programs, program), `#!/bin/sh\necho "${program} $*" >>'${witness}'\nexit 255\n`);
    await chmod(join(programs, program), 0o755);
  }
  const hook = join(root, 'hook.mjs');
  await writeFile(
    hook,
    `import { appendFileSync } from 'node:fs';
    import { Socket } from 'node:net';
    Socket.prototype.connect = function (...args) {
      appendFileSync(${JSON.stringify(witness)}, 'connect ' + JSON.stringify(args[0]?.[0] ?? args[0]) + '\\n');
      process.nextTick(() => this.destroy(new Error('no way out')));
      return this;
    };`,
  );
  vmstation = vmstationIn(join(root, 'example'), {
    PATH: `${programs}:${process.env['PATH']}`,
    NODE_OPTIONS: `--import=${hook}`,
  });
  await vmstation(['init', '--example']);
});
afterAll(() => rm(root, { recursive: true, force: true }));

test.each([
  ['up --yes'],
  ['up --dry-run'],
  ['setup --yes'],
  ['verify prerequisites'],
  ['verify monitoring'],
  ['verify all'],
  ['drift'],
  ['node run masternode -- true'],
])('%s contacts no machine that was never trusted, says so, and is not green', async (line) => {
  const { exitCode, text } = await vmstation(line.split(' '));
  expect(await readFile(witness, 'utf8')).toBe('');
  expect(exitCode).not.toBe(0);
  expect(text).toContain('vmstation node trust');
});

test('where a lab is stopped, node trust says whom it would contact and waits for a yes', async () => {
  await mkdir(join(root, 'example', '.vmstation', 'lab'), { recursive: true });
  const { exitCode, text } = await vmstation(['node', 'trust']);
  expect(text).toContain('would contact the real machines (masternode (192.168.4.63)');
  expect(exitCode).toBe(73);
  expect(await readFile(witness, 'utf8')).toBe('');
});

test('the witness sees what is contacted once somebody says yes', async () => {
  await vmstation(['node', 'trust', '--yes', 'masternode']);
  expect(await readFile(witness, 'utf8')).toMatch(/^ssh-keyscan .*192\.168\.4\.63\n$/);
});
