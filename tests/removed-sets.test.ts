import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  exampleContext,
  exampleWorkspace,
  fixedReadings,
  type KubeObject,
  type KubePort,
  present,
} from '@vmstation/core';
import { type KubeExchange, kubeConnector, manifestSet, workloadPhase } from '@vmstation/kube';
import { createLabCluster, type LabKubernetes } from '@vmstation/lab';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';

// Removal of what is declared no more, against a cluster in which others have put things of every likeness to ours.

const clock = { now: () => new Date(), sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)) };
const phase = 'application-stack';
const names = ['one', 'two', 'three'] as const;
type Name = (typeof names)[number];

let folder: string;
let lab: LabKubernetes;
let kubeconfigFile: string;
/** Deletions that are still answered; then the connection is gone. */
let deletionsLeft = Number.POSITIVE_INFINITY;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'removed-sets-'));
  const { network, nodes, versions } = exampleWorkspace().cluster;
  const [node] = nodes as readonly [(typeof nodes)[number]];
  lab = await createLabCluster(
    {
      version: versions.kubernetes,
      clusterName: 'c',
      podCidr: network.pods,
      nodePrefix: 24,
      serviceCidr: network.services,
      dnsServiceIp: network.dnsServiceIp,
      clusterDomain: 'cluster.local',
      proxyMode: 'nftables',
      calico: { ipipMode: 'Always', vxlanMode: 'Never', backend: 'bird', blockSize: 26 },
      nodes: [
        {
          name: node.name,
          ip: node.address,
          roles: ['control-plane'],
          capacity: { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '40Gi' },
          osImage: 'Debian GNU/Linux 12 (bookworm)',
          kernelVersion: '6.1.0-37-amd64',
          containerRuntimeVersion: 'containerd://2.2.3',
        },
      ],
    },
    ':memory:',
    {
      host: {
        isUp: () => true,
        statPath: () => undefined,
        makeDirectory: () => undefined,
        changeGroup: () => undefined,
      },
    },
  );
  kubeconfigFile = join(folder, 'kubeconfig');
  await writeFile(kubeconfigFile, lab.adminKubeconfig());
});
afterAll(async () => {
  await lab.close();
  await rm(folder, { recursive: true });
});

/** The API in this process; `as` is the name under which what is applied is written down. */
function connectorOf(as: string) {
  const exchange: KubeExchange = async ({ method, path, headers, body }) => {
    if (method === 'DELETE') {
      if (deletionsLeft === 0) throw new Error('the connection is gone');
      deletionsLeft -= 1;
    }
    const url = path.replace('fieldManager=vmstation', `fieldManager=${as}`);
    const reply = lab.request({ method, url, headers, body: body ?? '' });
    if ('open' in reply) throw new Error('a stream');
    const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
    return { status: reply.code, text, retryAfter: undefined };
  };
  return kubeConnector({ kubeconfigFile, clock, exchange });
}

function map(name: string, namespace: string, metadata: object = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ...metadata }, data: { of: name } };
}

/** One set: something that goes, something cluster-wide that goes, something that holds data. */
function setOf(name: Name, namespace: string, shared: boolean) {
  const labels = { world: namespace };
  const volume: KubeObject = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `${namespace}-${name}`, labels },
    spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/srv' } },
  };
  const role: KubeObject = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: `${namespace}-${name}`, labels },
    rules: [],
  };
  const common = shared ? [map('common', namespace)] : [];
  const objects = [map(`${name}-a`, namespace), map(`${name}-b`, namespace), role, volume, ...common];
  return manifestSet({ phase, name, title: name, why: '', node: undefined, needs: [], objects });
}

function contextOf(connector: ReturnType<typeof connectorOf>, deleteData: readonly string[]) {
  return exampleContext<'infra'>({
    desired: { nodes: new Map() },
    readings: fixedReadings(new Map()),
    facts: { infra: present({ version: 'v1', nodes: [] }) },
    kube: connector,
    deleteData,
  });
}

function phaseOf(declared: readonly ReturnType<typeof setOf>[]) {
  return workloadPhase<typeof phase, 'infra'>({
    name: phase,
    title: 'Applications',
    needs: ['infra'],
    sets: async () => declared,
    whyData: '',
    codes: { data: 'app/data', sets: 'app/deployed', endpoints: 'app/endpoint' },
    waitsFor: () => undefined,
    fact: (_context, ready) => ({ ready }),
  });
}

/** Everything of a world, by kind and name, with uids. */
async function everything(port: KubePort, namespace: string): Promise<ReadonlyMap<string, string>> {
  const lists = await Promise.all([
    port.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace }),
    port.list({ apiVersion: 'v1', kind: 'PersistentVolume', labelSelector: `world=${namespace}` }),
    port.list({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', labelSelector: `world=${namespace}` }),
  ]);
  // The cluster puts its certificate into every namespace by itself, in its own time.
  const objects = lists.flat().filter(({ metadata }) => metadata.name !== 'kube-root-ca.crt');
  return new Map(objects.map(({ kind, metadata }) => [`${kind} ${metadata.name}`, String(metadata['uid'])]));
}

const labelsOf = (owner: string) => ({ 'app.kubernetes.io/managed-by': 'vmstation', 'vmstation.io/owner': owner });

const subset = fc.subarray([...names]);
const world = fc.record({
  declared: subset,
  deleted: subset,
  shared: fc.boolean(),
  interruptedAfter: fc.nat({ max: 12 }),
  foreign: fc.array(
    fc.record({
      owner: fc.constantFrom(...names, 'four'),
      likeness: fc.constantFrom('none', 'managed', 'copy', 'made'),
    }),
    { maxLength: 6 },
  ),
});

let worlds = 0;

test('only what was applied for removed sets goes, however often a removal is cut off, and never what others made', async () => {
  const [connector, others] = [connectorOf('vmstation'), connectorOf('kubectl')];
  const [port, foreignPort] = [await connector.connect(), await others.connect()];
  const perform = async (sets: readonly ReturnType<typeof setOf>[], deleteData: readonly string[]) => {
    const [work, context] = [phaseOf(sets), contextOf(connector, deleteData)];
    const steps = (await work.plan(context)).filter((step) => step.action !== undefined);
    return { steps, results: await work.perform(steps, context, 'run', () => undefined) };
  };
  await fc.assert(
    fc.asyncProperty(world, async ({ declared, deleted, shared, interruptedAfter, foreign }) => {
      worlds += 1;
      const namespace = `world-${worlds}`;
      const sets = names.map((name, index) => setOf(name, namespace, shared && index === 0));
      await port.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }]);
      const applied = await performApplied(connector, sets);
      expect(applied).toEqual(sets.map(() => 'applied'));
      const parent = await port.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'one-a', namespace });
      for (const [index, { owner, likeness }] of foreign.entries()) {
        const labels =
          likeness === 'none'
            ? {}
            : likeness === 'managed'
              ? { 'app.kubernetes.io/managed-by': 'vmstation' }
              : labelsOf(`${phase}.${owner}`);
        const ownerReferences = [
          {
            apiVersion: 'v1',
            kind: 'Namespace',
            name: namespace,
            uid: (await port.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace }))?.metadata['uid'],
          },
        ];
        const object = map(`foreign-${index}`, namespace, {
          labels,
          ...(likeness === 'made' ? { ownerReferences } : {}),
        });
        await (likeness === 'made' ? port : foreignPort).apply([object]);
      }
      expect(parent).toBeDefined();
      const before = await everything(port, namespace);
      // The last declared set takes over what the first one had, where they share something.
      const left = sets.filter(({ name }) => declared.includes(name as Name));
      const removed = names.filter((name) => !declared.includes(name));
      const deleteData = deleted.filter((name) => removed.includes(name));
      deletionsLeft = interruptedAfter;
      await perform(left, deleteData);
      deletionsLeft = Number.POSITIVE_INFINITY;
      await perform(left, deleteData);
      const again = await perform(left, deleteData);
      expect(again.steps.filter(({ title }) => title.endsWith(', removed'))).toEqual([]);
      const after = await everything(port, namespace);
      const gone = [...before.keys()].filter((key) => after.get(key) !== before.get(key)).toSorted();
      const expected = removed.flatMap((name) => [
        `ConfigMap ${name}-a`,
        `ConfigMap ${name}-b`,
        `ClusterRole ${namespace}-${name}`,
        ...(deleteData.includes(name) ? [`PersistentVolume ${namespace}-${name}`] : []),
        ...(shared && name === 'one' ? ['ConfigMap common'] : []),
      ]);
      expect(gone).toEqual(expected.toSorted());
    }),
    { numRuns: 15 },
  );
}, 300_000);

test('what moves from a removed set to another one is not deleted on the way', async () => {
  const connector = connectorOf('vmstation');
  const port = await connector.connect();
  await port.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'moving' } }]);
  const owned = (name: Name) =>
    manifestSet({
      phase,
      name,
      title: name,
      why: '',
      node: undefined,
      needs: [],
      objects: [map('settings', 'moving')],
    });
  await performApplied(connector, [owned('one')]);
  const before = await everything(port, 'moving');
  const [work, context] = [phaseOf([owned('two')]), contextOf(connector, [])];
  const steps = (await work.plan(context)).filter((step) => step.action !== undefined);
  const results = await work.perform(steps, context, 'run', () => undefined);
  expect(results.every(({ outcome }) => outcome === 'changed')).toBe(true);
  expect(results.map(({ stepId }) => stepId)).toContain('application-stack/two');
  expect(await everything(port, 'moving')).toEqual(before);
});

/** Applies sets as a run does, without waiting for claims that nothing binds here. */
async function performApplied(
  connector: ReturnType<typeof connectorOf>,
  sets: readonly ReturnType<typeof setOf>[],
): Promise<readonly string[]> {
  const port = await connector.connect();
  return Promise.all(
    sets.map(async ({ objects }) =>
      (await port.apply(objects)).length === objects.length ? 'applied' : 'not applied',
    ),
  );
}
