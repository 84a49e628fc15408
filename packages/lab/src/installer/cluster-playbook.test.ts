import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ClusterOrder, NodeReadiness } from '../daemon/lab-protocol.ts';
import { readInventory, type Variables } from './ansible-inventory.ts';
import { runClusterPlaybook } from './cluster-playbook.ts';
import { KubesprayVariables } from './kubespray-variables.ts';
import { PlaybookOutput } from './playbook-output.ts';

const hosts = `
all:
  hosts:
    cp: {ansible_host: 192.0.2.1, ip: 192.0.2.1}
    w1: {ansible_host: 192.0.2.2, ip: 192.0.2.2, node_labels: {example.org/power: sleeps}}
  children:
    kube_control_plane: {hosts: {cp: {}}}
    etcd: {children: {kube_control_plane: {}}}
    kube_node: {hosts: {w1: {}}}
    k8s_cluster: {children: {kube_control_plane: {}, kube_node: {}}}
`;
const clusterVariables = {
  kube_version: '"1.35.4"',
  kube_pods_subnet: '10.244.0.0/16',
  kube_service_addresses: '10.96.0.0/12',
  kube_proxy_mode: 'nftables',
  kubeconfig_localhost: 'true',
  calico_network_backend: 'bird',
  calico_ipip_mode: 'Always',
  calico_vxlan_mode: 'Never',
};

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'playbook-'));
  write('hosts.yaml', hosts);
  writeVariables(clusterVariables);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function writeVariables(variables: Record<string, string>): void {
  const text = Object.entries(variables).map(([name, value]) => `${name}: ${value}\n`);
  write('group_vars/k8s_cluster/k8s-cluster.yml', text.join(''));
}

function readyNode(ip: string): NodeReadiness {
  return {
    reachable: true,
    because: '',
    addresses: [ip],
    os: 'debian-12',
    kernel: '6.1.0',
    python: true,
    swap: [],
    modules: ['overlay', 'br_netfilter'],
    ipForward: '1',
    clockSkewSeconds: 0,
    memoryMiB: 8192,
  };
}

interface Run {
  readonly code: number;
  readonly events: readonly Record<string, unknown>[];
  readonly order: ClusterOrder | undefined;
}

async function play(found: Partial<NodeReadiness> = {}, changed = true, extra: Variables = {}): Promise<Run> {
  const lines: string[] = [];
  const made: { order?: ClusterOrder } = {};
  const inventory = readInventory(join(folder, 'hosts.yaml'));
  const code = await runClusterPlaybook({
    inventory,
    inventoryDir: folder,
    variablesOf: (host) => new KubesprayVariables(inventory, host, extra),
    machines: {
      readiness: async (node) => (node === 'w1' ? { ...readyNode('192.0.2.2'), ...found } : readyNode('192.0.2.1')),
      createCluster: async (order) => {
        made.order = order;
        return { changed, kubeconfig: 'clusters: []\n' };
      },
    },
    output: new PlaybookOutput((line) => lines.push(line)),
    paceMs: 0,
    sleep: async () => undefined,
  });
  return { code, order: made.order, events: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

function failure(run: Run): string {
  const event = run.events.find(
    (one) => one._event === 'v2_runner_on_failed' || one._event === 'v2_runner_on_unreachable',
  );
  const { task, hosts: results } = event as { task: { name: string }; hosts: Record<string, { msg: string }> };
  return Object.entries(results)
    .map(([host, { msg }]) => `${host}: ${task.name}: ${msg}`)
    .join();
}

test('the cluster is built from the variables alone, and every line is an event of the JSON lines callback', async () => {
  const run = await play();
  expect(run.code).toBe(0);
  expect(run.order).toMatchObject({
    version: '1.35.4',
    podCidr: '10.244.0.0/16',
    serviceCidr: '10.96.0.0/12',
    dnsServiceIp: '10.96.0.3',
    proxyMode: 'nftables',
    calico: { backend: 'bird', ipipMode: 'Always', vxlanMode: 'Never' },
    nodes: [
      { name: 'cp', roles: ['control-plane'], taints: [{ key: 'node-role.kubernetes.io/control-plane' }] },
      { name: 'w1', roles: ['worker'], labels: { 'example.org/power': 'sleeps' }, taints: [] },
    ],
  });
  expect(readFileSync(join(folder, 'artifacts/admin.conf'), 'utf8')).toBe('clusters: []\n');
  expect(run.events.every((event) => typeof event._event === 'string' && typeof event._timestamp === 'string')).toBe(
    true,
  );
  expect(run.events.at(-1)).toMatchObject({
    _event: 'v2_playbook_on_stats',
    stats: { cp: { failures: 0, unreachable: 0 }, w1: { failures: 0 } },
  });
});

test('a lost variable gives Kubespray’s default, and so another cluster', async () => {
  const { kube_pods_subnet: _lost, ...rest } = clusterVariables;
  writeVariables(rest);
  expect((await play()).order?.podCidr).toBe('10.233.64.0/18');
});

test('a second run changes nothing', async () => {
  const { stats } = (await play({}, false)).events.at(-1) as { stats: Record<string, { changed: number; ok: number }> };
  expect(Object.values(stats).map((counts) => counts.changed)).toEqual([0, 0]);
});

test('a host wins over its group, a child group over its parent, the command line over all', () => {
  write('group_vars/all/a.yml', 'one: all\ntwo: all\nthree: all\nfour: no\n');
  write('group_vars/kube_node/b.yml', 'two: child\nthree: child\n');
  write('group_vars/k8s_cluster/c.yml', 'two: parent\n');
  write('host_vars/w1.yml', 'three: host\n');
  const inventory = readInventory(join(folder, 'hosts.yaml'));
  expect(inventory.variablesOf('w1')).toMatchObject({ one: 'all', two: 'child', three: 'host', four: false });
  expect(new KubesprayVariables(inventory, 'w1', { three: 'given' }).text('three')).toBe('given');
  expect(inventory.groupMembers('etcd')).toEqual(['cp']);
});

test.each([
  [{ swap: ['/dev/sda3'] }, 'Stop if swap is on'],
  [{ modules: ['overlay'] }, 'br_netfilter'],
  [{ ipForward: '0' }, 'IP forwarding'],
  [{ clockSkewSeconds: 40 }, 'clock'],
  [{ python: false }, 'python3'],
  [{ addresses: ['192.0.2.9'] }, '192.0.2.2'],
])('a machine that is not prepared fails by name, and nothing is installed: %j', async (found, named) => {
  const run = await play(found);
  expect(run.code).toBe(2);
  expect(failure(run)).toMatch(/^w1: /);
  expect(failure(run)).toContain(named);
  expect(run.order).toBeUndefined();
  expect(existsSync(join(folder, 'artifacts'))).toBe(false);
});

test('a machine that does not answer is unreachable, exit code 4', async () => {
  const run = await play({ reachable: false, because: 'the machine is suspended' });
  expect(run.code).toBe(4);
  expect(failure(run)).toContain('the machine is suspended');
});

test.each([
  ['kube_version', 'v1.35.4', 'leading v'],
  ['kube_version', '1.29.15', 'only support newer'],
  ['kube_pods_subnet', '10.244.1.0/16', 'not a valid network range'],
  ['kube_pods_subnet', '10.96.0.0/16', 'same network segment'],
  ['kube_proxy_mode', 'nftable', 'not supported'],
])('the inventory is refused before any machine is touched: %s = %s', async (name, value, said) => {
  writeVariables({ ...clusterVariables, [name]: `"${value}"` });
  const run = await play();
  expect(run.code).toBe(2);
  expect(failure(run)).toContain(said);
  expect(run.order).toBeUndefined();
});
