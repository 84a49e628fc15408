import { checks, runChecks } from './run-checks.ts';

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !checks.some((check) => check.name === name));
if (unknown.length > 0) {
  console.error(`No check named ${unknown.join(', ')}; there are: ${checks.map(({ name }) => name).join(', ')}`);
  process.exit(64);
}
const results = await runChecks(wanted.length === 0 ? checks : checks.filter(({ name }) => wanted.includes(name)));
const failed = results.filter(({ problems }) => problems.length > 0);
console.log(`${results.length - failed.length} checks passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
