import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSshTransport, type SshSettings, scanHostKeys, sshKeygen, trustHostKey } from '@vmstation/remote';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endSharedConnection } from '../packages/remote/src/ssh/end-shared-connection.ts';

// The system's own ssh against a real SSH server on loopback that runs commands in a shell of this computer.

let folder: string;
let server: ssh2.Server;
let port: number;
let connections: ssh2.Connection[] = [];
let children: ChildProcess[] = [];
let sessions = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vmstation-openssh-'));
  const { publicKey } = await sshKeygen(join(folder, 'id'), 'test');
  await listen(publicKey, 0);
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await hangUp();
  rmSync(folder, { recursive: true, force: true });
});

async function listen(publicKey: string, at: number): Promise<void> {
  connections = [];
  children = [];
  sessions = 0;
  const [, allowed = ''] = publicKey.split(' ');
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  server = new ssh2.Server({ hostKeys: [privateKey] }, (connection) => {
    connections.push(connection);
    connection.on('error', () => undefined);
    connection.on('authentication', (attempt) => {
      if (attempt.method === 'publickey' && attempt.key.data.toString('base64') === allowed) attempt.accept();
      else attempt.reject(['publickey']);
    });
    connection.on('session', (accept) => {
      sessions += 1;
      accept().on('exec', (acceptExec, _reject, { command }) => {
        const stream = acceptExec();
        const child = spawn('/bin/sh', ['-c', command]);
        children.push(child);
        stream.on('error', () => undefined);
        child.stdin.on('error', () => undefined);
        stream.pipe(child.stdin);
        child.stdout.pipe(stream, { end: false });
        child.stderr.pipe(stream.stderr, { end: false });
        child.on('close', (code) => {
          stream.exit(code ?? 1);
          stream.end();
        });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
}

async function hangUp(): Promise<void> {
  for (const connection of connections) connection.end();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

async function trusted(identityFile = join(folder, 'id'), node = 'masternode') {
  const knownHostsFile = join(folder, 'known_hosts');
  await trustHostKey(knownHostsFile, node, await scanHostKeys({ node, address: '127.0.0.1', port }));
  return transport(knownHostsFile, identityFile);
}
function transport(
  knownHostsFile = join(folder, 'known_hosts'),
  identityFile = join(folder, 'id'),
  settings: Partial<SshSettings> = {},
) {
  const nodes = { masternode: { address: '127.0.0.1', port, user: 'root', identityFile } };
  const controlDir = join(folder, 'c');
  return openSshTransport({ nodes, knownHostsFile, controlDir, connectTimeoutSeconds: 5, ...settings });
}
const command = { argv: ['true'], timeoutMs: 20_000 };
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test('arguments, input and output arrive byte for byte, and one connection carries them all', async () => {
  const ssh = await trusted();
  const nasty = `it's "$HOME" \\n *  ;&|<>\n\t\u00e9`;
  expect(text((await ssh.run('masternode', { ...command, argv: ['printf', '%s', nasty] })).stdout)).toBe(nasty);
  const bytes = new Uint8Array(300_000).map((_, index) => (index * 7) % 256);
  const back = await ssh.run('masternode', { ...command, argv: ['cat'], stdin: bytes });
  expect(Buffer.compare(Buffer.from(back.stdout), Buffer.from(bytes))).toBe(0);
  expect(await ssh.run('masternode', { ...command, argv: ['sh', '-c', 'echo no >&2; exit 3'] })).toMatchObject({
    exitCode: 3,
    stderr: 'no\n',
  });
  const together = await Promise.all(
    Array.from({ length: 12 }, (_, index) => ssh.run('masternode', { ...command, argv: ['echo', String(index)] })),
  );
  expect(together.map(({ stdout }) => text(stdout).trim())).toEqual(
    Array.from({ length: 12 }, (_, index) => String(index)),
  );
  expect(ssh.counters).toEqual({ roundTrips: 15, connections: 1 });
  expect(sessions).toBe(15);
  await ssh.run('masternode', { ...command, freshConnection: true });
  expect(ssh.counters.connections).toBe(2);
  await ssh.close();
  await expect
    .poll(
      () => connections.filter((one) => !(one as unknown as { _sock: { destroyed: boolean } })._sock.destroyed).length,
    )
    .toBe(0);
});

test('the connection that is kept open ends at a word through its socket', async () => {
  const ssh = await trusted();
  await ssh.run('masternode', command);
  const [socket = ''] = readdirSync(join(folder, 'c'));
  expect(await endSharedConnection(join(folder, 'c', socket))).toBe(true);
  await expect.poll(() => existsSync(join(folder, 'c', socket))).toBe(false);
  await ssh.close();
});

test('a connection that is kept serves the next process that keeps its own, and nobody else', async () => {
  const first = await trusted();
  const kept = () => transport(undefined, undefined, { keepConnections: true });
  const [one, other] = [kept(), kept()];
  await one.run('masternode', command);
  await one.close();
  await other.run('masternode', command);
  await other.close();
  await first.run('masternode', command);
  await first.close();
  expect([one, other, first].map(({ counters }) => counters.connections)).toEqual([1, 0, 1]);
  const [left = '', ...more] = readdirSync(join(folder, 'c'));
  expect(more).toEqual([]);
  expect(await endSharedConnection(join(folder, 'c', left))).toBe(true);
});

test('output is told as it comes', async () => {
  const ssh = await trusted();
  const heard: string[] = [];
  const running = ssh.run('masternode', {
    ...command,
    argv: ['sh', '-c', 'echo one; sleep 1; echo two'],
    onStdout: (chunk) => heard.push(text(chunk)),
  });
  await expect.poll(() => heard.join('')).toBe('one\n');
  expect(text((await running).stdout)).toBe('one\ntwo\n');
  await ssh.close();
});

test('an unknown host key stops before anything is sent, and names the command that trusts it', async () => {
  await expect(transport().run('masternode', command)).rejects.toMatchObject({
    code: 'ssh/host-key-unknown',
    tryThis: 'vmstation node trust masternode',
  });
  expect(sessions).toBe(0);
});

test('a changed host key is refused', async () => {
  const ssh = await trusted();
  await ssh.close();
  await hangUp();
  await listen(readFileSync(join(folder, 'id.pub'), 'utf8'), port);
  await expect(transport().run('masternode', command)).rejects.toMatchObject({
    code: 'ssh/host-key-changed',
    kind: 'refused',
  });
  expect(sessions).toBe(0);
});

test('a wrong key is told as such', async () => {
  await sshKeygen(join(folder, 'other'), 'other');
  const ssh = await trusted(join(folder, 'other'));
  await expect(ssh.run('masternode', command)).rejects.toMatchObject({ code: 'ssh/permission-denied' });
});

test('nobody at the address is unreachable', async () => {
  const ssh = await trusted();
  await hangUp();
  await expect(ssh.run('masternode', command)).rejects.toMatchObject({ code: 'ssh/unreachable', kind: 'unreachable' });
  await listen(readFileSync(join(folder, 'id.pub'), 'utf8'), 0);
});

test('a connection cut in the middle is told as lost, and the next command connects again', async () => {
  const ssh = await trusted();
  const running = ssh.run('masternode', { ...command, argv: ['sh', '-c', 'echo begun; sleep 30'] });
  const lost = running.catch((error: unknown) => error);
  await expect.poll(() => children.length).toBe(1);
  for (const connection of connections) (connection as unknown as { _sock: { destroy(): void } })._sock.destroy();
  expect(await lost).toMatchObject({ code: 'ssh/connection-lost', retryable: true });
  expect((await ssh.run('masternode', command)).exitCode).toBe(0);
  await ssh.close();
});

test('a command that hangs ends at its deadline, and the next one does not wait behind it', async () => {
  const ssh = await trusted();
  await expect(ssh.run('masternode', { argv: ['sleep', '30'], timeoutMs: 1500 })).rejects.toMatchObject({
    code: 'ssh/timeout',
  });
  expect((await ssh.run('masternode', command)).exitCode).toBe(0);
  await ssh.close();
});
