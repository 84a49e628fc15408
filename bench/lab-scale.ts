import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { declareConfig } from '@vmstation/cluster-config';
import { declareSetup } from '@vmstation/cluster-setup';
import { memoizedReadings, mergeDeclarations, readNodes } from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { InProcessLab, labPaths } from '@vmstation/lab';
import { initWorkspace, type LoadedWorkspace, openWorkspace } from '@vmstation/workspace';
import { runCli } from '../apps/cli/src/command/run-cli.ts';
import { commandTree } from '../apps/cli/src/commands/tree.ts';
import { rehearsalStage } from '../apps/cli/src/compose/rehearsal-stage.ts';
import { wideClusterFile } from './wide-cluster.ts';

// How far the embedded lab and the product's checks carry on this machine: printed, never asserted. `node bench/lab-scale.ts` alone, or as a part of
// `npm run bench`.

const root = join(import.meta.dirname, '..');
const program = join(root, 'apps', 'cli', 'src', 'main.ts');

/** What one measurement gave. */
interface Figures {
  readonly seconds: number;
  /** The most that the process had; undefined where it was not looked at. */
  readonly mebibytes: number | undefined;
  /** Processor time, where it was looked at: it says more than the clock on a computer with other work. */
  readonly processorSeconds?: number;
}

/** Prints how long many machines take to start, and to be checked over OpenSSH and within one process. */
export async function benchLabScale(row: (name: string, value: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vmstation-scale-'));
  try {
    const many = await workspaceOf(join(folder, 'many'), 500);
    const started = startLab(many);
    stopLab(many);
    row('500 embedded nodes with SSH servers start', shown(started, 500));
    const some = await workspaceOf(join(folder, 'some'), 50);
    const small = startLab(some);
    row('50 embedded nodes with SSH servers start', shown(small, 50));
    const ssh = driftOverSsh(some);
    row('drift of 50 nodes over OpenSSH', shown(ssh, 50));
    const again = driftOverSsh(some);
    row('  once more, connections kept', shown(again, 50));
    stopLab(some);
    const inProcess = inChild(500, 'check');
    row('500 machines in one process start', shown(inProcess.start, 500));
    row(
      `check of 500 nodes within the process (heap of 260 MiB), ${inProcess.resources} resources`,
      shown(inProcess.check, 500),
    );
    const fifty = inChild(50, 'drift');
    row(
      'drift of 50 nodes within the process',
      `${shown(fifty.check, 50)}, OpenSSH takes ${(ssh.seconds / fifty.check.seconds).toFixed(1)} x`,
    );
    const all = inChild(500, 'drift');
    row('drift of 500 nodes within the process', `${shown(all.check, 500)}; each names all others in its hosts file`);
  } finally {
    for (const name of ['many', 'some'])
      spawnSync(process.execPath, [program, '--workspace', join(folder, name), 'lab', 'stop']);
    rmSync(folder, { recursive: true, force: true });
  }
}

function shown({ seconds, mebibytes, processorSeconds }: Figures, nodes: number): string {
  const parts = [`${seconds.toFixed(1)} s`, `${((seconds * 1000) / nodes).toFixed(0)} ms a node`];
  if (processorSeconds !== undefined) parts.push(`${processorSeconds.toFixed(1)} s of processor`);
  if (mebibytes !== undefined) parts.push(`${mebibytes.toFixed(0)} MiB`);
  return parts.join(', ');
}

async function workspaceOf(folder: string, nodes: number): Promise<string> {
  await initWorkspace(folder, { example: false });
  writeFileSync(join(folder, 'vmstation.yaml'), wideClusterFile(nodes));
  return folder;
}

function vmstation(
  workspace: string,
  args: readonly string[],
  fine: readonly number[],
): { seconds: number; text: string } {
  const start = performance.now();
  const ended = spawnSync(process.execPath, [program, '--workspace', workspace, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (ended.status === null || !fine.includes(ended.status))
    throw new Error(
      `vmstation ${args.join(' ')} ended with ${ended.status}: ${ended.stdout.slice(-2000)}${ended.stderr}`,
    );
  return { seconds: (performance.now() - start) / 1000, text: ended.stdout };
}

function startLab(workspace: string): Figures {
  const { seconds } = vmstation(workspace, ['lab', 'start'], [0]);
  const pid = (JSON.parse(readFileSync(labPaths(workspace).pidFile, 'utf8')) as { pid: number }).pid;
  return { seconds, mebibytes: residentMebibytes(pid) };
}

function stopLab(workspace: string): void {
  vmstation(workspace, ['lab', 'stop'], [0]);
}

/** The most memory that a process has had (proc(5): VmHWM). */
function residentMebibytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024;
}

function driftOverSsh(workspace: string): Figures {
  const { seconds, text } = vmstation(workspace, ['drift', '--json'], [2, 3]);
  const { nodes } = JSON.parse(text) as { nodes: readonly { state: string }[] };
  const unread = nodes.filter(({ state }) => state !== 'drifted' && state !== 'clean').length;
  if (unread > 0) throw new Error(`${unread} of ${nodes.length} nodes could not be read`);
  return { seconds, mebibytes: undefined };
}

interface InProcessFigures {
  readonly start: Figures;
  readonly check: Figures;
  readonly resources: number;
}

/** `check` reads what a machine is to be by itself; `drift` is the whole command, with a hosts entry for each machine on each machine. */
type Measured = 'check' | 'drift';

/** Node lets garbage grow with the memory that a computer has; what is measured is how much the work needs. */
const heapLimits = ['--max-old-space-size=260', '--max-semi-space-size=8'];

/** In a process of its own, so that its memory is its own. */
function inChild(nodes: number, what: Measured): InProcessFigures {
  const line = [...heapLimits, import.meta.filename, String(nodes), what];
  const ended = spawnSync(process.execPath, line, { encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(`${ended.stdout}${ended.stderr}`);
  return JSON.parse(ended.stdout) as InProcessFigures;
}

async function measureInProcess(nodes: number, what: Measured): Promise<InProcessFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'vmstation-scale-'));
  try {
    const workspace = await workspaceOf(join(folder, 'w'), nodes);
    const loaded = await openWorkspace(workspace);
    const { cluster } = loaded;
    const failed = (why: string): never => {
      throw new Error(why);
    };
    const begun = now();
    const lab = await InProcessLab.start({ model: cluster, seed: 'bench', startMs: 0, onError: failed });
    const start = figuresSince(begun);
    const again = now();
    const resources = what === 'check' ? await checkInProcess(lab, loaded) : await driftInProcess(lab, workspace);
    const check = figuresSince(again);
    await lab.close();
    return { start, check, resources };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A moment, by the clock and by this process's own processor time. */
function now(): { readonly clockMs: number; readonly processorMs: number } {
  const { user, system } = process.cpuUsage();
  return { clockMs: performance.now(), processorMs: (user + system) / 1000 };
}

function figuresSince(start: ReturnType<typeof now>): Figures {
  const end = now();
  return {
    seconds: (end.clockMs - start.clockMs) / 1000,
    processorSeconds: (end.processorMs - start.processorMs) / 1000,
    mebibytes: residentMebibytes(process.pid),
  };
}

/** Reads all nodes as every command of the product does, at most 16 at once. Returns how many resources each was asked for at most. */
async function checkInProcess(lab: InProcessLab, workspace: LoadedWorkspace): Promise<number> {
  const declared = [
    ...(await declareSetup(workspace, { operatorPublicKey: lab.workspaceKey('bench') })),
    ...(await declareConfig(workspace)),
  ];
  const own = declared.filter(({ resource }) => resource.kind !== 'hosts-entry');
  const nodes = workspace.cluster.nodes.map((node) => node.name);
  const desired = mergeDeclarations(nodes, own);
  const transport = lab.transport();
  const host = createHost({ transport, clock: lab.clock.product });
  const { signal } = new AbortController();
  const readings = memoizedReadings({ host, power: lab.power, desired, withDiff: false, signal });
  const read = await lab.clock.until(readNodes(nodes, readings));
  const unread = [...read.values()].filter(({ state }) => state !== 'read').length;
  if (unread > 0) throw new Error(`${unread} of ${nodes.length} nodes could not be read`);
  if (transport.counters.connections !== nodes.length) throw new Error(`${transport.counters.connections} connections`);
  return Math.max(...[...desired.nodes.values()].map((list) => list.length));
}

async function driftInProcess(lab: InProcessLab, workspace: string): Promise<number> {
  let text = '';
  const print = (piece: string): void => {
    text += piece;
  };
  const io = {
    out: print,
    err: print,
    ask: undefined,
    outIsTerminal: false,
    errIsTerminal: false,
    columns: () => 100,
    env: {},
    workingDirectory: workspace,
    signal: new AbortController().signal,
    stage: rehearsalStage(lab),
  };
  const exitCode = await lab.clock.until(runCli(commandTree, 'bench', ['drift'], io));
  if (exitCode !== 2 && exitCode !== 3) throw new Error(`drift ended with ${exitCode}: ${text.slice(-2000)}`);
  return Number(/(\d+) resources? compared/.exec(text)?.[1] ?? 0);
}

if (process.argv[1] === import.meta.filename) {
  const [nodes, what] = process.argv.slice(2);
  if (nodes === undefined) await benchLabScale((name, value) => console.log(`${name.padEnd(52)} ${value}`));
  else
    process.stdout.write(JSON.stringify(await measureInProcess(Number(nodes), what === 'drift' ? 'drift' : 'check')));
}
