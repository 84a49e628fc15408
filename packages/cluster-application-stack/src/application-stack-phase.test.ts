import {
  exampleContext,
  exampleReading,
  exampleWorkspace,
  fixedReadings,
  type KubeObject,
  type KubePort,
  type KubeRef,
  mergeDeclarations,
  missing,
  type NodeReading,
  orderPhases,
  type PhaseContext,
  type ProbeAnswer,
  present,
  Secret,
  type Workspace,
} from '@vmstation/core';
import { refKey, refOf } from '@vmstation/kube';
import { expect, test } from 'vitest';
import { applicationStackPhase } from './application-stack-phase.ts';
import { declareApplicationStack } from './declare-application-stack.ts';

type Context = PhaseContext<'setup' | 'infra' | 'config' | 'monitor-stack'>;

interface Given {
  readonly workspace?: Workspace;
  readonly asleep?: readonly string[];
  readonly parts?: Partial<Context>;
  readonly facts?: Partial<Context['facts']>;
  readonly answer?: ProbeAnswer;
}

const facts: Context['facts'] = {
  setup: present({ nodes: [], asleep: [] }),
  infra: present({ version: 'v1.35.4', nodes: [] }),
  config: present({ nodes: [] }),
  'monitor-stack': present({ namespace: 'monitoring', ready: [] }),
};

const answered: ProbeAnswer = {
  ok: true,
  detail: '200',
  status: 200,
  dialled: '127.0.0.1:1',
  standIn: undefined,
  body: '',
};

/** A cluster that takes what is applied; what `unready` names never becomes ready. */
function memoryCluster(unready: readonly string[] = []): KubePort {
  const live = new Map<string, KubeObject>();
  const readiness = (ref: KubeRef) => {
    const ready = !unready.includes(`${ref.kind} ${ref.name}`);
    return { ref, ready, reason: ready ? 'ready' : 'ImagePullBackOff' };
  };
  return {
    serverVersion: async () => 'v1.35.4',
    get: async (ref) => live.get(refKey(ref)),
    list: async ({ apiVersion, kind }) =>
      [...live.values()].filter((object) => object.apiVersion === apiVersion && object.kind === kind),
    compare: async (objects) =>
      objects.map((object) => {
        const seen = live.get(refKey(refOf(object)));
        const state =
          seen === undefined ? 'absent' : JSON.stringify(seen) === JSON.stringify(object) ? 'equal' : 'differs';
        return { ref: refOf(object), state, differences: [] } as const;
      }),
    apply: async (objects) => {
      for (const object of objects) live.set(refKey(refOf(object)), object);
      return objects.map((object) => ({ ref: refOf(object), changed: true, resourceVersion: '1' }));
    },
    prune: async () => [],
    waitReady: async (refs) => refs.map(readiness),
    close: () => undefined,
  };
}

function contextOf(port: KubePort, given: Given = {}): Context {
  const { workspace = exampleWorkspace(), asleep = [], answer = answered } = given;
  const { nodes } = workspace.cluster;
  const desired = mergeDeclarations(
    nodes.map(({ name }) => name),
    declareApplicationStack(workspace),
  );
  const sleeping: NodeReading = { state: 'asleep', evidence: 'no answer, put to sleep at 08:00', since: undefined };
  const readings = fixedReadings(
    new Map(nodes.map((node) => [node.name, asleep.includes(node.name) ? sleeping : exampleReading(node, desired)])),
  );
  return exampleContext({
    workspace,
    desired,
    readings,
    facts: { ...facts, ...given.facts },
    kube: { connect: async () => port },
    secrets: { get: async () => new Secret('a password'), has: async () => true },
    probe: { http: async () => answer, tcp: async () => answer },
    ...given.parts,
  });
}

async function deploy(context: Context) {
  const steps = (await applicationStackPhase.plan(context)).filter(({ action }) => action?.type === 'manifests');
  return applicationStackPhase.perform(steps, context, 'run', () => undefined);
}

function withFolder(image: string): Workspace {
  const workspace = exampleWorkspace();
  const [jellyfin] = workspace.cluster.apps as readonly [Workspace['cluster']['apps'][number]];
  const whoami = { ...jellyfin, name: 'whoami', kind: 'folder', namespace: 'whoami', node: 'masternode' } as const;
  const text = `apiVersion: v1\nkind: Pod\nmetadata: { name: whoami }\nspec: { containers: [{ name: w, image: "${image}" }] }\n`;
  return {
    ...workspace,
    cluster: { ...workspace.cluster, apps: [...workspace.cluster.apps, whoami] },
    apps: [{ name: 'whoami', path: 'apps/whoami', manifests: [{ origin: 'apps/whoami/pod.yaml', text }] }],
  };
}

test('monitoring comes before applications, in whatever order phases are listed', () => {
  const others = (['setup', 'infra', 'config'] as const).map((name) => ({ name, needs: [] }));
  const monitoring = { name: 'monitor-stack', needs: ['config'] } as const;
  const order = orderPhases([applicationStackPhase, monitoring, ...others]).map(({ name }) => name);
  expect(order.indexOf('monitor-stack')).toBeLessThan(order.indexOf('application-stack'));
  expect(() => orderPhases([applicationStackPhase, ...others])).toThrow('application-stack needs monitor-stack');
});

test('nothing is applied before monitoring is there', async () => {
  const because = missing('monitor-stack', 'monitoring/component', 'Grafana is not ready');
  const context = contextOf(memoryCluster(), { facts: { 'monitor-stack': because } });
  const sets = (await applicationStackPhase.plan(context)).filter(({ action }) => action?.type === 'manifests');
  expect(sets.map(({ id, effect, unknownUntil }) => [id, effect, unknownUntil])).toEqual([
    ['application-stack/jellyfin', 'unknown', 'monitor-stack'],
    ['application-stack/minecraft', 'unknown', 'monitor-stack'],
  ]);
});

test('without a cluster that is what everything waits for', async () => {
  const because = missing('infra', 'infra/api', 'no cluster yet');
  const context = contextOf(memoryCluster(), { facts: { infra: because } });
  const steps = await applicationStackPhase.plan(context);
  expect(steps.filter(({ unknownUntil }) => unknownUntil === 'infra')).toHaveLength(2);
  expect(await applicationStackPhase.observe(context)).toMatchObject({ missing: true, code: 'infra/api' });
});

test('directories come first, owned by numbers, and an application needs its own', async () => {
  expect(declareApplicationStack(exampleWorkspace()).map(({ node, resource }) => [node, resource])).toEqual([
    ['storagenodet3500', { kind: 'directory', path: '/var/lib/jellyfin', owner: '1000', group: '1000', mode: '0750' }],
    ['homelab', { kind: 'directory', path: '/var/lib/minecraft', owner: '1000', group: '1000', mode: '0750' }],
  ]);
  const steps = await applicationStackPhase.plan(contextOf(memoryCluster()));
  const ids = steps.map(({ id }) => id);
  expect(steps.flatMap(({ needs }) => needs.steps).every((need) => ids.includes(need))).toBe(true);
  expect(steps.find(({ id }) => id === 'application-stack/jellyfin')?.needs.steps).toEqual([
    'application-stack/jellyfin-data/storagenodet3500',
  ]);
});

test('applied once, a second plan has nothing to do', async () => {
  const context = contextOf(memoryCluster());
  expect((await deploy(context)).map(({ outcome }) => outcome)).toEqual(['changed', 'changed']);
  expect((await applicationStackPhase.plan(context)).map(({ effect }) => effect)).toEqual(Array(4).fill('none'));
  expect(await applicationStackPhase.observe(context)).toEqual(present({ ready: ['jellyfin', 'minecraft'] }));
});

test('an application whose node sleeps is queued, and the others are applied', async () => {
  const port = memoryCluster();
  const context = contextOf(port, { asleep: ['homelab'] });
  const steps = await applicationStackPhase.plan(context);
  expect(steps.filter(({ blockedBy }) => blockedBy?.asleep === true).map(({ id }) => id)).toEqual([
    'application-stack/minecraft-data/homelab',
    'application-stack/minecraft',
  ]);
  await deploy(context);
  expect(await applicationStackPhase.observe(context)).toEqual(present({ ready: ['jellyfin'] }));
  const findings = await applicationStackPhase.verify(context);
  expect(findings.filter(({ node }) => node === 'homelab').map(({ state }) => state)).toEqual(Array(3).fill('asleep'));
});

test('a pod that does not become ready fails its application with the reason, and the fact is missing', async () => {
  const context = contextOf(memoryCluster(['StatefulSet minecraft']));
  const [jellyfin, minecraft] = await deploy(context);
  expect(jellyfin?.outcome).toBe('changed');
  expect(minecraft).toMatchObject({ outcome: 'failed', error: { code: 'kube/not-ready' } });
  expect(minecraft?.reason).toContain('ImagePullBackOff');
  expect(await applicationStackPhase.observe(context)).toMatchObject({ missing: true, code: 'app/deployed' });
  const failed = (await applicationStackPhase.verify(context)).filter(({ state }) => state === 'failed');
  expect(failed.map(({ code, title }) => [code, title])).toEqual([['app/deployed', 'Minecraft']]);
  // It is applied as declared: running the phase again would repair nothing.
  expect(failed[0]?.tryThis).toBe('Mend what the reason names; it becomes ready by itself then.');
});

test('an application that was not applied is failed, never fine', async () => {
  const findings = await applicationStackPhase.verify(contextOf(memoryCluster()));
  expect(findings.filter(({ code }) => code === 'app/deployed').map(({ state }) => state)).toEqual([
    'failed',
    'failed',
  ]);
});

test('an answer of a stand-in is not proved, and no answer is failed', async () => {
  const states = async (answer: ProbeAnswer) =>
    (await applicationStackPhase.verify(contextOf(memoryCluster(), { answer })))
      .filter(({ code }) => code === 'app/endpoint')
      .map(({ state }) => state);
  expect(await states({ ...answered, standIn: 'jellyfin' })).toEqual(['not-proved', 'not-proved']);
  expect(await states({ ...answered, ok: false, detail: 'refused' })).toEqual(['failed', 'failed']);
});

test('a folder with a loose image is blocked with its place, and the others are applied', async () => {
  const context = contextOf(memoryCluster(), { workspace: withFolder('traefik/whoami') });
  const steps = await applicationStackPhase.plan(context);
  const whoami = steps.find(({ id }) => id === 'application-stack/whoami');
  expect(whoami?.blockedBy?.code).toBe('app-folder/unpinned-image');
  expect(whoami?.blockedBy?.reason).toContain('apps/whoami/pod.yaml:4: ');
  expect((await deploy(context)).map(({ outcome }) => outcome)).toEqual(['changed', 'changed', 'blocked']);
});

test('objects of a folder carry the owner and live in a namespace that is made for them', async () => {
  const port = memoryCluster();
  await deploy(contextOf(port, { workspace: withFolder('traefik/whoami:v1.11.0') }));
  const pod = await port.get({ apiVersion: 'v1', kind: 'Pod', name: 'whoami', namespace: 'whoami' });
  expect(pod?.metadata.labels).toMatchObject({ 'vmstation.io/owner': 'application-stack.whoami' });
  expect(await port.get({ apiVersion: 'v1', kind: 'Namespace', name: 'whoami' })).toBeDefined();
});

test('a shared namespace is brought by one application, on a node that never sleeps, and the others need it', async () => {
  const workspace = withFolder('traefik/whoami:v1.11.0');
  const apps = workspace.cluster.apps.map((app) => ({ ...app, namespace: 'shared' }));
  const context = contextOf(memoryCluster(), { workspace: { ...workspace, cluster: { ...workspace.cluster, apps } } });
  const steps = await applicationStackPhase.plan(context);
  const needing = steps.filter(({ needs }) => needs.steps.includes('application-stack/whoami'));
  expect(needing.map(({ id }) => id)).toEqual(['application-stack/jellyfin', 'application-stack/minecraft']);
  expect(steps.filter(({ changes }) => changes.some(({ target }) => target === 'Namespace shared'))).toHaveLength(1);
});

test('two applications that declare one object: the later is blocked', async () => {
  const workspace = withFolder('traefik/whoami:v1.11.0');
  const [folder] = workspace.apps as readonly [Workspace['apps'][number]];
  const twin = { ...(workspace.cluster.apps[2] as Workspace['cluster']['apps'][number]), name: 'twin' };
  const cluster = { ...workspace.cluster, apps: [...workspace.cluster.apps, twin] };
  const context = contextOf(memoryCluster(), {
    workspace: { ...workspace, cluster, apps: [folder, { ...folder, name: 'twin' }] },
  });
  const blocked = (await applicationStackPhase.plan(context)).filter(({ blockedBy }) => blockedBy !== undefined);
  expect(blocked.map(({ id, blockedBy }) => [id, blockedBy?.reason])).toEqual([
    ['application-stack/twin', 'twin and whoami both declare Pod whoami/whoami'],
  ]);
});
