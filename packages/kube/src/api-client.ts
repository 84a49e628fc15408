import type * as http from 'node:http';
import type { Clock, KubeRef } from '@vmstation/core';
import { AppError } from '@vmstation/core';
import { type ApiResource, objectPath, wellKnownResource } from './api-resources.ts';
import { httpModules } from './http-modules.ts';
import { textAt } from './json-path.ts';
import { isSchemaRefusal, readStatus, refusalError, unreachableError } from './kube-errors.ts';
import type { KubeAccess } from './kubeconfig.ts';
import { ServedKinds, versionNotServed } from './served-kinds.ts';

/** One call of the API. */
export interface ApiCall {
  readonly method: 'GET' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** What the answer may be; plain JSON when left out. */
  readonly mediaType?: string;
  /** A phrase for messages: `apply Deployment monitoring/grafana`. */
  readonly attempted: string;
  /** Statuses that are answers here, not failures: 404 when looking whether something is there. */
  readonly accept?: readonly number[];
  readonly signal?: AbortSignal;
}

/** What came back: the status and the parsed body. */
export interface ApiReply {
  readonly status: number;
  readonly body: unknown;
}

/** One request at the API, for {@link KubeExchange}. */
export interface KubeRequest {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** What a server answered. */
export interface KubeReply {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | undefined;
}

/** Sends one request and brings its answer, in place of a connection of our own: to a cluster in the same process. Rejects as a connection does. */
export type KubeExchange = (request: KubeRequest) => Promise<KubeReply>;

const retryDelaysMs: readonly number[] = [200, 600, 1500];
/** An API server that says when to come back is waited for this long in all, and at most this long at once. */
const patienceMs = 60_000;
const longestAskedMs = 30_000;
/** Answers of a server, or of a proxy before it, that has trouble of its own and may be asked again. */
const passing: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** Talks to one API server over kept connections. All its calls are idempotent, so a lost connection or an overload is tried again. */
export class ApiClient {
  readonly #access: KubeAccess;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #exchange: KubeExchange | undefined;
  readonly #served: ServedKinds;

  constructor(access: KubeAccess, clock: Clock, timeoutMs: number, exchange?: KubeExchange) {
    this.#exchange = exchange;
    this.#access = access;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#served = new ServedKinds((path, mediaType) => this.#discover(path, mediaType));
  }

  /** Throws kube/unreachable, kube/forbidden, kube/conflict, kube/invalid, kube/refused, or the signal's reason. */
  async call(call: ApiCall): Promise<ApiReply> {
    let waitedMs = 0;
    for (let attempt = 0; ; attempt++) {
      let last = attempt >= retryDelaysMs.length;
      const reply = await this.#try(call, last);
      if (reply !== undefined) {
        const body = parseBody(reply.text);
        if (reply.status < 300 || call.accept?.includes(reply.status)) return { status: reply.status, body };
        const asked = Number(reply.retryAfter) * 1000;
        const status = readStatus(reply.status, body);
        if (asked > 0) last = waitedMs + Math.min(asked, longestAskedMs) > patienceMs;
        if (last || !passing.has(reply.status) || isSchemaRefusal(status))
          throw refusalError(status, call.attempted, this.#access.server);
      }
      const asked = Number(reply?.retryAfter) * 1000;
      const pauseMs = asked > 0 ? Math.min(asked, longestAskedMs) : (retryDelaysMs[attempt] ?? 1500);
      waitedMs += pauseMs;
      await this.#clock.sleep(pauseMs, call.signal);
    }
  }

  /** URL path of an object. Throws kube/unknown-kind and kube/version-not-served. */
  async pathOf(ref: KubeRef): Promise<string> {
    return objectPath(ref, await this.resource(ref.apiVersion, ref.kind));
  }

  /** How a kind is addressed, once the server has said that it serves it. Throws kube/unknown-kind and kube/version-not-served. */
  async resource(apiVersion: string, kind: string): Promise<ApiResource> {
    const known = wellKnownResource(apiVersion, kind);
    if (known !== undefined && !apiVersion.includes('/')) return known;
    const found = await this.#find(apiVersion, kind);
    if (found === undefined && known !== undefined) return known;
    if (found !== undefined && found !== 'absent') return found;
    if (known === undefined) throw unknownKind(apiVersion, kind);
    const version = await this.call({ method: 'GET', path: '/version', attempted: 'read the version' });
    const others = await this.#served.otherVersions(apiVersion, kind);
    throw versionNotServed(apiVersion, kind, textAt(version.body, 'gitVersion') ?? 'unknown', others);
  }

  /** False when the server says that it does not serve a kind. */
  async serves(apiVersion: string, kind: string): Promise<boolean> {
    return !apiVersion.includes('/') || (await this.#served.find(apiVersion, kind)) !== 'absent';
  }

  /** What is absent is asked for once more: its CustomResourceDefinition may have been applied a moment ago. */
  async #find(apiVersion: string, kind: string): Promise<ApiResource | 'absent' | undefined> {
    const found = await this.#served.find(apiVersion, kind);
    if (found !== 'absent') return found;
    this.#served.forget();
    return this.#served.find(apiVersion, kind);
  }

  /** A discovery document. An account that may not read it, or a server without it, leaves the question open. */
  async #discover(path: string, mediaType: string): Promise<unknown> {
    const attempted = 'ask the cluster what it serves';
    const reply = await this.call({ method: 'GET', path, mediaType, attempted, accept: [403, 404] });
    return reply.status < 300 ? reply.body : undefined;
  }

  /** Closes kept connections; the client can still be used and opens new ones. */
  close(): void {
    this.#access.agent.destroy();
  }

  async #try(call: ApiCall, last: boolean): Promise<KubeReply | undefined> {
    try {
      return await this.#send(call);
    } catch (cause) {
      call.signal?.throwIfAborted();
      if (last || !isLostConnection(cause)) throw unreachableError(this.#access.server, call.attempted, cause);
      return undefined;
    }
  }

  #send(call: ApiCall): Promise<KubeReply> {
    const { server, options } = this.#access;
    const url = new URL(`${server}${call.path}`);
    for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value);
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const payload = body === undefined ? undefined : Buffer.from(body);
    const headers: http.OutgoingHttpHeaders = {
      ...(options.headers as http.OutgoingHttpHeaders | undefined),
      accept: call.mediaType ?? 'application/json',
      'user-agent': 'vmstation',
      ...(payload === undefined
        ? {}
        : { 'content-type': call.contentType ?? 'application/json', 'content-length': payload.length }),
    };
    if (this.#exchange !== undefined) {
      const texts = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
      const path = `${url.pathname}${url.search}`;
      return this.#exchange({
        method: call.method,
        path,
        headers: Object.fromEntries(texts) as Record<string, string>,
        body,
      });
    }
    const request = url.protocol === 'http:' ? httpModules.http.request : httpModules.https.request;
    const limit = AbortSignal.timeout(this.#timeoutMs);
    const signal = call.signal === undefined ? limit : AbortSignal.any([limit, call.signal]);
    return new Promise((resolve, reject) => {
      const sent = request(url, { ...options, method: call.method, headers, signal }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(chunks).toString('utf8'),
            retryAfter: response.headers['retry-after'],
          }),
        );
      });
      sent.on('error', (error) =>
        reject(limit.aborted ? new Error(`no answer within ${this.#timeoutMs / 1000} s`, { cause: error }) : error),
      );
      sent.end(payload);
    });
  }
}

/** A kept connection that the server closed meanwhile; anything else would fail again at once. */
function isLostConnection(cause: unknown): boolean {
  const code = (cause as NodeJS.ErrnoException).code;
  return code === 'ECONNRESET' || code === 'EPIPE';
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function unknownKind(apiVersion: string, kind: string): AppError {
  return new AppError({
    code: 'kube/unknown-kind',
    kind: 'user',
    message: `The cluster has no kind ${kind} in ${apiVersion}.`,
    tryThis: 'Correct apiVersion and kind, or apply the CustomResourceDefinition that brings it first.',
    context: { apiVersion, kind },
  });
}
