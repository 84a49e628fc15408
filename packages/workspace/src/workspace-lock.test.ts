import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError, errorKindTable } from '@vmstation/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquireWorkspaceLock, workspaceLockHolder } from './workspace-lock.ts';

let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmstation-lock-'));
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

function clockAt(iso: string): { now: () => Date; sleep: () => Promise<void> } {
  return { now: () => new Date(iso), sleep: () => Promise.resolve() };
}

const clock = clockAt('2026-11-23T09:00:00.000Z');

/** A process that tries to take the lock, says what came of it and then lives until it is killed. */
async function competitor(): Promise<{ readonly child: ChildProcess; readonly said: string }> {
  const script = `
    import { acquireWorkspaceLock } from ${JSON.stringify(join(import.meta.dirname, 'workspace-lock.ts'))};
    const clock = { now: () => new Date('2026-11-23T08:57:00.000Z'), sleep: async () => {} };
    try {
      acquireWorkspaceLock(${JSON.stringify(folder)}, { command: 'vmstation up', clock });
      console.log('held');
    } catch (error) { console.log(error.code ?? error.message); }
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [data] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: data.toString().trim() };
}

function refusal(): AppError {
  try {
    acquireWorkspaceLock(folder, { command: 'vmstation up', clock });
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('the lock was given');
}

test('a second operator is refused, with holder and age, and exit code 75', async () => {
  const { child, said } = await competitor();
  expect(said).toBe('held');
  const error = refusal();
  expect(error.code).toBe('lock/held');
  expect(errorKindTable[error.kind].exitCode).toBe(75);
  expect(error.message).toContain('"vmstation up"');
  expect(error.message).toContain(`process ${child.pid}`);
  expect(error.message).toContain('3 min');
});

test('the lock of a killed process is taken over', async () => {
  const { child } = await competitor();
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(workspaceLockHolder(folder)).toBeUndefined();
  const lock = acquireWorkspaceLock(folder, { command: 'vmstation up', clock });
  lock.check();
  lock.release();
});

test('of several that start at once, one gets it', async () => {
  // A stale lock in the way makes them all try to take it over.
  const stale = {
    pid: 2 ** 22 + 1,
    host: hostname(),
    user: 'x',
    command: 'x',
    since: clock.now().toISOString(),
    token: 't',
  };
  await writeFile(join(folder, 'lock'), JSON.stringify(stale));
  const results = await Promise.all(Array.from({ length: 5 }, competitor));
  expect(results.map((result) => result.said).toSorted()).toEqual(['held', ...Array<string>(4).fill('lock/held')]);
});

test('a lock is released, and can then be taken again', () => {
  const first = acquireWorkspaceLock(folder, { command: 'one', clock });
  expect(refusal().code).toBe('lock/held');
  first.release();
  const second = acquireWorkspaceLock(folder, { command: 'two', clock });
  expect(workspaceLockHolder(folder)?.command).toBe('two');
  first.release();
  expect(workspaceLockHolder(folder)?.command).toBe('two');
  expect(() => first.check()).toThrow(expect.objectContaining({ code: 'lock/lost' }));
  second.release();
});

test('a holder on another computer counts as alive', async () => {
  const holder = {
    pid: 1,
    host: 'elsewhere',
    user: 'alex',
    command: 'vmstation up',
    since: '2026-11-23T06:00:00.000Z',
    token: 't',
  };
  await writeFile(join(folder, 'lock'), JSON.stringify(holder));
  expect(refusal()).toMatchObject({ code: 'lock/held', message: expect.stringContaining('3 h') as unknown });
});

test('a damaged lock file is refused, not ignored', async () => {
  await writeFile(join(folder, 'lock'), '{');
  expect(refusal().code).toBe('lock/unreadable');
});

test('the lock file can be read by people', async () => {
  const lock = acquireWorkspaceLock(folder, { command: 'vmstation up', clock });
  expect(JSON.parse(await readFile(join(folder, 'lock'), 'utf8'))).toEqual(lock.holder);
  lock.release();
});
