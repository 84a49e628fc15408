import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { declareApplicationStack } from '@vmstation/cluster-application-stack';
import { declareMonitorStack, monitorSets } from '@vmstation/cluster-monitor-stack';
import { type Clock, exampleWorkspace, type KubeObject, type KubePort, Secret, type Step } from '@vmstation/core';
import {
  kubeConnector,
  type ManifestSet,
  manifestSet,
  manifestSetFindings,
  performManifestSets,
  planManifestSets,
  refOf,
  showRef,
} from '@vmstation/kube';
import {
  createLabCluster,
  type LabClusterConfig,
  type LabKubernetes,
  type NodeHost,
  type PathFacts,
} from '@vmstation/lab';
import { afterAll, beforeAll, expect, test } from 'vitest';

const clock: Clock = {
  now: () => new Date(),
  sleep: (ms) =>
    new Promise((resolve) => {
      setTimeout(resolve, ms);
    }),
};
const workspace = exampleWorkspace();
const secrets = { get: async (name: string) => new Secret(`value of ${name}`) };
const down = new Set<string>();
const paths = new Map<string, PathFacts>();

const host: NodeHost = {
  isUp: (node) => !down.has(node),
  statPath: (node, path) => paths.get(`${node}:${path}`),
  makeDirectory: (node, path, mode) => {
    paths.set(`${node}:${path}`, { kind: 'directory', uid: 0, gid: 0, mode });
  },
  changeGroup: (node, path, gid) => {
    const facts = paths.get(`${node}:${path}`);
    if (facts !== undefined) paths.set(`${node}:${path}`, { ...facts, gid });
  },
};

let folder: string;
let lab: LabKubernetes;
let port: KubePort;
let connector: ReturnType<typeof kubeConnector>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kube-lab-'));
  for (const { node, resource } of [...declareMonitorStack(workspace), ...declareApplicationStack(workspace)]) {
    if (resource.kind !== 'directory') continue;
    const facts = { kind: 'directory', uid: Number(resource.owner), gid: Number(resource.group), mode: 0o750 } as const;
    paths.set(`${node}:${resource.path}`, facts);
  }
  for (const { name } of workspace.cluster.nodes)
    for (const path of ['/', '/var/log'])
      paths.set(`${name}:${path}`, { kind: 'directory', uid: 0, gid: 0, mode: 0o755 });
  lab = await createLabCluster(clusterConfig(), ':memory:', { host });
  const kubeconfigFile = join(folder, 'kubeconfig');
  await writeFile(kubeconfigFile, lab.adminKubeconfig());
  connector = kubeConnector({ kubeconfigFile, clock });
  port = await connector.connect();
  await port.waitReady([{ apiVersion: 'v1', kind: 'ServiceAccount', name: 'default', namespace: 'default' }], {
    timeoutMs: 10_000,
  });
});

afterAll(async () => {
  port.close();
  await lab.close();
  await rm(folder, { recursive: true });
});

function clusterConfig(): LabClusterConfig {
  const { network, nodes, versions } = workspace.cluster;
  return {
    version: versions.kubernetes,
    clusterName: workspace.cluster.name,
    podCidr: network.pods,
    nodePrefix: 24,
    serviceCidr: network.services,
    dnsServiceIp: network.dnsServiceIp,
    clusterDomain: 'cluster.local',
    proxyMode: 'nftables',
    calico: { ipipMode: 'Always', vxlanMode: 'Never', backend: 'bird', blockSize: 26 },
    nodes: nodes.map((node) => {
      const leads = node.roles.includes('control-plane');
      return {
        name: node.name,
        ip: node.address,
        roles: [leads ? 'control-plane' : 'worker'],
        ...(leads ? { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' as const }] } : {}),
        capacity: { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '40Gi' },
        osImage: 'Debian GNU/Linux 12 (bookworm)',
        kernelVersion: '6.1.0-37-amd64',
        containerRuntimeVersion: 'containerd://2.2.3',
      };
    }),
  };
}

function setOf(name: string, objects: readonly KubeObject[]): ManifestSet {
  return manifestSet({
    phase: 'application-stack',
    name,
    title: name,
    why: 'a test',
    node: undefined,
    needs: [],
    objects,
  });
}

function web(name: string, image = 'docker.io/library/nginx:1.27', replicas = 1): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image }] } },
    },
  };
}

function map(name: string, data: Record<string, string>): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data };
}

const plan = (sets: readonly ManifestSet[]) => planManifestSets(sets, { kube: connector, unknownUntil: undefined });

async function perform(sets: readonly ManifestSet[], steps: readonly Step[], timeoutMs = 20_000) {
  const lines: string[] = [];
  const results = await performManifestSets(sets, steps, {
    kube: connector,
    progress: (_step, line) => lines.push(line),
    signal: new AbortController().signal,
    timeoutMs,
  });
  return { results, lines };
}

test('the whole monitoring stack is accepted, becomes ready, and then nothing is left to do or written', async () => {
  const sets = await monitorSets({ workspace, secrets });
  for (const step of await plan(sets)) {
    expect(step.effect).toBe('change');
    const { results } = await perform(sets, [step]);
    expect(results[0]?.reason).toBeUndefined();
    expect(results[0]?.outcome).toBe('changed');
  }
  const written = JSON.stringify(lab.counters);
  expect((await plan(sets)).filter((step) => step.action !== undefined)).toEqual([]);
  const findings = await manifestSetFindings(sets, connector, 'monitoring/component');
  expect(findings.filter((finding) => finding.state !== 'ok')).toEqual([]);
  expect(JSON.stringify(lab.counters)).toBe(written);
});

test('a changed object is found by its path, and put right without touching the rest', async () => {
  const sets = await monitorSets({ workspace, secrets });
  const prometheus = sets.filter((set) => set.name === 'prometheus');
  const path = '/api/v1/namespaces/monitoring/services/prometheus';
  const headers = { 'content-type': 'application/merge-patch+json' };
  asAdministrator(path, JSON.stringify({ spec: { selector: { 'app.kubernetes.io/name': 'other' } } }), headers);
  const [step] = await plan(prometheus);
  expect(step?.changes).toEqual([
    {
      target: 'Service monitoring/prometheus',
      attribute: 'spec.selector["app.kubernetes.io/name"]',
      want: 'prometheus',
      seen: 'other',
    },
  ]);
  const { results } = await perform(prometheus, [step as Step]);
  expect(results[0]?.outcome).toBe('changed');
  expect((await plan(prometheus))[0]?.effect).toBe('none');
});

test('a field that the schema lacks is refused before anything is applied, and blocks its own set alone', async () => {
  const faulty: KubeObject = { ...map('faulty', { a: '1' }), dta: {} };
  await expect(port.compare([faulty])).rejects.toMatchObject({ code: 'kube/invalid' });
  const steps = await plan([setOf('faulty', [map('fine', {}), faulty]), setOf('sound', [map('sound', {})])]);
  expect(steps.map((step) => step.blockedBy?.code)).toEqual(['kube/invalid', undefined]);
  expect(await port.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'fine', namespace: 'default' })).toBeUndefined();
});

test('what a set no longer has is announced, then removed; what others made stays', async () => {
  const before = [setOf('pruned', [map('stays', { a: '1' }), map('goes', { a: '1' })])];
  await perform(before, await plan(before));
  await port.apply([map('foreign', { a: '1' })]);
  const after = [setOf('pruned', [map('stays', { a: '1' })])];
  const steps = await plan(after);
  expect(steps[0]?.changes).toEqual([
    { target: 'ConfigMap default/goes', attribute: 'object', want: 'absent', seen: 'present' },
  ]);
  const { results } = await perform(after, steps);
  expect(results[0]?.outcome).toBe('changed');
  const names = (await port.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' })).map((object) =>
    showRef(refOf(object)),
  );
  expect(names.filter((name) => /goes|stays|foreign/.test(name))).toHaveLength(2);
});

test('a pod that cannot be scheduled fails its step with the scheduler’s words', async () => {
  const object = web('nowhere');
  const spec = object['spec'] as { template: { spec: object } };
  const template = { ...spec.template, spec: { ...spec.template.spec, nodeSelector: { disk: 'none' } } };
  const sets = [setOf('nowhere', [{ ...object, spec: { ...spec, template } }])];
  const { results } = await perform(sets, await plan(sets), 1500);
  expect(results[0]).toMatchObject({ outcome: 'failed', error: { code: 'kube/not-ready' } });
  expect(results[0]?.reason).toMatch(/Deployment default\/nowhere: .*not scheduled: 0\/3 nodes are available/);
});

test('a volume whose directory is missing fails its step with the kubelet’s words', async () => {
  paths.delete('masternode:/srv/monitoring/loki');
  const loki = (await monitorSets({ workspace, secrets })).filter((set) => set.name === 'loki');
  const ref = { apiVersion: 'v1', kind: 'Pod', namespace: 'monitoring', labelSelector: 'app.kubernetes.io/name=loki' };
  for (const pod of await port.list(ref))
    asAdministrator(`/api/v1/namespaces/monitoring/pods/${pod.metadata.name}`, undefined, {}, 'DELETE');
  const steps = await plan(loki);
  const { results } = await perform(loki, steps, 2500);
  expect(results[0]?.outcome).toBe('failed');
  expect(results[0]?.reason).toMatch(/FailedMount|\/srv\/monitoring\/loki/);
});

test('a DaemonSet is ready without the node that sleeps, and says so', async () => {
  const exporters = (await monitorSets({ workspace, secrets })).filter((set) => set.name === 'node-exporter');
  const status = { status: { conditions: [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }] } };
  const headers = { 'content-type': 'application/strategic-merge-patch+json' };
  down.add('homelab');
  try {
    asAdministrator('/api/v1/nodes/homelab/status', JSON.stringify(status), headers);
    const [finding] = await manifestSetFindings(exporters, connector, 'monitoring/component');
    expect(finding).toMatchObject({ state: 'ok', evidence: expect.stringContaining('homelab') as string });
  } finally {
    down.delete('homelab');
  }
});

/** A call that the product itself never makes, through the lab's own door. */
function asAdministrator(
  path: string,
  body: string | undefined,
  headers: Readonly<Record<string, string>>,
  method = 'PATCH',
): void {
  const token = /token: ([^\s}]+)/.exec(lab.adminKubeconfig())?.[1] ?? '';
  const { code } = lab.request({
    method,
    url: path,
    headers: { ...headers, authorization: `Bearer ${token}` },
    body: body ?? '',
  });
  expect(code).toBeLessThan(300);
}
