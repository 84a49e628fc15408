import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { runVitest } from './run-vitest.ts';

const required = process.env['REQUIRE_GUESTS'] === '1';
const lacking = whatIsLacking();
if (lacking !== undefined) {
  console.log(
    `Guest suite ${required ? 'failed' : 'skipped'}: it starts Debian with a kernel of its own in QEMU, and ${lacking}${required ? '' : ' (REQUIRE_GUESTS=1 insists)'}.`,
  );
  process.exit(required ? 1 : 0);
}
const tests = await runVitest(['--config', 'vitest.guests.config.ts', ...process.argv.slice(2)]);
const noneRan = tests.passed + tests.failed === 0;
if (noneRan) console.log('No guest test ran.');
const failed = tests.failed + (required && noneRan ? 1 : 0);
console.log(`${tests.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Why no guest can be started here; undefined where it can. */
function whatIsLacking(): string | undefined {
  if (!existsSync('/etc/debian_version')) return 'this is not Debian';
  if (process.getuid?.() !== 0) return 'that needs root';
  const programs = { 'qemu-system-x86_64': 'qemu-system-x86', 'qemu-img': 'qemu-utils', debootstrap: 'debootstrap' };
  const missing = Object.entries(programs)
    .filter(([program]) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status !== 0)
    .map(([, name]) => name);
  return missing.length === 0 ? undefined : `this computer lacks ${missing.join(', ')}`;
}
