import { Agent } from 'node:http';
import { expect, test } from 'vitest';
import { ApiClient, type KubeExchange } from './api-client.ts';
import { ClusterPort } from './cluster-port.ts';

const clock = { now: () => new Date(), sleep: async () => undefined };

/** A server of which only some paths are known; the rest is 404. */
function serverWith(documents: Readonly<Record<string, unknown>>): {
  asked: string[];
  client: ApiClient;
  port: ClusterPort;
} {
  const asked: string[] = [];
  const exchange: KubeExchange = async ({ path }) => {
    asked.push(path);
    const body = documents[path.split('?')[0] ?? ''];
    return { status: body === undefined ? 404 : 200, text: JSON.stringify(body ?? {}), retryAfter: undefined };
  };
  const server = 'https://192.0.2.1:6443';
  const client = new ApiClient({ server, options: {}, agent: new Agent() }, clock, 1000, exchange);
  return { asked, client, port: new ClusterPort(client, clock, server) };
}

const group = (name: string, versions: readonly string[]) => ({
  name,
  versions: versions.map((version) => ({ groupVersion: `${name}/${version}`, version })),
});
const resources = (...kinds: readonly (readonly [kind: string, name: string])[]) => ({
  kind: 'APIResourceList',
  resources: kinds.map(([kind, name]) => ({ kind, name, namespaced: true })),
});

/** As Kubernetes 1.20 answers. */
const old = {
  '/version': { gitVersion: 'v1.20.2' },
  '/apis': {
    kind: 'APIGroupList',
    groups: [group('apps', ['v1']), group('batch', ['v1', 'v1beta1']), group('policy', ['v1beta1'])],
  },
  '/apis/apps/v1': resources(['Deployment', 'deployments'], ['Scale', 'deployments/scale']),
  '/apis/batch/v1': resources(['Job', 'jobs']),
  '/apis/batch/v1beta1': resources(['CronJob', 'cronjobs']),
  '/apis/policy/v1beta1': resources(['PodDisruptionBudget', 'poddisruptionbudgets']),
};

/** As servers since 1.30 answer when asked for everything at once. */
const recent = {
  '/apis': {
    kind: 'APIGroupDiscoveryList',
    items: [
      {
        metadata: { name: 'policy' },
        versions: [
          {
            version: 'v1',
            resources: [
              {
                resource: 'poddisruptionbudgets',
                responseKind: { kind: 'PodDisruptionBudget' },
                scope: 'Namespaced',
              },
            ],
          },
        ],
      },
    ],
  },
};

test('a version that the server does not serve is refused by name, with those that it serves', async () => {
  const { client } = serverWith(old);
  await expect(client.resource('policy/v1', 'PodDisruptionBudget')).rejects.toMatchObject({
    code: 'kube/version-not-served',
    message: 'The cluster (Kubernetes v1.20.2) does not serve PodDisruptionBudget in policy/v1, but in policy/v1beta1.',
  });
  await expect(client.resource('batch/v1', 'CronJob')).rejects.toMatchObject({
    message: 'The cluster (Kubernetes v1.20.2) does not serve CronJob in batch/v1, but in batch/v1beta1.',
  });
  await expect(client.resource('storage.k8s.io/v1', 'StorageClass')).rejects.toMatchObject({
    message: expect.stringContaining('nor in any other version') as string,
  });
  await expect(client.resource('example.org/v1', 'Thing')).rejects.toMatchObject({ code: 'kube/unknown-kind' });
});

test('what is served is used, and the server is asked once', async () => {
  const { client, asked } = serverWith(old);
  expect(await client.resource('batch/v1', 'Job')).toEqual({ plural: 'jobs', namespaced: true });
  expect(await client.resource('batch/v1', 'Job')).toEqual({ plural: 'jobs', namespaced: true });
  expect(await client.resource('v1', 'Secret')).toEqual({ plural: 'secrets', namespaced: true });
  expect(asked).toEqual(['/apis', '/apis/batch/v1']);
});

test('a recent server answers for all groups with one question', async () => {
  const { client, asked } = serverWith(recent);
  const found = await client.resource('policy/v1', 'PodDisruptionBudget');
  expect(found).toEqual({ plural: 'poddisruptionbudgets', namespaced: true });
  expect(asked).toEqual(['/apis']);
});

test('a server that does not tell is believed to serve what is built in', async () => {
  const { client } = serverWith({});
  expect(await client.resource('policy/v1', 'PodDisruptionBudget')).toEqual({
    plural: 'poddisruptionbudgets',
    namespaced: true,
  });
});

test('a version that is not served is no absent object, and prune looks only where something can be', async () => {
  const empty = { items: [] };
  const core = ['services', 'configmaps', 'secrets', 'serviceaccounts', 'pods', 'resourcequotas', 'limitranges'].map(
    (name) => [`/api/v1/${name}`, empty],
  );
  const lists = { '/apis/batch/v1/jobs': empty, '/apis/apps/v1/deployments': empty };
  const { port, asked } = serverWith({ ...old, ...Object.fromEntries(core), ...lists });
  const ref = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', name: 'web', namespace: 'n' };
  await expect(port.get(ref)).rejects.toMatchObject({ code: 'kube/version-not-served' });
  expect(await port.prune('set', [])).toEqual([]);
  expect(asked.some((path) => path.startsWith('/apis/policy/v1/'))).toBe(false);
});
