import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleCluster } from '@vmstation/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDiskStore } from '../disk/disk-store.ts';
import { askLab, labAnswers } from './lab-client.ts';
import { type LabPaths, labPaths } from './lab-paths.ts';
import { type LabStart, startLab, stopLab } from './start-lab.ts';

// The kernel refuses every write beyond a size to the running lab (prlimit --fsize), as a full disk or a quota would, and takes it again later.
const canLimit = spawnSync('prlimit', ['--version']).status === 0;

let start: LabStart;
let paths: LabPaths;

beforeAll(async () => {
  const workspaceRoot = mkdtempSync(join(tmpdir(), 'lab-full-'));
  paths = labPaths(workspaceRoot);
  mkdirSync(paths.stateDir);
  writeFileSync(paths.knownHostsFile, '');
  const index = JSON.stringify(join(import.meta.dirname, '../index.ts'));
  const call = `const { runLab } = await import(${index}); await runLab(process.argv[1]);`;
  const daemon = [process.execPath, '--input-type=module', '-e', call, '--'];
  start = { workspaceRoot, cluster: exampleCluster(), daemon, installer: daemon };
  await startLab(start);
}, 120_000);
afterAll(async () => {
  await limit('unlimited').catch(() => undefined);
  await stopLab(paths);
  rmSync(start.workspaceRoot, { recursive: true, force: true });
}, 120_000);

/** Lets the running lab write files up to a size; only the soft limit, which everybody may raise again. */
async function limit(bytes: string): Promise<void> {
  const { pid } = await askLab(paths, 'status', {});
  const done = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr);
}

function ssh(command: string): { code: number | null; out: string } {
  const options = ['-F', paths.sshConfigFile, '-o', 'BatchMode=yes'];
  const done = spawnSync('ssh', [...options, 'masternode', command], { encoding: 'utf8', timeout: 60_000 });
  return { code: done.status, out: `${done.stdout}${done.stderr}`.trim() };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

const notKept = async () => (await askLab(paths, 'status', {})).notKept;

test.skipIf(!canLimit)(
  'a lab whose disk is full says so, loses nothing, is not stopped, and goes on once there is room',
  async () => {
    expect(ssh('echo before >/etc/before').code).toBe(0);
    expect(await notKept()).toBeUndefined();
    await limit('1');
    expect(ssh('echo meanwhile >/etc/meanwhile').code).toBe(0);
    await until(async () => (await notKept()) !== undefined);
    const told = await notKept();
    expect(told?.message).toMatch(
      /The lab could not write .*machines\.sqlite: its disk takes nothing more \(.* free\)\./,
    );
    expect(told?.tryThis).toContain('Make room there');
    await expect(askLab(paths, 'stop', {})).rejects.toMatchObject({ code: 'lab/no-room' });
    await expect(askLab(paths, 'node.snapshot', { node: 'masternode' })).rejects.toMatchObject({ code: 'lab/no-room' });
    expect(ssh('cat /etc/before /etc/meanwhile')).toEqual({ code: 0, out: 'before\nmeanwhile' });
    await limit('unlimited');
    await until(async () => (await notKept()) === undefined);
    expect(readFileSync(paths.logFile, 'utf8')).toContain('there is room again; everything is written');
    const { pid } = await askLab(paths, 'status', {});
    process.kill(pid, 'SIGKILL');
    await until(async () => !(await labAnswers(paths)));
    await startLab(start);
    expect(ssh('cat /etc/before /etc/meanwhile')).toEqual({ code: 0, out: 'before\nmeanwhile' });
  },
  120_000,
);

test.skipIf(!canLimit)(
  'killed while its disk is full, a lab continues from what was whole on disk',
  async () => {
    expect(ssh('echo kept >/etc/kept && sync').code).toBe(0);
    await limit('1');
    ssh('echo lost >/etc/lost');
    await until(async () => (await notKept()) !== undefined);
    const { pid } = await askLab(paths, 'status', {});
    process.kill(pid, 'SIGKILL');
    await until(async () => !(await labAnswers(paths)));
    const store = openDiskStore(join(paths.machinesDir, 'machines.sqlite'));
    expect(store.names()).toEqual(['homelab', 'masternode', 'storagenodet3500']);
    store.close();
    await startLab(start);
    expect(ssh('cat /etc/kept')).toEqual({ code: 0, out: 'kept' });
    expect(await notKept()).toBeUndefined();
  },
  120_000,
);
