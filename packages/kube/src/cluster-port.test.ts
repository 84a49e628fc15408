import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, KubeObject, KubePort } from '@vmstation/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kubeConnector } from './connector.ts';

interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}
type Answer = readonly [status: number, body: unknown];

let folder: string;
let server: Server;
let calls: Call[];
let connections: number;
let answer: (call: Call) => Answer;

const clock: Clock = { now: () => new Date(), sleep: async () => undefined };
const configMap: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', namespace: 'n' },
  data: { a: '1' },
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kube-port-'));
  calls = [];
  connections = 0;
  answer = () => [404, { message: 'not found', reason: 'NotFound' }];
  server = createServer((request, response) => void serve(request, response));
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  await rm(folder, { recursive: true });
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const call = await readCall(request);
  calls.push(call);
  const [status, body] = answer(call);
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function readCall(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(request.url ?? '/', 'http://server');
  const text = Buffer.concat(chunks).toString('utf8');
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  return { method: request.method ?? '', path: url.pathname, query: Object.fromEntries(url.searchParams), body };
}

async function connect(port = (server.address() as AddressInfo).port): Promise<KubePort> {
  const kubeconfigFile = join(folder, 'kubeconfig');
  await writeFile(
    kubeconfigFile,
    `apiVersion: v1
kind: Config
current-context: lab
clusters: [{name: lab, cluster: {server: "http://127.0.0.1:${port}", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: t}}]
contexts: [{name: lab, context: {cluster: lab, user: admin}}]
`,
  );
  return kubeConnector({ kubeconfigFile, clock }).connect();
}

test('without a kubeconfig there is no cluster yet', async () => {
  const connector = kubeConnector({ kubeconfigFile: join(folder, 'absent'), clock });
  await expect(connector.connect()).rejects.toMatchObject({ code: 'kube/no-kubeconfig' });
});

test('a kubeconfig that names no cluster is refused', async () => {
  const kubeconfigFile = join(folder, 'kubeconfig');
  await writeFile(kubeconfigFile, 'apiVersion: v1\nkind: Config\n');
  await expect(kubeConnector({ kubeconfigFile, clock }).connect()).rejects.toMatchObject({
    code: 'kube/bad-kubeconfig',
  });
});

test('an absent object is undefined, a present one is read', async () => {
  const port = await connect();
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'c', namespace: 'n' };
  expect(await port.get(ref)).toBeUndefined();
  answer = () => [200, configMap];
  expect(await port.get(ref)).toEqual(configMap);
  expect(calls.at(-1)?.path).toBe('/api/v1/namespaces/n/configmaps/c');
});

test('apply goes by server-side apply with strict validation, in an order that works, and tells what changed', async () => {
  const live = new Map<string, number>([['/api/v1/namespaces/n/configmaps/c', 4]]);
  answer = (call) => {
    const version = live.get(call.path);
    if (call.method === 'GET') return version === undefined ? [404, {}] : [200, versioned(version)];
    live.set(call.path, version ?? 9);
    return [200, versioned(version ?? 9)];
  };
  const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } };
  const applied = await (await connect()).apply([configMap, namespace]);
  expect(applied.map(({ ref, changed }) => [ref.kind, changed])).toEqual([
    ['ConfigMap', false],
    ['Namespace', true],
  ]);
  const patches = calls.filter((call) => call.method === 'PATCH');
  expect(patches.map((call) => call.path)).toEqual(['/api/v1/namespaces/n', '/api/v1/namespaces/n/configmaps/c']);
  expect(patches[0]?.query).toEqual({ fieldManager: 'vmstation', fieldValidation: 'Strict' });
});

test('a field of another manager is taken over, and that is said', async () => {
  const causes = [
    { reason: 'FieldManagerConflict', field: '.spec.replicas', message: 'conflict with "kubectl" using apps/v1' },
  ];
  answer = (call) => {
    if (call.method === 'PATCH' && call.query['force'] !== 'true')
      return [409, { reason: 'Conflict', message: 'conflict', details: { causes } }];
    return [200, versioned(5)];
  };
  const [applied] = await (await connect()).apply([configMap]);
  expect(applied?.takenOver).toEqual(['.spec.replicas: conflict with "kubectl" using apps/v1']);
});

test('compare is a dry run against the live object and never changes anything', async () => {
  answer = (call) => [200, call.method === 'GET' ? { ...configMap, data: { a: '2' } } : configMap];
  const [difference] = await (await connect()).compare([configMap]);
  expect(difference).toMatchObject({ state: 'differs', differences: [{ path: 'data.a', want: '1', seen: '2' }] });
  expect(calls.filter((call) => call.method !== 'GET').every((call) => call.query['dryRun'] === 'All')).toBe(true);
});

test.each([
  [403, 'kube/forbidden'],
  [409, 'kube/conflict'],
  [422, 'kube/invalid'],
  [500, 'kube/refused'],
])('status %i is %s, with what was attempted', async (status, code) => {
  answer = (call) => (call.method === 'GET' ? [404, {}] : [status, { message: 'the reason', details: {} }]);
  await expect((await connect()).apply([configMap])).rejects.toMatchObject({
    code,
    message: expect.stringMatching(/apply ConfigMap n\/c: .*the reason/) as unknown,
  });
});

test('an overloaded server is asked again', async () => {
  let refusals = 2;
  answer = () => (refusals-- > 0 ? [429, {}] : [200, { gitVersion: 'v1.35.4' }]);
  expect(await (await connect()).serverVersion()).toBe('v1.35.4');
});

test('a server that is not there is unreachable', async () => {
  await expect((await connect(1)).serverVersion()).rejects.toMatchObject({ code: 'kube/unreachable' });
});

test('calls one after the other share a connection', async () => {
  answer = () => [200, { gitVersion: 'v1.35.4' }];
  const port = await connect();
  for (let count = 0; count < 5; count++) await port.serverVersion();
  expect(connections).toBe(1);
  port.close();
});

test('prune removes what we applied for the owner and is not kept, and nothing that a controller made or somebody copied', async () => {
  const labels = { 'app.kubernetes.io/managed-by': 'vmstation', 'vmstation.io/owner': 'set' };
  const fieldsV1 = { 'f:metadata': { 'f:labels': { 'f:vmstation.io/owner': {} } } };
  const managedFields = [{ manager: 'vmstation', operation: 'Apply', fieldsV1 }];
  const copied = { managedFields: [{ manager: 'kubectl-create', operation: 'Update', fieldsV1 }] };
  const item = (name: string, more: object = {}) => ({
    metadata: { name, namespace: 'n', labels, uid: name, managedFields, ...more },
  });
  answer = (call) => {
    if (call.method === 'DELETE') return [200, {}];
    if (call.path.endsWith('/configmaps/old')) return [404, {}];
    if (!call.path.endsWith('/configmaps')) return [200, { items: [] }];
    const items = [item('kept'), item('old'), item('made', { ownerReferences: [{}] }), item('copied', copied)];
    return [200, { items }];
  };
  const keep = [{ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'n', name: 'kept' }];
  const gone = await (await connect()).prune('set', keep);
  expect(gone.map((ref) => ref.name)).toEqual(['old']);
  const removed = calls.filter((call) => call.method === 'DELETE');
  expect(removed.map((call) => call.path)).toEqual(['/api/v1/namespaces/n/configmaps/old']);
  expect(removed[0]?.body).toMatchObject({ preconditions: { uid: 'old' } });
});

test('what is deleted and does not go is told with what holds it', async () => {
  let now = 0;
  const passing: Clock = {
    now: () => new Date(now),
    sleep: async (ms) => {
      now += ms;
    },
  };
  await connect();
  const port = await kubeConnector({ kubeconfigFile: join(folder, 'kubeconfig'), clock: passing }).connect();
  const labels = { 'app.kubernetes.io/managed-by': 'vmstation', 'vmstation.io/owner': 'set' };
  const fieldsV1 = { 'f:metadata': { 'f:labels': { 'f:vmstation.io/owner': {} } } };
  const managedFields = [{ manager: 'vmstation', operation: 'Apply', fieldsV1 }];
  const metadata = { name: 'c', namespace: 'n', labels, uid: 'u', managedFields, finalizers: ['example.org/mine'] };
  answer = (call) => {
    if (call.method === 'DELETE' || call.path.endsWith('/configmaps/c')) return [200, { metadata }];
    return [200, { items: call.path.endsWith('/configmaps') ? [{ metadata }] : [] }];
  };
  await expect(port.prune('set', [])).rejects.toMatchObject({
    code: 'kube/still-there',
    message: 'Deleted, but not gone after 120 s: ConfigMap n/c (held by example.org/mine).',
  });
});

test('waiting ends at the deadline with the reason', async () => {
  let now = 0;
  const kubeconfigClock: Clock = {
    now: () => new Date(now),
    sleep: async (ms) => {
      now += ms;
    },
  };
  await connect();
  const port = await kubeConnector({ kubeconfigFile: join(folder, 'kubeconfig'), clock: kubeconfigClock }).connect();
  const ref = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'data', namespace: 'n' };
  answer = () => [200, { metadata: { name: 'data' }, status: { phase: 'Pending' } }];
  const reasons: string[] = [];
  const options = { timeoutMs: 5000, onReason: (reason: string) => reasons.push(reason) };
  expect(await port.waitReady([ref], options)).toEqual([{ ref, ready: false, reason: 'the claim is Pending' }]);
  expect(reasons).toEqual(['PersistentVolumeClaim n/data: the claim is Pending']);
});

function versioned(resourceVersion: number): object {
  return { metadata: { name: 'c', resourceVersion: String(resourceVersion) } };
}
