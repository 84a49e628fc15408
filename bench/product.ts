import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { declareConfig } from '@vmstation/cluster-config';
import { declareSetup } from '@vmstation/cluster-setup';
import { mergeDeclarations } from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { labPaths } from '@vmstation/lab';
import { openSshTransport } from '@vmstation/remote';
import { openWorkspace } from '@vmstation/workspace';
import { benchLabScale } from './lab-scale.ts';

// What the README and the issues promise, measured in one run on this machine: printed, never asserted.

const root = join(import.meta.dirname, '..');
const vmstation = join(root, 'apps', 'cli', 'bin', 'vmstation');
const folder = mkdtempSync(join(tmpdir(), 'vmstation-bench-'));
const workspaceRoot = join(folder, 'example');

function row(name: string, value: string): void {
  console.log(`${name.padEnd(52)} ${value}`);
}

/** Milliseconds that a program took; it has to succeed. */
function timed(program: string, args: readonly string[]): number {
  const start = performance.now();
  const ended = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  if (ended.status !== 0)
    throw new Error(`${program} ${args.join(' ')} ended with ${ended.status}: ${ended.stdout}${ended.stderr}`);
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function benchChecks(): Promise<void> {
  const workspace = await openWorkspace(workspaceRoot);
  const nodes = workspace.cluster.nodes.map((node) => node.name);
  const declarations = [
    ...(await declareSetup(workspace, { operatorPublicKey: undefined })),
    ...(await declareConfig(workspace)),
  ];
  const desired = mergeDeclarations(nodes, declarations);
  const paths = labPaths(workspaceRoot);
  const settings = {
    nodes: {},
    knownHostsFile: paths.knownHostsFile,
    controlDir: join(folder, 'control'),
    configFile: paths.sshConfigFile,
  };
  const transport = openSshTransport(settings);
  const host = createHost({
    transport,
    clock: { now: () => new Date() },
  });
  const [node = ''] = nodes;
  const resources = (desired.nodes.get(node) ?? []).map((one) => one.resource);
  const cold = await host.check(node, resources);
  const warm: number[] = [];
  const bare: number[] = [];
  let last = cold;
  for (let count = 0; count < 15; count += 1) {
    const start = performance.now();
    last = await host.check(node, resources);
    warm.push(performance.now() - start);
    const bareStart = performance.now();
    await transport.run(node, { argv: ['true'], timeoutMs: 10_000 });
    bare.push(performance.now() - bareStart);
  }
  await transport.close();
  row(
    `check of ${resources.length} resources on ${node}, warm`,
    `${median(warm).toFixed(0)} ms, ${(median(warm) / median(bare)).toFixed(1)} x a bare \`true\``,
  );
  row('round trips per check', String(last.roundTrips));
  row('processes that a check starts on the node', String(last.remoteProcesses));
}

try {
  row('machine', `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.version}`);
  timed(process.execPath, ['tools/build/main.ts']);
  row(
    'vmstation --version, median of 7',
    `${median(Array.from({ length: 7 }, () => timed(vmstation, ['--version']))).toFixed(0)} ms`,
  );
  const start = ['tools/start/main.ts', '--once', '--workspace', workspaceRoot];
  const first = timed(process.execPath, start);
  const second = timed(process.execPath, start);
  row('npm start -- --once, bare machines', `${(first / 1000).toFixed(1)} s`);
  row('npm start -- --once, again', `${(second / 1000).toFixed(1)} s, ${(first / second).toFixed(1)} x faster`);
  timed(vmstation, ['--workspace', workspaceRoot, 'lab', 'start']);
  row(
    'vmstation up, nothing to change',
    `${(timed(vmstation, ['--workspace', workspaceRoot, 'up', '--yes']) / 1000).toFixed(1)} s`,
  );
  await benchChecks();
  await benchLabScale(row);
} finally {
  spawnSync(vmstation, ['--workspace', workspaceRoot, 'lab', 'stop']);
  rmSync(folder, { recursive: true, force: true });
}
