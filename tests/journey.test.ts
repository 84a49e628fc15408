import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '@vmstation/core';
import { kubeConnector } from '@vmstation/kube';
import { askLab, labPaths } from '@vmstation/lab';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeChecks } from '../bench/node-checks.ts';

const root = join(import.meta.dirname, '..');
let workspace = '';
const clock = { now: () => new Date(), sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)) };

/** Runs the command line from its sources; returns what it printed and how it ended. */
function vmstation(...args: readonly string[]): Promise<{ readonly exitCode: number; readonly text: string }> {
  const argv = [join(root, 'apps/cli/src/main.ts'), '--workspace', workspace, ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, argv, { cwd: root, maxBuffer: 1 << 27 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      resolve({ exitCode: typeof code === 'number' ? code : 1, text: error === null ? stdout : stdout + stderr });
    });
  });
}

/** Step ids with their outcomes, sorted: what a run did, without times. */
function outcomesOf(text: string): string {
  const events = text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as RunEvent] : []));
  const ends = events.flatMap((event) =>
    event.type === 'step-ended' ? [`${event.result.outcome.padEnd(10)} ${event.result.stepId}`] : [],
  );
  return `${ends.toSorted().join('\n')}\n`;
}

/** resourceVersion of every object that the product applies. */
async function versions(): Promise<Readonly<Record<string, unknown>>> {
  const kube = await kubeConnector({ kubeconfigFile: join(workspace, '.vmstation/kubeconfig'), clock }).connect();
  const kinds = [
    ['v1', 'ConfigMap'],
    ['v1', 'Secret'],
    ['v1', 'Service'],
    ['v1', 'PersistentVolumeClaim'],
    ['apps/v1', 'DaemonSet'],
    ['apps/v1', 'Deployment'],
    ['apps/v1', 'StatefulSet'],
  ] as const;
  const lists = await Promise.all(kinds.map(([apiVersion, kind]) => kube.list({ apiVersion, kind })));
  kube.close();
  return Object.fromEntries(
    lists
      .flat()
      .map((one) => [`${one.kind} ${one.metadata.namespace}/${one.metadata.name}`, one.metadata['resourceVersion']]),
  );
}

beforeAll(async () => {
  workspace = join(await mkdtemp(join(tmpdir(), 'vmstation-journey-')), 'example');
  for (const args of [
    ['init', '--example'],
    ['lab', 'start'],
  ]) {
    const { exitCode, text } = await vmstation(...args);
    if (exitCode !== 0) throw new Error(`vmstation ${args.join(' ')} ended with ${exitCode}: ${text}`);
  }
}, 300_000);

afterAll(async () => {
  await vmstation('lab', 'stop');
  await rm(join(workspace, '..'), { recursive: true, force: true });
}, 300_000);

test('bare machines become a validated cluster, step by step as it was when somebody last read it', async () => {
  const { exitCode, text } = await vmstation('up', '--yes', '--json');
  await expect(outcomesOf(text)).toMatchFileSnapshot('golden/journey.txt');
  expect(exitCode).toBe(0);
}, 180_000);

test('the second run writes nothing on any machine and changes no object', async () => {
  const before = { counters: await askLab(labPaths(workspace), 'counters', {}), versions: await versions() };
  const { exitCode, text } = await vmstation('up', '--yes', '--json');
  const after = { counters: await askLab(labPaths(workspace), 'counters', {}), versions: await versions() };
  expect(exitCode).toBe(0);
  expect(after).toEqual(before);
  expect(Object.keys(before.versions).length).toBeGreaterThan(20);
  await expect(outcomesOf(text)).toMatchFileSnapshot('golden/journey-again.txt');
}, 120_000);

test('a check of a node starts at most ten processes there, by its own word and by the machine’s numbers', async () => {
  const costs = await nodeChecks(workspace);
  expect(costs.map(({ resources }) => resources > 80)).toEqual([true, true, true]);
  expect(costs.filter((cost) => cost.remoteProcesses !== cost.startedProcesses)).toEqual([]);
  expect(costs.filter((cost) => cost.startedProcesses > 10 || cost.roundTrips !== 1)).toEqual([]);
}, 120_000);

test('a rollback of the run puts back what it changed, and the next run brings it about again', async () => {
  const listed = JSON.parse((await vmstation('runs', 'list', '--json')).text) as
    | { runs?: { runId: string }[] }
    | { runId: string }[];
  const runs = Array.isArray(listed) ? listed : (listed.runs ?? []);
  expect(runs.length).toBeGreaterThanOrEqual(2);
  await vmstation('lab', 'ssh', 'homelab', '--', 'echo tampered >/etc/issue.net');
  const repair = await vmstation('config', 'apply', '--yes', '--json', '--node', 'homelab');
  const runId = /"runId":"([^"]+)"/.exec(repair.text)?.[1] ?? '';
  expect(outcomesOf(repair.text)).toContain('changed    config/ssh/homelab\n');
  expect((await vmstation('config', 'rollback', runId, '--yes')).exitCode).toBe(0);
  expect((await vmstation('lab', 'ssh', 'homelab', '--', 'cat /etc/issue.net')).text).toContain('tampered');
  expect((await vmstation('drift')).exitCode).toBe(2);
  expect((await vmstation('up', '--yes')).exitCode).toBe(0);
  expect((await vmstation('drift')).exitCode).toBe(0);
}, 120_000);
