import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { ClusterFaults } from '../faults/cluster-faults.ts';
import type { ApiResponse } from '../request/api-request.ts';
import { type ApiHandler, largestBodyBytes } from './api-handler.ts';
import type { ClusterCertificates } from './certificates.ts';

/** The API server's socket on loopback. */
export class ApiServer {
  readonly #server: Server;
  readonly #handler: ApiHandler;
  readonly #faults: ClusterFaults;
  readonly #streams = new Set<() => void>();
  #port = 0;
  #isClosed = false;

  constructor(handler: ApiHandler, faults: ClusterFaults, certificates: ClusterCertificates) {
    this.#handler = handler;
    this.#faults = faults;
    this.#server = createServer({ cert: certificates.certificate, key: certificates.key }, (request, response) => {
      this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on('connection', (socket: Socket) => socket.setNoDelay(true));
    faults.subscribe(() => this.#faultsChanged());
  }

  /** Begins to listen on 127.0.0.1; 0 picks a free port. Returns the port. Rejects with EADDRINUSE. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#faultsChanged();
    return this.#port;
  }

  /** While the fault `api-down` is on, nothing listens and no connection lives. */
  #faultsChanged(): void {
    const down = this.#faults.list().some(({ kind }) => kind === 'api-down');
    if (this.#isClosed || this.#port === 0) return;
    if (!down) {
      if (!this.#server.listening) this.#server.listen(this.#port, '127.0.0.1');
    } else if (this.#server.listening) {
      this.dropStreams();
      this.#server.close();
      this.#server.closeAllConnections();
    }
  }

  /** Ends every open watch and log stream: what a restart of the API server does to clients. */
  dropStreams(): void {
    for (const drop of this.#streams) drop();
    this.#streams.clear();
  }

  async close(): Promise<void> {
    this.dropStreams();
    this.#isClosed = true;
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const slow = this.#faults.take('api-slow');
    if (slow) await new Promise((resolve) => setTimeout(resolve, slow.delayMs));
    const body = await readBody(request);
    const reply = this.#handler.handle({
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      headers: readHeaders(request),
      body,
    });
    this.#send(reply, request, response);
  }

  #send(reply: ApiResponse, request: IncomingMessage, response: ServerResponse): void {
    response.statusCode = reply.code;
    response.setHeader('Cache-Control', 'no-cache, private');
    response.setHeader('Content-Type', reply.contentType ?? 'application/json');
    if ('open' in reply) {
      this.#stream(reply.open, response);
      return;
    }
    for (const warning of reply.warnings ?? []) {
      response.appendHeader('Warning', `299 - "${warning.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`);
    }
    const text = typeof reply.body === 'string' ? reply.body : `${JSON.stringify(reply.body)}\n`;
    const retryAfter = typeof reply.body === 'object' ? reply.body.details : undefined;
    if (
      reply.code === 429 &&
      typeof retryAfter === 'object' &&
      retryAfter !== null &&
      'retryAfterSeconds' in retryAfter
    ) {
      response.setHeader('Retry-After', JSON.stringify(retryAfter.retryAfterSeconds));
    }
    const bytes = Buffer.from(text, reply.isBinary === true ? 'latin1' : 'utf8');
    response.setHeader('Content-Length', bytes.length);
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }

  #stream(open: Extract<ApiResponse, { open: unknown }>['open'], response: ServerResponse): void {
    response.flushHeaders();
    let isOpen = true;
    const end = (): void => {
      if (!isOpen) return;
      isOpen = false;
      this.#streams.delete(drop);
      response.end();
    };
    const stop = open({ write: (text) => isOpen && response.write(text), end });
    const drop = (): void => {
      stop();
      isOpen = false;
      response.destroy();
    };
    this.#streams.add(drop);
    response.once('close', () => {
      stop();
      isOpen = false;
      this.#streams.delete(drop);
    });
    const dropping = this.#faults.take('api-drops-watches');
    if (dropping) setTimeout(drop, dropping.afterMs).unref();
  }
}

const readNames: ReadonlySet<string> = new Set(['authorization', 'accept', 'content-type', 'user-agent']);

function readHeaders({ headersDistinct }: IncomingMessage): Record<string, string | undefined> {
  const read = Object.keys(headersDistinct).filter((name) => readNames.has(name) || name.startsWith('impersonate-'));
  return Object.fromEntries(read.map((name) => [name, headersDistinct[name]?.join(name === 'accept' ? ',' : '\n')]));
}

/** The body's text; of one that is too large only so much that the handler sees that. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (size <= largestBodyBytes) chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  // One character per byte: the few protobuf bodies are read from that.
  return Buffer.concat(chunks).toString(request.headers['content-type']?.includes('protobuf') ? 'latin1' : 'utf8');
}
