import { existsSync } from 'node:fs';
import { runVitest } from './run-vitest.ts';

const required = process.env['REQUIRE_HOSTS'] === '1';
const isRoot = process.getuid?.() === 0;
const isDebian = existsSync('/etc/debian_version');
if (!required && (!isDebian || !isRoot)) {
  console.log(
    'Host suite skipped: it makes real machines with systemd-nspawn, which needs root on Debian (REQUIRE_HOSTS=1 insists).',
  );
  process.exit(0);
}
const tests = await runVitest(['--config', 'vitest.hosts.config.ts', ...process.argv.slice(2)]);
const noneRan = tests.passed + tests.failed === 0;
if (noneRan) console.log('No host test ran.');
const failed = tests.failed + (required && noneRan ? 1 : 0);
console.log(`${tests.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
