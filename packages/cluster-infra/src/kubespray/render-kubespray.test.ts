import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, exampleCluster as example } from '@vmstation/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { type KubesprayAccess, renderKubespray } from './render-kubespray.ts';

const access: KubesprayAccess = {
  knownHostsFile: 'known_hosts',
  configFile: undefined,
  identityFile: 'ssh/id_ed25519',
};
const exampleCluster = example();
const golden = join(import.meta.dirname, '../fixtures/inventory');

function render(cluster: Cluster, how = access): Map<string, string> {
  return new Map(renderKubespray(cluster, cluster.versions, how).map((file) => [file.path, file.content]));
}

function variables(cluster: Cluster): Record<string, unknown> {
  return Object.assign(
    {},
    ...[...render(cluster)]
      .filter(([path]) => path.startsWith('group_vars'))
      .map(([, content]) => parse(content) as Record<string, unknown>),
  ) as Record<string, unknown>;
}

test('the example cluster renders to the committed files, byte for byte', async () => {
  const files = render(exampleCluster);
  for (const [path, content] of files) await expect(content).toMatchFileSnapshot(join(golden, path));
  const committed = readdirSync(golden, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(golden.length + 1));
  expect(committed.sort()).toEqual([...files.keys()].sort());
});

test('the rendered ranges, version and network modes are those of the model, whatever they are', () => {
  const range = fc
    .tuple(fc.integer({ min: 1, max: 223 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 9, max: 16 }))
    .map(([first, , prefix]) => `${first}.0.0.0/${prefix}`);
  fc.assert(
    fc.property(
      range,
      range,
      fc.constantFrom('ipip', 'vxlan', 'none'),
      fc.boolean(),
      fc.integer({ min: 33, max: 35 }),
      (pods, services, encapsulation, bgp, minor) => {
        const kubernetes = `1.${minor}.0`;
        const cluster: Cluster = {
          ...exampleCluster,
          network: { ...exampleCluster.network, pods, services, cni: { plugin: 'calico', encapsulation, bgp } },
          versions: { ...exampleCluster.versions, kubernetes },
        };
        const rendered = variables(cluster);
        expect(rendered).toMatchObject({
          kube_pods_subnet: pods,
          kube_service_addresses: services,
          kube_version: kubernetes,
        });
        const { calico_ipip_mode: ipip, calico_vxlan_mode: vxlan, calico_network_backend: backend } = rendered;
        expect(ipip === 'Always' && vxlan === 'Always').toBe(false);
        expect(backend).toBe(bgp || vxlan === 'Never' ? 'bird' : 'vxlan');
      },
    ),
  );
});

test('a version and names that YAML could take for numbers or booleans stay text', () => {
  const renamed = exampleCluster.nodes.map((node, index) => (index === 1 ? { ...node, name: 'no' } : node));
  const cluster = {
    ...exampleCluster,
    nodes: renamed,
    versions: { ...exampleCluster.versions, kubernetes: 'v1.40' },
  };
  // Ansible reads YAML 1.1, where `no` is a boolean.
  const inventory = parse(render(cluster).get('hosts.yaml') ?? '', { version: '1.1' }) as {
    all: { hosts: Record<string, unknown> };
  };
  expect(Object.keys(inventory.all.hosts)).toContain('no');
  expect(render(cluster).get('hosts.yaml')).toContain('"no":');
  expect(variables(cluster).kube_version).toBe('1.40');
});

test('only members of the cluster are in the inventory; the control plane takes no work unless it is a worker too', () => {
  const [master, storage, homelab] = exampleCluster.nodes;
  if (master === undefined || storage === undefined || homelab === undefined) throw new Error('three nodes');
  const cluster: Cluster = {
    ...exampleCluster,
    nodes: [{ ...master, roles: ['control-plane', 'worker'] }, storage, { ...homelab, roles: ['storage'] }],
  };
  const { all } = parse(render(cluster).get('hosts.yaml') ?? '') as {
    all: { hosts: object; children: Record<string, { hosts: object }> };
  };
  expect(Object.keys(all.hosts)).toEqual(['masternode', 'storagenodet3500']);
  expect(Object.keys(all.children.kube_node?.hosts ?? {})).toEqual(['masternode', 'storagenodet3500']);
});

test('the machine itself is reached locally; the others by the workspace’s own key, port and ssh_config', () => {
  const [master, storage, homelab] = exampleCluster.nodes;
  if (master === undefined || storage === undefined || homelab === undefined) throw new Error('three nodes');
  const cluster: Cluster = {
    ...exampleCluster,
    nodes: [
      { ...master, ssh: { ...master.ssh, local: true } },
      { ...storage, ssh: { user: 'ops', port: 2222, local: false } },
      homelab,
    ],
  };
  const files = render(cluster, { ...access, configFile: 'ssh_config' });
  const hosts = (parse(files.get('hosts.yaml') ?? '') as { all: { hosts: Record<string, Record<string, unknown>> } })
    .all.hosts;
  expect(hosts.masternode).toMatchObject({ ansible_connection: 'local' });
  expect(hosts.masternode).not.toHaveProperty('ansible_user');
  expect(hosts.storagenodet3500).toMatchObject({ ansible_port: 2222, ansible_user: 'ops' });
  const { ansible_ssh_common_args: common } = parse(files.get('group_vars/all/all.yml') ?? '') as Record<
    string,
    string
  >;
  expect(common).toContain('-F "{{ inventory_dir }}/../../../ssh_config"');
  expect(common).toContain('StrictHostKeyChecking=yes');
});
