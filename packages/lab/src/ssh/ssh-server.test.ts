import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { runAtConsole } from '../machine/console.ts';
import { Machine } from '../machine/machine.ts';
import { type LabSshServer, startSshServer } from './ssh-server.ts';

/* A real OpenSSH client against a simulated machine, on loopback. */
const hasSsh = spawnSync('ssh', ['-V']).status === 0;
let folder: string;
let machine: Machine;
let server: LabSshServer;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-ssh-'));
  for (const name of ['key', 'other'])
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  if (server !== undefined) await server.close();
  machine = new Machine({
    name: 'node1',
    face: 'debian-12',
    nics: [{ name: 'enp1s0', mac: '02:00:00:00:00:01', ip: '192.168.4.9' }],
    operator: { authorizedKeys: [readFileSync(join(folder, 'key.pub'), 'utf8')] },
  });
  await machine.begin(false);
  server = await startSshServer(machine, { port: 0 });
  machine.onPowerChange = (state) => server.powerChanged(state);
  writeFileSync(join(folder, 'known_hosts'), `[127.0.0.1]:${server.port} ${server.hostKey}\n`);
});

interface Answer {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

function common(key: string): string[] {
  const knownHosts = `UserKnownHostsFile=${join(folder, 'known_hosts')}`;
  const options = ['BatchMode=yes', 'IdentitiesOnly=yes', 'ConnectTimeout=2', knownHosts].flatMap((one) => ['-o', one]);
  return ['-F', 'none', '-p', String(server.port), '-i', join(folder, key), ...options];
}

function control(): string[] {
  return ['-o', `ControlPath=${join(folder, 'cm')}`];
}

function ssh(
  args: readonly string[],
  how: { key?: string; user?: string; input?: string | Buffer; tty?: boolean; shared?: boolean } = {},
) {
  const flags = [...(how.tty === true ? ['-tt'] : []), ...(how.shared === true ? control() : [])];
  const child = spawn('ssh', [...common(how.key ?? 'key'), ...flags, `${how.user ?? 'ops'}@127.0.0.1`, ...args]);
  child.stdin.on('error', () => undefined).end(how.input ?? '');
  return new Promise<Answer>((resolve) => {
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('close', (code) => resolve({ code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }));
  });
}

test.skipIf(!hasSsh)('a command runs as the login user, with its exit code', async () => {
  const answer = await ssh(['id -un; echo problem >&2; exit 7']);
  expect([answer.code, answer.stdout.toString(), answer.stderr]).toEqual([7, 'ops\n', 'problem\n']);
});

test.skipIf(!hasSsh)('a script on stdin becomes root through sudo, with arguments', async () => {
  const answer = await ssh(['sudo -n sh -s one'], { input: 'echo "$1 $(id -u)"; cat; exit 3\n' });
  expect([answer.code, answer.stdout.toString()]).toEqual([3, 'one 0\n']);
});

test.skipIf(!hasSsh)('bytes pass unharmed both ways', async () => {
  const bytes = randomBytes(300_000);
  const answer = await ssh(['cat >/tmp/b; cat /tmp/b'], { input: bytes });
  expect(Buffer.compare(answer.stdout, bytes)).toBe(0);
});

test.skipIf(!hasSsh)('several sessions share one connection', async () => {
  const master = spawn('ssh', [...common('key'), ...control(), '-o', 'ControlMaster=yes', '-N', 'ops@127.0.0.1']);
  const isUp = () => spawnSync('ssh', [...common('key'), ...control(), '-O', 'check', 'ops@127.0.0.1']).status;
  await expect.poll(isUp, { timeout: 5000 }).toBe(0);
  // With the key gone no new connection can be made: what answers is the shared one.
  await runAtConsole(machine, { argv: ['rm', '/home/ops/.ssh/authorized_keys'] });
  const many = await Promise.all([1, 2, 3, 4, 5].map((n) => ssh([`sleep 0.1; echo ${n}`], { shared: true })));
  expect(many.map((one) => one.stdout.toString().trim())).toEqual(['1', '2', '3', '4', '5']);
  expect(await ssh(['true'])).toMatchObject({ code: 255 });
  master.kill();
});

test.skipIf(!hasSsh)(
  'another key, an unknown user and root are refused; so is the key once it was taken out',
  async () => {
    for (const how of [{ key: 'other' }, { user: 'nobody' }, { user: 'root' }]) {
      expect(await ssh(['true'], how)).toMatchObject({
        code: 255,
        stderr: expect.stringContaining('Permission denied (publickey)'),
      });
    }
    await ssh(['echo "ssh-ed25519 AAAA gone" >.ssh/authorized_keys']);
    expect(await ssh(['true'])).toMatchObject({ code: 255 });
  },
);

test.skipIf(!hasSsh)('sshd follows its configuration once it was told to read it', async () => {
  const script = 'echo "AllowUsers admin" >/etc/ssh/sshd_config.d/10-x.conf';
  await runAtConsole(machine, { argv: ['sh', '-c', script] });
  expect(await ssh(['true'])).toMatchObject({ code: 0 });
  await runAtConsole(machine, { argv: ['systemctl', 'reload', 'ssh'] });
  expect(await ssh(['true'])).toMatchObject({ code: 255 });
});

test.skipIf(!hasSsh)('no sshd, no connection; a suspended machine says nothing at all', async () => {
  await ssh(['sudo -n systemctl stop ssh']);
  expect(await ssh(['true'])).toMatchObject({ code: 255, stderr: expect.stringMatching(/reset|refused|closed/i) });
  await runAtConsole(machine, { argv: ['systemctl', 'start', 'ssh'] });
  machine.suspend();
  expect(await ssh(['true'])).toMatchObject({ code: 255, stderr: expect.stringMatching(/timed out/i) });
  await machine.wake();
  expect(await ssh(['true'])).toMatchObject({ code: 0 });
});

test.skipIf(!hasSsh)('a terminal gives a prompt that takes several lines for one command', async () => {
  const answer = await ssh([], { tty: true, input: 'if true; then\necho mul""ti\nfi\nfalse\nexit 4\n' });
  expect(answer.code).toBe(4);
  expect(answer.stdout.toString()).toContain('multi\r\n');
});
