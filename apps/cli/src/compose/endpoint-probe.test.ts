import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { endpointProbe, introducedOnly } from './endpoint-probe.ts';

const everybody = introducedOnly(() => undefined);
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function serve(status: number, headers: Record<string, string> = {}): Promise<number> {
  const server = createServer((_request, response) => response.writeHead(status, headers).end('hello'));
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

test('an answer says its status and where it was dialled', async () => {
  const port = await serve(200);
  const answer = await endpointProbe(everybody).http(`http://127.0.0.1:${port}/-/ready`, { timeoutMs: 2000 });
  expect(answer).toEqual({
    ok: true,
    status: 200,
    detail: 'HTTP 200',
    dialled: `http://127.0.0.1:${port}`,
    standIn: undefined,
    body: 'hello',
  });
});

test('an address of the model is dialled elsewhere, and a stand-in is recognised', async () => {
  const port = await serve(200, { 'x-stand-in': 'grafana/grafana:12.1.0' });
  const probe = endpointProbe({
    elsewhere: async (address, asked) =>
      address === '192.0.2.63' && asked === 30001 ? { address: '127.0.0.1', port } : undefined,
    standInHeader: 'x-stand-in',
  });
  const answer = await probe.http('http://192.0.2.63:30001/login', { timeoutMs: 2000 });
  expect(answer).toMatchObject({ ok: true, standIn: 'grafana/grafana:12.1.0', dialled: `http://127.0.0.1:${port}` });
  expect(await probe.tcp('192.0.2.63', 30001, { timeoutMs: 2000 })).toMatchObject({
    ok: true,
    dialled: `127.0.0.1:${port}`,
  });
});

test('an address that nothing answers for is not dialled', async () => {
  const probe = endpointProbe({
    elsewhere: async () => ({ nowhere: 'nothing publishes this address' }),
    standInHeader: undefined,
  });
  const silence = { ok: false, dialled: '', detail: 'nothing publishes this address' };
  expect(await probe.http('http://192.0.2.63:30001/', { timeoutMs: 2000 })).toMatchObject(silence);
  expect(await probe.tcp('192.0.2.63', 30001, { timeoutMs: 2000 })).toMatchObject(silence);
});

test('an error status, a refusal and silence are answers, not exceptions', async () => {
  const probe = endpointProbe(everybody);
  const failing = await serve(503);
  expect(await probe.http(`http://127.0.0.1:${failing}/`, { timeoutMs: 2000 })).toMatchObject({
    ok: false,
    status: 503,
  });
  const closed = await serve(200);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  expect(await probe.http(`http://127.0.0.1:${closed}/`, { timeoutMs: 2000 })).toMatchObject({
    ok: false,
    detail: 'connection refused',
  });
  expect(await probe.tcp('127.0.0.1', closed, { timeoutMs: 2000 })).toMatchObject({
    ok: false,
    detail: 'connection refused',
  });
});

test('a server that never answers ends at the deadline', async () => {
  const server = createServer(() => {});
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  expect(await endpointProbe(everybody).http(`http://127.0.0.1:${port}/`, { timeoutMs: 200 })).toMatchObject({
    ok: false,
    detail: 'no answer within 0.2 s',
  });
});

test('the address of a machine that nobody has trusted is not asked, and the answer says how to change that', async () => {
  const port = await serve(200);
  const probe = endpointProbe(introducedOnly((address) => (address === '127.0.0.1' ? 'masternode' : undefined)));
  const refused = { ok: false, dialled: '', detail: expect.stringContaining('vmstation node trust masternode') };
  expect(await probe.http(`http://127.0.0.1:${port}/`, { timeoutMs: 2000 })).toMatchObject(refused);
  expect(await probe.tcp('127.0.0.1', port, { timeoutMs: 2000 })).toMatchObject(refused);
});
