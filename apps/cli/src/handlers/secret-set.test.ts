import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ageSecrets, initWorkspace } from '@vmstation/workspace';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runLine } from '../testing/run-line.ts';

let root: string;
beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), 'vmstation-secret-')), 'w');
  await initWorkspace(root, { example: true });
});
afterEach(() => rm(join(root, '..'), { recursive: true, force: true }));

const set = (name: string, how: Omit<NonNullable<Parameters<typeof runLine>[1]>, 'folder'>) =>
  runLine(['secret', 'set', name], { folder: root, ...how });
const stored = async (name: string): Promise<string> =>
  (await ageSecrets({ root, stateDir: join(root, '.vmstation') }).get(name)).reveal();

test('a value from standard input is encrypted, without the line break at its end, and shown nowhere', async () => {
  const value = ' ge"heim é ';
  const { exitCode, out, err } = await set('sudo', { input: `${value}\n` });
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  expect(out).toContain('secrets/sudo.age is written; vmstation.yaml refers to it as secret:sudo');
  expect(out).not.toContain('heim');
  expect(await stored('sudo')).toBe(value);
  expect(await readFile(join(root, 'secrets', 'sudo.age'), 'latin1')).not.toContain('heim');
});

test('at a terminal it is typed twice, and replaces what was there', async () => {
  expect(await set('sudo', { typed: ['one', 'one'] })).toMatchObject({ exitCode: 0 });
  expect(await set('sudo', { typed: ['two', 'tow'] })).toMatchObject({
    err: expect.stringContaining('secret/not-equal'),
  });
  expect(await stored('sudo')).toBe('one');
  expect(await set('sudo', { typed: ['two', 'two'] })).toMatchObject({ exitCode: 0 });
  expect(await stored('sudo')).toBe('two');
});

test('no value, and a name that no secret can have, are refused', async () => {
  expect(await set('sudo', { input: '\n' })).toMatchObject({ err: expect.stringContaining('secret/empty') });
  expect(await set('sudo', { typed: [''] })).toMatchObject({ err: expect.stringContaining('secret/empty') });
  for (const name of ['secret:sudo', '../x', 'Sudo'])
    expect(await set(name, { input: 'x' })).toMatchObject({ err: expect.stringContaining('secret/invalid-name') });
});
