import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderInventory } from '@vmstation/cluster-infra';
import {
  type Cluster,
  type ClusterNode,
  clusterFileSchema,
  exampleCluster,
  nodeOsNames,
  nodeRoleNames,
  powerPolicies,
  resolveCluster,
} from '@vmstation/core';
import { importedCluster, loadWorkspace, readInventory } from '@vmstation/workspace';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { runLine } from '../../apps/cli/src/testing/run-line.ts';
import { effectiveInventory } from '../../packages/workspace/src/inventory/effective-inventory.ts';
import { importedClusterFile } from '../../packages/workspace/src/inventory/imported-cluster-file.ts';
import { readIniInventory } from '../../packages/workspace/src/inventory/ini-inventory.ts';
import { Inventory, vaultedValue } from '../../packages/workspace/src/inventory/inventory-model.ts';
import { readYamlInventory } from '../../packages/workspace/src/inventory/yaml-inventory.ts';
import { inventoryTraps } from './traps.ts';
import { writeFiles } from './written-trap.ts';

const folder = mkdtempSync(join(tmpdir(), 'vmstation-inventory-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let counted = 0;
function freshFolder(): string {
  counted += 1;
  return join(folder, String(counted));
}

const none = { groups: new Map(), hosts: new Map() };

test.each(inventoryTraps.map((trap) => [trap.title, trap] as const))(
  '%s',
  async (_title, { files, hosts, groups = {} }) => {
    const read = await readInventory(writeFiles(freshFolder(), files));
    const marked = (value: unknown) => (value === vaultedValue ? 'VAULT' : value);
    const seen = read.hosts.map(({ name, variables }) => {
      const values = [...variables].map(([key, { value }]) => [key, marked(value)] as const);
      return [name, Object.fromEntries(values)] as const;
    });
    expect(Object.fromEntries(seen)).toEqual(hosts);
    expect(read.notes).toEqual([]);
    for (const [group, members] of Object.entries(groups)) {
      const names = read.hosts.filter((host) => host.groups.includes(group)).map(({ name }) => name);
      expect(names.toSorted()).toEqual(members);
    }
  },
);

test.each([
  ['hosts.ini', 'a\n[bad section]\nb\n', ['2 is no section', '3 below a section']],
  ['hosts.ini', 'a\n[x:y]\n', ['2 hosts, children or vars']],
  ['hosts.ini', 'a x\n', ['1 key=value']],
  ['hosts.ini', 'b\na x="1\n', ['2 a quote has no end']],
  ['hosts.ini', 'b\na[1:]\na[1]\na[01:100]\na[z:a]\na[1:999999999]\n', ['2 ', '3 ', '4 ', '5 ', '6 ']],
  ['hosts.ini', 'a\n[web:vars]\nx=1\n', ['2 stands nowhere']],
  ['hosts.ini', 'a\n[web:children]\ndb\n', ['3 stands nowhere']],
  ['hosts.ini', '[a:children]\nb\n[b:children]\na\n[b]\nh\n', ['4 circle']],
  ['hosts.yml', 'web:\n  hosts:\n    - a\ndb:\n  hosts: {b: }\n', ['2 no mapping']],
  ['hosts.yml', 'web:\n  hosts: {a: , b: 5}\n  host: {}\n', ['2 ', '3 the key host']],
  ['hosts.yml', 'web: {hosts: {a: }}\nweb: {hosts: {b: }}\n', ['2 twice']],
  ['hosts.yml', 'plugin: amazon.aws.aws_ec2\n', ['1 plugin']],
  ['hosts.yml', 'a: [\n', ['2 no YAML']],
  ['hosts.yml', 'a: &a {children: {b: *a}}\n', ['1 inside']],
  ['hosts.yml', 'a: {hosts: {h: {x: &a [*a]}}}\n', ['1 inside']],
  ['hosts.ini', 'a\n[web:vars]\nansible_group_priority=high\n[web]\na\n', ['3 whole number']],
])('%s %j: what is not understood is named with its line', (file, text, expected) => {
  const inventory = new Inventory();
  (file.endsWith('.ini') ? readIniInventory : readYamlInventory)(file, text, inventory);
  const told = inventory.notes.map(({ line, message }) => `${line} ${message}`);
  expect(told).toHaveLength(expected.length);
  for (const [index, says] of expected.entries()) {
    const [line, ...words] = says.split(' ');
    expect(told[index]).toMatch(new RegExp(`^${line} `));
    expect(told[index]).toContain(words.join(' '));
  }
});

test('no text makes the readers fail', () => {
  const pieces = fc.constantFrom(
    '[',
    ']',
    ':',
    'a',
    '\n',
    '"',
    "'",
    '\\',
    '#',
    '=',
    '{',
    '}',
    '1',
    '0',
    ',',
    ' ',
    '!vault ',
    '&x ',
    '*x',
    'hosts',
    'vars',
    'children',
    '-',
    '__proto__',
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      for (const read of [readIniInventory, readYamlInventory]) {
        const inventory = new Inventory();
        read('hosts', text, inventory);
        importedCluster(effectiveInventory(inventory, none));
      }
    }),
    { numRuns: 500 },
  );
});

const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/);
const nodes = fc.uniqueArray(
  fc.record({
    name,
    address: fc.ipV4(),
    os: fc.constantFrom(...nodeOsNames),
    mac: fc.option(fc.stringMatching(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/), { nil: undefined }),
    roles: fc.subarray([...nodeRoleNames], { minLength: 1 }),
    labels: fc.uniqueArray(
      name.filter((label) => label !== 'common' && nodeRoleNames.every((role) => role !== label)),
      { maxLength: 3 },
    ),
    policy: fc.constantFrom(...powerPolicies),
    user: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,8}$/),
    port: fc.integer({ min: 1, max: 65_535 }),
    local: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6, selector: (node) => node.name },
);

test('what is exported is imported as it was', () => {
  const [pattern] = exampleCluster().nodes;
  if (pattern === undefined) throw new Error('the example has a node');
  fc.assert(
    fc.property(nodes, (drawn) => {
      const own = drawn.filter((node) => node.name !== 'localhost');
      const made = own.map(
        ({ labels, policy, user, port, local, ...node }): ClusterNode => ({
          ...pattern,
          ...node,
          groups: ['common', ...node.roles, ...labels],
          power: { ...pattern.power, policy },
          ssh: { user, port, local },
        }),
      );
      const cluster: Cluster = { ...exampleCluster(), nodes: made };
      const access = { knownHostsFile: 'known_hosts', configFile: undefined, identityFile: 'ssh/id_ed25519' };
      const inventory = new Inventory();
      const text = renderInventory(cluster, access, '/w/.vmstation');
      expect(renderInventory(cluster, access, '/w/.vmstation')).toBe(text);
      readYamlInventory('hosts.yaml', text, inventory);
      const imported = importedCluster(effectiveInventory(inventory, none));
      expect(imported.nodes).toMatchObject(
        own.map(({ labels, policy, user, port, local, ...node }) => ({
          name: node.name,
          address: node.address,
          os: node.os,
          mac: node.mac,
          groups: labels.toSorted(),
          power: policy,
          local,
          ...(local ? {} : { user, port }),
        })),
      );
      const named = own.some(({ roles }) => roles.includes('monitoring'));
      for (const [index, { roles }] of own.entries()) {
        const seen = imported.nodes[index]?.roles ?? [];
        expect(named ? seen : seen.filter((role) => role !== 'monitoring')).toEqual(
          nodeRoleNames.filter((role) => roles.includes(role)),
        );
      }
    }),
    { numRuns: 150 },
  );
});

/** Networks whose values an export carries as variables of a group. */
const networks = fc.record({
  pods: fc.nat({ max: 255 }).map((part) => `10.${part}.0.0/16`),
  services: fc.nat({ max: 255 }).map((part) => `172.${part}.0.0/16`),
  resolvers: fc.uniqueArray(fc.ipV4(), { minLength: 1, maxLength: 3 }),
});

test('an exported cluster, imported into a cluster file, is the same model: its export has the same bytes', () => {
  const [pattern] = exampleCluster().nodes;
  if (pattern === undefined) throw new Error('the example has a node');
  const access = { knownHostsFile: 'known_hosts', configFile: undefined, identityFile: 'ssh/id_ed25519' };
  fc.assert(
    fc.property(nodes, networks, (drawn, network) => {
      const own = drawn.filter((node) => node.name !== 'localhost');
      fc.pre(own.length > 0);
      const made = own.map(({ labels, policy, user, port, local, mac, ...node }, index): ClusterNode => {
        // Somebody has to be the control plane and to keep the metrics; who sleeps needs a MAC; the login of this computer is not exported.
        const roles =
          index === 0 ? nodeRoleNames.filter((role) => node.roles.includes(role) || /^[cm]o/.test(role)) : node.roles;
        return {
          ...pattern,
          ...node,
          roles,
          mac: mac ?? (policy === 'always-on' ? undefined : '02:00:00:00:00:01'),
          groups: ['common', ...roles, ...labels],
          power: { ...pattern.power, policy },
          ssh: local ? { user: 'root', port: 22, local } : { user, port, local },
        };
      });
      const { network: exampleNetwork, ...example } = exampleCluster();
      const cluster: Cluster = { ...example, nodes: made, network: { ...exampleNetwork, ...network } };
      const text = renderInventory(cluster, access, '/w/.vmstation');
      const inventory = new Inventory();
      readYamlInventory('hosts.yaml', text, inventory);
      const file = importedClusterFile('again', importedCluster(effectiveInventory(inventory, none)))
        .replace(/^( {2}nodes:) .*$/m, '$1 192.168.4.0/24')
        .replace(/^( {2}gateway:) .*$/m, '$1 192.168.4.1');
      const again = resolveCluster(clusterFileSchema.parse(parseYaml(file)), cluster.versions);
      expect(renderInventory(again, access, '/w/.vmstation')).toBe(text);
      const { pods, services, resolvers } = again.network;
      expect({ pods, services, resolvers }).toEqual(network);
      const essence = ({ name: host, address, os, mac, roles, groups, ssh, power }: ClusterNode) => ({
        ...{ host, address, os, mac, ssh, policy: power.policy },
        roles: nodeRoleNames.filter((role) => roles.includes(role)),
        groups: groups.toSorted(),
      });
      expect(again.nodes.map(essence)).toEqual(made.map(essence));
    }),
    { numRuns: 150 },
  );
});

const kubespray = {
  'hosts.ini': `masternode ansible_host=192.168.4.63 ansible_user=root
storagenodet3500 ansible_host=192.168.4.61 ansible_user=root
homelab ansible_host=homelab.lan ip=192.168.4.62 ansible_user=operator ansible_password=hunter2 ansible_become_password=hunter2
attic.lan
localhost ansible_connection=local
[kube-master]
masternode
[etcd:children]
kube-master
[kube-node]
storagenodet3500
homelab
attic.lan
[k8s-cluster:children]
kube-master
kube-node
[storage_nodes]
storagenodet3500
`,
  'group_vars/k8s-cluster/main.yml':
    'kube_pods_subnet: 10.233.64.0/18\nkube_service_addresses: 10.233.0.0/18\nkube_version: v1.29.0\n',
  'group_vars/all.yml': 'site: "{{ attic }}"\nrouter_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n',
};

test('init makes a workspace of a Kubespray inventory in which only the unknown is missing', async () => {
  const path = writeFiles(freshFolder(), kubespray);
  const target = freshFolder();
  const { exitCode, out, err } = await runLine(['init', '--from-inventory', path, target]);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  for (const place of [
    'hosts.ini:3 ansible_password',
    '`vmstation secret set sudo`',
    'hosts.ini:5 localhost',
    'group_vars/all.yml:2',
    'main.yml:3',
  ]) {
    expect(out.replaceAll(/\s+/g, ' ')).toContain(place);
  }
  const text = readFileSync(join(target, 'vmstation.yaml'), 'utf8');
  expect(text + out).not.toMatch(/hunter2|ANSIBLE_VAULT/);
  const { faults } = await loadWorkspace(target);
  expect(faults?.map(({ message }) => message)).toEqual([
    'network.nodes: the key has no value.',
    'network.gateway: the key has no value.',
    ...['masternode', 'storagenodet3500', 'homelab'].map((node) => expect.stringContaining(`nodes.${node}.os`)),
    'nodes.attic.address: the key has no value.',
    expect.stringContaining('nodes.attic.os'),
  ]);
  const filled = text
    .replaceAll('    os: ', '    os: debian-12 ')
    .replace('  nodes: ', '  nodes: 192.168.4.0/24 ')
    .replace('  gateway: ', '  gateway: 192.168.4.1 ')
    .replace('    address:  ', '    address: 192.168.4.64  ');
  writeFiles(target, { 'vmstation.yaml': filled });
  const { workspace, faults: left } = await loadWorkspace(target);
  expect(left).toBeUndefined();
  expect(workspace?.cluster.network).toMatchObject({ pods: '10.233.64.0/18', services: '10.233.0.0/18' });
  expect(
    workspace?.cluster.nodes.map((node) => [node.name, node.address, node.roles.join(' '), node.ssh.user]),
  ).toEqual([
    ['masternode', '192.168.4.63', 'control-plane monitoring', 'root'],
    ['storagenodet3500', '192.168.4.61', 'worker storage', 'root'],
    ['homelab', '192.168.4.62', 'worker', 'operator'],
    ['attic', '192.168.4.64', 'worker', 'root'],
  ]);
});

test.each([
  [{ 'hosts.yml': '$ANSIBLE_VAULT;1.1;AES256\n6162\n' }, 'inventory/no-hosts'],
  [{ 'hosts.ini': '' }, 'inventory/no-hosts'],
  [{ 'hosts.ini': '#!/bin/sh\necho {}\n' }, 'inventory/not-read'],
  [{ 'folder/hosts.ini': 'a\n' }, 'inventory/not-read'],
])('%j is refused with %s, and nothing is written', async (files, code) => {
  const given = writeFiles(freshFolder(), files);
  const target = freshFolder();
  const path = code === 'inventory/not-read' && given.includes('folder') ? join(given, '..') : given;
  const { exitCode, err } = await runLine(['init', '--from-inventory', path, target]);
  expect({ exitCode, err }).toEqual({ exitCode: 64, err: expect.stringContaining(code) });
  expect(() => readFileSync(join(target, 'vmstation.yaml'))).toThrow('ENOENT');
});

test('a workspace is printed as an inventory, in YAML and in JSON, the same each time', async () => {
  const target = freshFolder();
  await runLine(['init', '--example', target]);
  const line = ['node', 'list', '--inventory', '--workspace', target];
  const yaml = await runLine(line);
  expect(yaml).toMatchObject({ exitCode: 0, err: '' });
  expect(await runLine(line)).toEqual(yaml);
  const json = await runLine([...line, '--json']);
  const read = async (file: string, text: string) =>
    importedCluster(await readInventory(writeFiles(freshFolder(), { [file]: text })));
  const [one, two] = [await read('hosts.yaml', yaml.out), await read('hosts.json', json.out)];
  expect(two.nodes).toEqual(one.nodes);
  expect(one.nodes.map(({ name: node, roles }) => [node, ...roles])).toEqual([
    ['masternode', 'control-plane', 'monitoring'],
    ['storagenodet3500', 'worker', 'storage'],
    ['homelab', 'worker', 'compute'],
  ]);
});
