import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleCli } from '../tools/build/bundle.ts';
import { root } from '../tools/checks/source-files.ts';
import { nodeChecks } from './node-checks.ts';

const launcher = join(root, 'apps', 'cli', 'bin', 'vmstation');
const folder = mkdtempSync(join(tmpdir(), 'vmstation-bench-'));
const workspace = join(folder, 'example');

try {
  await bundleCli();
  row(
    'vmstation --version',
    median(9, () => timed(launcher, ['--version'])),
    150,
  );
  row(
    'vmstation check',
    median(5, () => timed(launcher, ['check', '-w', exampleWorkspace()])),
  );
  row('npm start -- --once, bare machines', start(), 45_000);
  row('npm start -- --once, again', start(), 5000);
  timed(launcher, ['lab', 'start', '-w', workspace]);
  row(
    'vmstation drift',
    median(3, () => timed(launcher, ['drift', '-w', workspace])),
  );
  row(
    'vmstation up --yes, nothing to change',
    median(3, () => timed(launcher, ['up', '--yes', '-w', workspace])),
  );
  for (const { node, resources, roundTrips, remoteProcesses, durationMs } of await nodeChecks(workspace)) {
    console.log(
      `check of ${node.padEnd(18)} ${String(resources).padStart(4)} resources, ${roundTrips} round trips, ${remoteProcesses} remote processes, ${Math.round(durationMs)} ms`,
    );
  }
} finally {
  spawnSync(launcher, ['lab', 'stop', '-w', workspace]);
  rmSync(folder, { recursive: true, force: true });
}

/** Prints a measurement, and whether it keeps its promise. Durations in ms. */
function row(name: string, durationMs: number, promisedMs?: number): void {
  const promise =
    promisedMs === undefined ? '' : `  promised ${seconds(promisedMs)}: ${durationMs < promisedMs ? 'kept' : 'MISSED'}`;
  console.log(`${name.padEnd(40)} ${seconds(durationMs).padStart(9)}${promise}`);
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function start(): number {
  return timed(process.execPath, [join(root, 'tools/start/main.ts'), '--once', '--workspace', workspace]);
}

function exampleWorkspace(): string {
  const example = join(folder, 'checked');
  spawnSync(launcher, ['init', '--example', example]);
  return example;
}

/** How long a program takes, in ms. Ends the bench when it fails: a failure is no measurement. */
function timed(program: string, args: readonly string[]): number {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd: root });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return performance.now() - started;
}

function median(times: number, measure: () => number): number {
  const measured = Array.from({ length: times }, measure).sort((a, b) => a - b);
  return measured[Math.floor(times / 2)] ?? Number.NaN;
}
