import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { endSharedConnection } from './end-shared-connection.ts';

// The real OpenSSH client answers in tests/remote-openssh.test.ts.

const hello = '000000080000000100000004';
const ok = '000000088000000100000000';
const refused = '0000000c800000020000000000000000';

function scratchPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vmstation-mux-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'control');
}

async function masterThat(answers: (socket: Socket) => void): Promise<{ path: string; received: () => string }> {
  const path = scratchPath();
  let received = '';
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received += chunk.toString('hex');
    });
    answers(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
  return { path, received: () => received };
}

test('a master that agrees has been told in version 4 of the protocol', async () => {
  const master = await masterThat((socket) => {
    // In pieces, as a busy computer may deliver them.
    socket.write(Buffer.from(hello, 'hex').subarray(0, 5));
    socket.once('data', () => setImmediate(() => socket.write(Buffer.from(hello.slice(10) + ok, 'hex'))));
  });
  expect(await endSharedConnection(master.path)).toBe(true);
  expect(master.received()).toBe(`${hello}000000081000000500000000`);
});

test('a master that is gone before its answer is out has agreed', async () => {
  const { path } = await masterThat((socket) => {
    socket.write(Buffer.from(hello, 'hex'));
    socket.once('data', () => socket.end());
  });
  expect(await endSharedConnection(path)).toBe(true);
});

test.each([
  ['refuses', (socket: Socket) => void socket.write(Buffer.from(hello + refused, 'hex'))],
  ['speaks otherwise', (socket: Socket) => void socket.write(Buffer.from(ok + ok, 'hex'))],
  ['hangs up', (socket: Socket) => void socket.end()],
])('a master that %s has not agreed', async (_what, answers) => {
  const { path } = await masterThat(answers);
  expect(await endSharedConnection(path)).toBe(false);
});

test('where nobody listens, nobody has agreed', async () => {
  const path = scratchPath();
  expect(await endSharedConnection(path)).toBe(false);
  writeFileSync(path, '');
  expect(await endSharedConnection(path)).toBe(false);
});
