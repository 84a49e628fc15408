import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, get, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startAptProxy } from './apt-proxy.ts';

// A source of apt on loopback, and the proxy before it.

function portOf(server: Server): number {
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function proxyBefore(answer: RequestListener): Promise<(path: string) => Promise<string>> {
  const cache = mkdtempSync(join(tmpdir(), 'vmstation-apt-'));
  onTestFinished(() => rmSync(cache, { recursive: true, force: true }));
  const source = createServer(answer);
  await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${portOf(source)}`;
  const proxy = await startAptProxy({
    address: '127.0.0.1',
    port: 0,
    sources: [`deb ${base} stable main`],
    cache,
    silentMs: 200,
  });
  const port = portOf(proxy);
  return (path) =>
    new Promise((resolve) => {
      const asked = get(
        { host: '127.0.0.1', port, path: path.startsWith('/') ? `${base}${path}` : path },
        (response) => {
          let text = '';
          response.on('data', (chunk) => (text += chunk));
          response.on('error', () => resolve(`${response.statusCode} cut off`));
          response.on('end', () => resolve(`${response.statusCode} ${text}`));
        },
      );
      asked.on('error', (error) => resolve(error.message));
    });
}

test('a package is fetched once, an index every time, and nothing of another host', async () => {
  const asked: string[] = [];
  const fetched = await proxyBefore((request, response) => {
    asked.push(request.url ?? '');
    response.end('content');
  });
  expect(await fetched('/one.deb')).toBe('200 content');
  expect(await fetched('/one.deb')).toBe('200 content');
  expect(await fetched('/InRelease')).toBe('200 content');
  expect(await fetched('/InRelease')).toBe('200 content');
  expect(asked).toEqual(['/one.deb', '/InRelease', '/InRelease']);
  expect(await fetched('http://elsewhere.invalid/one.deb')).toMatch(/^403/);
});

test('a source that hangs up, in the middle or before, or says nothing is told as such, and the next is served', async () => {
  const fetched = await proxyBefore((request, response) => {
    if (request.url?.startsWith('/silent') === true) return;
    if (request.url?.startsWith('/cut') === true) {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('some', () => response.destroy());
      return;
    }
    if (request.url?.startsWith('/gone') === true) response.destroy();
    else response.end('content');
  });
  expect(await fetched('/gone')).toMatch(/^502 /);
  expect(await fetched('/cut.deb')).toMatch(/^502 /);
  expect(await fetched('/cut')).toMatch(/^200 cut off/);
  expect(await fetched('/silent')).toMatch(/^502 .*said nothing/);
  expect(await fetched('/silent.deb')).toMatch(/^502 .*said nothing/);
  expect(await fetched('/whole.deb')).toBe('200 content');
});
