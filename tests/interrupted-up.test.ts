import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { workspaceLockHolder } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type LabWorkspace, openLabWorkspace, program } from './lab-workspace.ts';

// Ctrl-C finishes the step in hand and tells what it did; what is done is done, and can be put back.

let lab: LabWorkspace;
beforeAll(async () => {
  lab = await openLabWorkspace();
});
afterAll(() => lab?.remove());

interface Started {
  readonly child: ChildProcess;
  readonly printed: () => string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

/** Starts a command in a process group of its own, as a terminal's foreground is one. */
function start(args: readonly string[]): Started {
  const child = spawn(process.execPath, [program, '--workspace', lab.root, ...args], {
    env: { ...process.env, CI: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (part) => (text += part));
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => resolve(code));
  });
  return { child, printed: () => text.replaceAll(/\s+/g, ' '), ended };
}

test('Ctrl-C goes to everything in the foreground, and the steps in hand end as if nothing had happened', async () => {
  await lab.fault({ node: 'masternode' }, 'slow-commands', 'ms=50');
  const before = await lab.writes();
  const { child, printed, ended } = start(['setup', '--yes']);
  await expect.poll(() => lab.writes(), { timeout: 60_000, interval: 20 }).not.toEqual(before);
  process.kill(-(child.pid ?? 0), 'SIGINT');
  expect(await ended).toBe(130);
  await lab.clearFaults();
  const text = printed();
  expect(text).toContain('Interrupted');
  expect(text).toMatch(/\d+ changed/);
  // A machine that was only being looked at was not changed, and says so.
  expect(text).not.toContain('failed');
  const [interrupted] = JSON.parse((await lab.vmstation(['runs', 'list', '--json'])).text) as { runId: string }[];
  const next = await lab.vmstation(['setup', '--yes']);
  expect(next.exitCode, next.text).toBe(0);
  const back = await lab.vmstation(['config', 'rollback', interrupted?.runId ?? '', '--yes']);
  expect(back.exitCode, back.text).toBe(0);
  expect(back.text).toContain('restored');
});

test('the lab is neither stopped nor reset under a run', async () => {
  await lab.fault({ node: 'masternode' }, 'slow-commands', 'ms=50');
  const { printed, ended } = start(['setup', '--yes']);
  await expect.poll(() => workspaceLockHolder(join(lab.root, '.vmstation')), { timeout: 60_000 }).toBeDefined();
  for (const line of [
    ['lab', 'stop'],
    ['lab', 'reset', '--yes'],
  ]) {
    const refused = await lab.vmstation(line);
    expect(refused.text).toContain('lock/held');
    expect(refused.exitCode).toBe(75);
  }
  await lab.clearFaults();
  expect(await ended, printed()).toBe(0);
});
