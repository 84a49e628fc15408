import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Serves apt to machines that can reach nothing else: forwards GET to this computer's own apt sources only, and keeps packages. */
export async function startAptProxy(options: {
  address: string;
  port: number;
  sources: readonly string[];
  cache: string;
}): Promise<Server> {
  await mkdir(options.cache, { recursive: true });
  const allowed = new Set(options.sources.map((line) => new URL(line.split(' ')[1] ?? '').hostname));
  const server = createServer((request, response) => {
    answer(request, response, allowed, options.cache).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(502);
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.address, resolve);
  });
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  allowed: ReadonlySet<string>,
  cache: string,
): Promise<void> {
  const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined;
  if (request.method !== 'GET' || url === undefined || !allowed.has(url.hostname)) {
    response.writeHead(403).end('not an apt source of this computer');
    return;
  }
  if (!url.pathname.endsWith('.deb')) {
    await forward(url, request, response);
    return;
  }
  const kept = `${cache}/${basename(url.pathname)}`;
  if (!existsSync(kept)) await keep(url, kept);
  response.writeHead(200, { 'content-length': (await stat(kept)).size });
  await pipeline(createReadStream(kept), response);
}

const passedHeaders = ['range', 'if-modified-since', 'if-range', 'cache-control', 'user-agent'];

async function forward(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const headers = Object.fromEntries(
    passedHeaders.flatMap((name) => (request.headers[name] === undefined ? [] : [[name, request.headers[name]]])),
  );
  const upstream = await fetchFrom(url, headers);
  const back = ['last-modified', 'content-range', 'etag', 'content-type', 'content-length'];
  response.writeHead(
    upstream.statusCode ?? 502,
    Object.fromEntries(
      back.flatMap((name) => (upstream.headers[name] === undefined ? [] : [[name, upstream.headers[name]]])),
    ),
  );
  await pipeline(upstream, response);
}

async function keep(url: URL, path: string): Promise<void> {
  const upstream = await fetchFrom(url, {});
  if (upstream.statusCode !== 200) throw new Error(`${url.href} answered ${upstream.statusCode}`);
  const part = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}.part`;
  await pipeline(upstream, createWriteStream(part));
  await rename(part, path);
}

function fetchFrom(url: URL, headers: Record<string, string | string[] | undefined>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { headers, timeout: 60_000 }, resolve).once('error', reject);
  });
}
