import type { RequestOptions } from 'node:https';
import { Agent, request } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

/** One HTTP exchange, for what the official client hides: headers, media types, bodies that are no object. */
export interface WireReply {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON, or undefined when it is none. */
  readonly body: unknown;
}

/** What to send. `path` begins with a slash and may carry a query. */
export interface WireCall {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const known = new WeakMap<KubeConfig, RequestOptions>();

/** Options of a kubeconfig's requests, with connections that are kept. */
async function optionsOf(kubeconfig: KubeConfig): Promise<RequestOptions> {
  const before = known.get(kubeconfig);
  if (before) return before;
  const options: RequestOptions = {};
  await kubeconfig.applyToHTTPSOptions(options);
  const { ca, cert, key, rejectUnauthorized, servername } = options;
  const tls = Object.entries({ ca, cert, key, rejectUnauthorized, servername });
  const given = Object.fromEntries(tls.filter(([, value]) => value !== undefined));
  const kept = { ...options, agent: new Agent({ keepAlive: true, ...given }) };
  known.set(kubeconfig, kept);
  return kept;
}

/** Sends one request with a kubeconfig's address, certificates and credentials. */
export async function wireCall(kubeconfig: KubeConfig, call: WireCall): Promise<WireReply> {
  const cluster = kubeconfig.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig names no cluster');
  const options = await optionsOf(kubeconfig);
  const { method = 'GET', path, body, headers = {} } = call;
  const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const sent = {
    ...(options.headers as Record<string, string>),
    accept: 'application/json',
    'user-agent': 'contract/1.0',
    ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const url = `${cluster.server.replace(/\/+$/u, '')}${path}`;
    const outgoing = request(url, { ...options, method, headers: sent }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ code: incoming.statusCode ?? 0, headers: incoming.headers, text, body: parsed(text) });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
