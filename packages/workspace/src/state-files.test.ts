import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findWorkspace } from './find-workspace.ts';
import { initWorkspace } from './init-workspace.ts';
import { openWorkspace } from './load-workspace.ts';
import { workspaceFiles } from './state-files.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vmstation-state-'));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

test('a write says whether it changed anything, and is for the operator alone', async () => {
  const files = workspaceFiles(join(root, '.vmstation'));
  expect(await files.read('rendered/a.yaml')).toBeUndefined();
  expect(await files.write('rendered/a.yaml', 'one')).toBe(true);
  expect(await files.write('rendered/a.yaml', 'one')).toBe(false);
  expect(await files.write('rendered/a.yaml', 'two')).toBe(true);
  expect(await files.read('rendered/a.yaml')).toBe('two');
  expect((await stat(files.resolve('rendered'))).mode & 0o777).toBe(0o700);
  expect((await stat(files.resolve('rendered/a.yaml'))).mode & 0o777).toBe(0o600);
  expect(await files.write('rendered/a.yaml', 'two', { mode: 0o700 })).toBe(true);
  expect((await stat(files.resolve('rendered/a.yaml'))).mode & 0o777).toBe(0o700);
});

test('folders are listed without leftovers, and things can be removed', async () => {
  const files = workspaceFiles(join(root, '.vmstation'));
  await files.write('b', '1');
  await files.write('a', '1');
  await files.write('folder/c', '1');
  expect(await files.list('.')).toEqual(['a', 'b']);
  expect(await files.list('nothing')).toEqual([]);
  await files.remove('a');
  await files.remove('nothing');
  expect(await files.list('')).toEqual(['b']);
  expect(await readdir(files.stateDir)).toEqual(['b', 'folder']);
});

test.each(['../outside', '/etc/passwd', 'a/../../b'])('%s is not written', async (path) => {
  const files = workspaceFiles(join(root, '.vmstation'));
  await expect(async () => files.write(path, '')).rejects.toThrow(RangeError);
});

test('a workspace is found from below, and its absence is told', async () => {
  await expect(findWorkspace(root)).rejects.toMatchObject({ code: 'workspace/not-found', kind: 'user' });
  await initWorkspace(root, { example: false });
  expect(await findWorkspace(join(root, 'apps'))).toBe(root);
  await expect(openWorkspace(root)).rejects.toMatchObject({
    code: 'workspace/faulty',
    kind: 'user',
    message: expect.stringContaining('vmstation.yaml:10:3: error: network.nodes') as unknown,
  });
});
