import type { Check, CheckResult } from './check.ts';
import { declaredBoundaries } from './declared-boundaries.ts';
import { documentedExports } from './documented-exports.ts';
import { duplicateBlocks } from './duplicate-blocks.ts';
import { errorPages } from './error-pages.ts';
import { fileLength } from './file-length.ts';
import { foreignTraces } from './foreign-traces.ts';
import { generatedCurrent } from './generated-files.ts';
import { programChecks } from './programs.ts';

/** Every rule of the repository, in the order in which results are printed. */
export const checks: readonly Check[] = [
  ...programChecks,
  declaredBoundaries,
  fileLength,
  duplicateBlocks,
  documentedExports,
  errorPages,
  generatedCurrent,
  foreignTraces,
];

const mostLinesShown = 60;

/** Runs the checks side by side and prints each as it ends. A check that throws has failed. */
export async function runChecks(selected: readonly Check[] = checks): Promise<readonly CheckResult[]> {
  return Promise.all(
    selected.map(async (check) => {
      const started = performance.now();
      const problems = await check.run().catch((error: unknown) => [`the check itself failed: ${String(error)}`]);
      const result = { name: check.name, problems, durationMs: performance.now() - started };
      print(result);
      return result;
    }),
  );
}

function print({ name, problems, durationMs }: CheckResult): void {
  const seconds = (durationMs / 1000).toFixed(1);
  console.log(`${problems.length === 0 ? '✓' : '✗'} ${name.padEnd(22)}${seconds.padStart(5)} s`);
  for (const problem of problems.slice(0, mostLinesShown)) console.log(`    ${problem}`);
  if (problems.length > mostLinesShown) console.log(`    … and ${problems.length - mostLinesShown} more lines`);
}
