import { runChecks } from '../checks/run-checks.ts';
import { runVitest } from './run-vitest.ts';

const checks = await runChecks();
const failedChecks = checks.filter(({ problems }) => problems.length > 0).length;
const tests = await runVitest(process.argv.slice(2));
const failed = failedChecks + tests.failed;
console.log(
  `${checks.length} checks, ${tests.passed + tests.failed} tests in ${tests.files} files, ${tests.skipped} skipped`,
);
console.log(`${checks.length - failedChecks + tests.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
