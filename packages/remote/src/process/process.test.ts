import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@vmstation/core';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { localTransport } from '../local-transport.ts';
import { runChild } from './child.ts';
import { attachTo, findFollowed } from './follow.ts';
import { nodeProcessRunner } from './node-process-runner.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vmstation-process-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const runner = nodeProcessRunner();

test('a program runs with input, environment and folder, and its status is an answer', async () => {
  const result = await runner.run(['sh', '-c', 'cat; echo "$X" "$PWD" >&2; exit 3'], {
    env: { X: 'x' },
    cwd: folder,
    stdin: 'in',
    timeoutMs: 5000,
  });
  expect(result).toEqual({ exitCode: 3, stdout: 'in', stderr: `x ${folder}\n` });
});

test('a program that is not there, and one that takes too long, are errors', async () => {
  await expect(runner.run(['vmstation-no-such-program'], { timeoutMs: 1000 })).rejects.toMatchObject({
    code: 'process/not-found',
  });
  await expect(runner.run(['sleep', '30'], { timeoutMs: 100 })).rejects.toMatchObject({ code: 'process/timeout' });
  await expect(
    runner.run(['sleep', '30'], { timeoutMs: 9000, signal: AbortSignal.timeout(100) }),
  ).rejects.toMatchObject({ code: 'process/interrupted' });
});

test('programs are found on PATH', async () => {
  expect(await runner.findOnPath('sh')).toMatch(/\/sh$/);
  expect(await runner.findOnPath('vmstation-no-such-program')).toBeUndefined();
});

test('a followed program tells line by line as it goes, and its status at the end', async () => {
  const lines: string[] = [];
  const argv = ['sh', '-c', 'for i in 1 2 3; do echo "line $i"; sleep 0.1; done; printf tail; exit 4'];
  const started = await runner.follow(argv, { logFile: join(folder, 'log'), onLine: (line) => lines.push(line) });
  await expect.poll(() => lines.length, { interval: 10 }).toBeGreaterThan(0);
  expect(lines.length).toBeLessThan(4);
  expect(await started.exited).toEqual({ exitCode: 4 });
  expect(lines).toEqual(['line 1', 'line 2', 'line 3', 'tail']);
});

test('a followed program outlives whoever started it, and can be followed again', async () => {
  const logFile = join(folder, 'log');
  const parent = join(folder, 'parent.ts');
  const go = join(folder, 'go');
  const program = `echo one; until [ -e ${go} ]; do sleep 0.05; done; echo two; exit 5`;
  writeFileSync(
    parent,
    `import { followDetached } from ${JSON.stringify(new URL('follow.ts', import.meta.url).href)};
const started = await followDetached(['sh', '-c', ${JSON.stringify(program)}], { logFile: ${JSON.stringify(logFile)}, onLine: () => {} });
process.stdout.write(String(started.pid), () => process.kill(process.pid, 'SIGKILL'));`,
  );
  const died = await runChild([process.execPath, parent], { timeoutMs: 120_000 });
  expect(died.ended).toBe('signal');
  const pid = Number(died.stdout.toString());
  // It says who it is as soon as it gets to run.
  await expect.poll(() => findFollowed(logFile), { timeout: 60_000 }).toEqual({ pid, alive: true });
  const lines: string[] = [];
  const again = attachTo({ pid, logFile, onLine: (line) => lines.push(line) });
  writeFileSync(go, '');
  expect(await again.exited).toEqual({ exitCode: 5 });
  expect(lines).toEqual(['one', 'two']);
  expect(await findFollowed(logFile)).toEqual({ pid, alive: false });
  // Another program that was given its number.
  writeFileSync(`${logFile}.pid`, `${process.pid}\n`);
  expect(await findFollowed(logFile)).toMatchObject({ alive: false });
  expect(await findFollowed(join(folder, 'no-such-log'))).toBeUndefined();
});

test('stopping a followed program ends its whole session', async () => {
  const stop = new AbortController();
  const argv = ['sh', '-c', `sleep 60 & echo $! >${join(folder, 'child')}; wait`];
  const started = await runner.follow(argv, {
    logFile: join(folder, 'log'),
    onLine: () => undefined,
    signal: stop.signal,
  });
  await expect.poll(() => readFileSync(join(folder, 'child'), 'utf8'), { timeout: 60_000 }).toMatch(/\d/);
  stop.abort();
  await expect(started.exited).rejects.toMatchObject({ code: 'process/status-lost' });
  await expect
    .poll(() => isAlive(Number(readFileSync(join(folder, 'child'), 'utf8'))), { timeout: 60_000 })
    .toBe(false);
});

test('the machine itself answers as a node does', async () => {
  const transport = localTransport();
  const bytes = new Uint8Array([0, 255, 10, 128]);
  const { exitCode, stdout } = await transport.run('here', { argv: ['cat'], stdin: bytes, timeoutMs: 5000 });
  expect([exitCode, ...stdout]).toEqual([0, ...bytes]);
  expect((await transport.run('here', { argv: ['vmstation-no-such-program'], timeoutMs: 5000 })).exitCode).toBe(127);
  await expect(transport.run('here', { argv: ['sleep', '9'], timeoutMs: 100 })).rejects.toMatchObject({
    code: 'ssh/timeout',
  });
  expect(transport.counters.roundTrips).toBe(3);
});

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')) && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A program in the place of sudo, first on PATH, for somebody who is not root. */
function fakeSudo(script: string): void {
  const path = process.env['PATH'] ?? '';
  writeFileSync(join(folder, 'sudo'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'sudo'), 0o755);
  vi.stubEnv('PATH', `${folder}:${path}`);
  const nobody = vi.spyOn(process, 'getuid').mockReturnValue(1000);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    nobody.mockRestore();
  });
}

test('the machine itself is told to become root without a password, or with the one that its sudo asks for', async () => {
  const elevated = { argv: ['sh', '-s'], elevate: true, timeoutMs: 20_000 };
  fakeSudo(
    '[ "$1" = -n ] && { echo "sudo: a password is required" >&2; exit 1; }; shift 3; printf %s "$1" >&2; shift 2; read -r given; [ "$given" = geheim ] || { printf "Sorry\\n%s" "$0" >&2; exit 1; }; exec "$@"',
  );
  await expect(localTransport().run('here', elevated)).rejects.toMatchObject({ code: 'ssh/no-sudo' });
  const given = localTransport({ sudoPassword: async () => ({ name: 'sudo', value: new Secret('geheim') }) });
  const { exitCode, stdout, stderr } = await given.run('here', { ...elevated, stdin: 'echo done; echo said >&2\n' });
  expect([exitCode, stdout.toString(), stderr]).toEqual([0, 'done\n', 'said\n']);
  expect(given.counters.roundTrips).toBe(1);
});
