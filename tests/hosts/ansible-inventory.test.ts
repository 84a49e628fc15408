import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inventoryData, renderInventory } from '@vmstation/cluster-infra';
import { exampleCluster } from '@vmstation/core';
import { afterAll, expect, test } from 'vitest';
import { inventoryTraps } from '../inventory/traps.ts';
import { writeFiles } from '../inventory/written-trap.ts';

// Ansible itself is the judge of what is said of its inventories, and of the one that is exported.

const folder = mkdtempSync(join(tmpdir(), 'vmstation-ansible-'));
writeFiles(folder, { 'ansible.cfg': '[defaults]\n' });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Listing {
  readonly hostvars: Record<string, Record<string, unknown>>;
  readonly groups: Record<string, { readonly hosts?: readonly string[]; readonly children?: readonly string[] }>;
}

function ansibleList(path: string): Listing {
  const out = execFileSync('ansible-inventory', ['-i', path, '--list'], {
    encoding: 'utf8',
    cwd: folder,
    env: {
      ...process.env,
      ANSIBLE_CONFIG: join(folder, 'ansible.cfg'),
      ANSIBLE_LOCALHOST_WARNING: 'False',
      LC_ALL: 'C.UTF-8',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { _meta: meta, ...groups } = JSON.parse(out) as Record<string, unknown> & {
    readonly _meta: { readonly hostvars: Listing['hostvars'] };
  };
  return { hostvars: meta.hostvars, groups: groups as Listing['groups'] };
}

/** Hosts of a group and of all below it, sorted. */
function membersOf(groups: Listing['groups'], name: string): readonly string[] {
  const { hosts = [], children = [] } = groups[name] ?? {};
  return [...new Set([...hosts, ...children.flatMap((child) => membersOf(groups, child))])].toSorted();
}

/** The listing's ways of writing `!vault` and `!unsafe`, taken back. */
function tagsTaken(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null) return part;
    if ('__ansible_unsafe' in part) return part.__ansible_unsafe;
    return '__ansible_vault' in part ? 'VAULT' : part;
  });
  return JSON.parse(text);
}

test.each(inventoryTraps.map((trap, index) => [trap.title, index, trap] as const))(
  'Ansible agrees: %s',
  (_title, index, { files, hosts, groups = {} }) => {
    const listing = ansibleList(writeFiles(join(folder, String(index)), files));
    const names = membersOf(listing.groups, 'all');
    const seen = Object.fromEntries(names.map((name) => [name, tagsTaken(listing.hostvars[name] ?? {})]));
    expect(seen).toEqual(hosts);
    for (const [group, members] of Object.entries(groups)) expect(membersOf(listing.groups, group)).toEqual(members);
  },
);

test('Ansible reads the exported inventory as it is meant', () => {
  const cluster = exampleCluster();
  const access = { knownHostsFile: 'known_hosts', configFile: 'ssh_config', identityFile: 'ssh/id_ed25519' };
  // Everything that YAML 1.1, a shell or Jinja could take for something else.
  const state = "/srv/it's a {{ place }}: 0644/.vmstation";
  const nodes = cluster.nodes.map((node) => ({
    ...node,
    mac: '10:20:30:40:50:10',
    ssh: { user: 'yes', port: 2022, local: false },
    groups: [...node.groups, 'my-group', 'all', 'on', '3d', 'kube-node'],
  }));
  const text = renderInventory({ ...cluster, nodes }, access, state);
  const { hostvars, groups } = ansibleList(writeFiles(join(folder, 'export'), { 'hosts.yaml': text }));
  const { all } = inventoryData({ ...cluster, nodes }, access, state) as {
    readonly all: { readonly hosts: Record<string, object>; readonly vars: object };
  };
  const { pods, services, resolvers } = cluster.network;
  const shared = { kube_pods_subnet: pods, kube_service_addresses: services, upstream_dns_servers: resolvers };
  for (const { name } of nodes) expect(hostvars[name]).toEqual({ ...all.vars, ...shared, ...all.hosts[name] });
  const everybody = nodes.map(({ name }) => name).toSorted();
  for (const group of ['my_group', 'group_all', 'on', 'group_3d', 'group_kube_node', 'k8s_cluster']) {
    expect([group, membersOf(groups, group)]).toEqual([group, everybody]);
  }
  expect(membersOf(groups, 'power_on_demand')).toEqual(['homelab']);
});
