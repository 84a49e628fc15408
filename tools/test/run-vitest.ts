import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../checks/source-files.ts';

/** What vitest's JSON report says. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly files: number;
}

/** Runs vitest with its usual output and counts from its JSON report. A run that leaves none, or that ends badly without a failed test, is one failure. */
export async function runVitest(args: readonly string[]): Promise<TestCounts> {
  const folder = await mkdtemp(join(tmpdir(), 'vmstation-test-'));
  const report = join(folder, 'report.json');
  const exitCode = await start(['--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args]);
  const text = await readFile(report, 'utf8').catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
  if (text === undefined) return { passed: 0, failed: 1, skipped: 0, files: 0 };
  const counts = JSON.parse(text) as {
    readonly numPassedTests: number;
    readonly numFailedTests: number;
    readonly numPendingTests: number;
    readonly testResults: readonly unknown[];
  };
  return {
    passed: counts.numPassedTests,
    failed: exitCode === 0 ? counts.numFailedTests : Math.max(1, counts.numFailedTests),
    skipped: counts.numPendingTests,
    files: counts.testResults.length,
  };
}

function start(args: readonly string[]): Promise<number> {
  const program = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawn(process.execPath, [program, 'run', ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
