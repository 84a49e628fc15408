import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../checks/source-files.ts';
import { contractTable } from './contract-table.ts';

/** What vitest's JSON report says. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly files: number;
}

/**
 * Runs vitest with its usual output, prints the table of the contracts that it held somebody to, and counts from its JSON report. A run that
 * leaves none, or that ends badly without a failed test, is one failure.
 */
export async function runVitest(args: readonly string[]): Promise<TestCounts> {
  const folder = await mkdtemp(join(tmpdir(), 'vmstation-test-'));
  const report = join(folder, 'report.json');
  const results = join(folder, 'contracts');
  await mkdir(results);
  const exitCode = await start(results, [
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...args,
  ]);
  const text = await readFile(report, 'utf8').catch(() => undefined);
  for (const line of contractTable(await linesOf(results))) console.log(line);
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

async function linesOf(folder: string): Promise<readonly string[]> {
  const texts = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
  return texts.flatMap((text) => text.split('\n')).filter((line) => line !== '');
}

function start(results: string, args: readonly string[]): Promise<number> {
  const program = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawn(process.execPath, [program, 'run', ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    // Where tests/contract/contract-case.ts leaves its results.
    env: { ...process.env, VMSTATION_CONTRACT_RESULTS: results },
  });
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
