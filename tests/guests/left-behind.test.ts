import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { processIdentity } from '../../packages/lab/src/hosts/process-identity.ts';

// No QEMU outlives who started it. An empty machine that is not switched on is enough to see that.

const starter = `import { spawnGuest } from ${JSON.stringify(new URL('../../packages/lab/src/guests/guest-process.ts', import.meta.url).pathname)};
const run = process.argv[1];
const names = {
  run,
  machineName: (name) => 'killed-' + name,
  logFile: (name) => run + '/' + name + '.log',
  pidFile: (name) => run + '/' + name + '.pid',
  mac: () => '02:78:00:00:00:09',
};
const parts = {
  machine: { name: 'guest', octet: 9 }, index: 0, names, image: undefined,
  disks: { disks: [], identity: '', knownHost: '' }, acceleration: 'tcg',
  argumentsOnly: ['-S', '-nodefaults', '-display', 'none', '-m', '64', '-qmp', 'unix:' + run + '/guest.qmp,server=on,wait=off'],
};
await spawnGuest(parts, () => undefined);
console.log('started');
setInterval(() => undefined, 60_000);
`;

test('a guest ends with the process that started it, even when that is killed', async () => {
  const run = await mkdtemp(join(tmpdir(), 'vmk-'));
  onTestFinished(() => rm(run, { recursive: true, force: true }));
  const child = spawn(process.execPath, ['--input-type=module', '-e', starter, run], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await expect.poll(() => said, { timeout: 120_000 }).toBe('started\n');
  const pid = Number(await readFile(`${run}/guest.pid`, 'utf8'));
  onTestFinished(() => {
    if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
  });
  expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).toContain('qemu-system-x86_64');
  const identity = await processIdentity(pid);
  expect(identity).toBeDefined();
  child.kill('SIGKILL');
  await expect.poll(() => processIdentity(pid), { timeout: 60_000 }).not.toBe(identity);
});
