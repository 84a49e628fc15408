import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Serves apt to machines that can reach nothing else: forwards GET to this computer's own apt sources only, and keeps packages. */
export async function startAptProxy(options: {
  address: string;
  port: number;
  sources: readonly string[];
  cache: string;
  /** How long a source may say nothing. */
  silentMs?: number;
}): Promise<Server> {
  await mkdir(options.cache, { recursive: true });
  const silentMs = options.silentMs ?? 60_000;
  const allowed = new Set(options.sources.map((line) => new URL(line.split(' ')[1] ?? '').hostname));
  const server = createServer((request, response) => {
    answer(request, response, { allowed, cache: options.cache, silentMs }).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      response.writeHead(502).end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.address, resolve);
  });
  return server;
}

interface Terms {
  readonly allowed: ReadonlySet<string>;
  readonly cache: string;
  readonly silentMs: number;
}

async function answer(request: IncomingMessage, response: ServerResponse, terms: Terms): Promise<void> {
  const { allowed, cache, silentMs } = terms;
  const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined;
  if (request.method !== 'GET' || url === undefined || !allowed.has(url.hostname)) {
    response.writeHead(403).end('not an apt source of this computer');
    return;
  }
  if (!url.pathname.endsWith('.deb')) {
    await forward(url, request, response, silentMs);
    return;
  }
  const kept = `${cache}/${basename(url.pathname)}`;
  if (!existsSync(kept)) await keep(url, kept, silentMs);
  response.writeHead(200, { 'content-length': (await stat(kept)).size });
  await pipeline(createReadStream(kept), response);
}

const passedHeaders = ['range', 'if-modified-since', 'if-range', 'cache-control', 'user-agent'];

async function forward(url: URL, request: IncomingMessage, response: ServerResponse, silentMs: number): Promise<void> {
  const headers = Object.fromEntries(
    passedHeaders.flatMap((name) => (request.headers[name] === undefined ? [] : [[name, request.headers[name]]])),
  );
  const upstream = await fetchFrom(url, headers, silentMs);
  const back = ['last-modified', 'content-range', 'etag', 'content-type', 'content-length'];
  response.writeHead(
    upstream.statusCode ?? 502,
    Object.fromEntries(
      back.flatMap((name) => (upstream.headers[name] === undefined ? [] : [[name, upstream.headers[name]]])),
    ),
  );
  await pipeline(upstream, response);
}

async function keep(url: URL, path: string, silentMs: number): Promise<void> {
  const upstream = await fetchFrom(url, {}, silentMs);
  if (upstream.statusCode !== 200) throw new Error(`${url.href} answered ${upstream.statusCode}`);
  const part = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}.part`;
  try {
    await pipeline(upstream, createWriteStream(part));
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

function fetchFrom(
  url: URL,
  headers: Record<string, string | string[] | undefined>,
  silentMs: number,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, timeout: silentMs }, resolve);
    // Whatever comes after the answer is told by the answer's own stream as well, and shall not end this program.
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error(`${url.href} said nothing for ${silentMs / 1000} s`)));
  });
}
