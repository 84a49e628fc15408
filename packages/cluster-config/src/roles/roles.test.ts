import {
  type Cluster,
  type ClusterNode,
  effectiveSettings,
  exampleCluster,
  nodeOf,
  type Resource,
  resourceId,
} from '@vmstation/core';
import { expect, test } from 'vitest';
import type { ConfigRole } from './config-role.ts';
import { openingsOf } from './networking/firewall-openings.ts';
import { firewallRules } from './networking/firewall-table.ts';
import { networkingRole } from './networking/index.ts';
import { chronyConfiguration, ntpRole } from './ntp/index.ts';
import { syslogRole } from './syslog/index.ts';
import { systemRole } from './system/index.ts';

const example = exampleCluster();
const settings = effectiveSettings([], nodeOf(example, 'masternode'));

function declare(role: ConfigRole, node: string, cluster: Cluster = example): readonly Resource[] {
  return role
    .declare(nodeOf(cluster, node), { cluster, settings })
    .map((declared) => ('resource' in declared ? declared.resource : declared));
}

function ids(resources: readonly Resource[]): readonly string[] {
  return resources.map(resourceId);
}

function withMedia(changes: Partial<Cluster['storage'][number]>): Cluster {
  return { ...example, storage: example.storage.map((storage) => ({ ...storage, ...changes })) };
}

function withNode(name: string, changes: Partial<ClusterNode>): Cluster {
  return { ...example, nodes: example.nodes.map((node) => (node.name === name ? { ...node, ...changes } : node)) };
}

test('the time server serves the node network and asks outside; the others prefer it', () => {
  const server = chronyConfiguration(nodeOf(example, 'masternode'), { cluster: example, settings });
  expect(server).toContain('\nallow 192.168.4.0/24\nlocal stratum 10\n');
  expect(server).not.toContain('192.168.4.63');
  const client = chronyConfiguration(nodeOf(example, 'homelab'), { cluster: example, settings });
  expect(client).toContain('\nserver 192.168.4.63 iburst prefer\n');
  expect(client).not.toMatch(/^(?:allow|local)/m);
});

test('each family has its own path and unit of chrony', () => {
  expect(ids(declare(ntpRole, 'masternode'))).toEqual([
    'package:chrony',
    'file:/etc/chrony/chrony.conf',
    'service:chrony.service',
  ]);
  expect(ids(declare(ntpRole, 'homelab'))).toEqual([
    'package:chrony',
    'file:/etc/chrony.conf',
    'service:chronyd.service',
  ]);
});

test('a node that suspends asks for the time when it wakes; one that is powered off, or never sleeps, does not', () => {
  const unit = 'vmstation-time-after-sleep.service';
  const list = declare(ntpRole, 'storagenodet3500');
  expect(list.find(({ kind }) => kind === 'unit')).toMatchObject({
    name: unit,
    content: expect.stringMatching(/chronyc makestep 1\.0 3\n.*chronyc burst [^]*WantedBy=suspend\.target/),
  });
  expect(ids(list)).toContain(`service:${unit}`);
  for (const node of ['masternode', 'homelab']) expect(ids(declare(ntpRole, node))).not.toContain(`service:${unit}`);
});

test('servers are asked as servers, pools as pools', () => {
  const cluster: Cluster = {
    ...example,
    services: {
      ...example.services,
      ntp: { server: 'masternode', upstream: ['192.168.4.1', '2.debian.pool.ntp.org', 'pool.ntp.org'] },
    },
  };
  const text = chronyConfiguration(nodeOf(cluster, 'masternode'), { cluster, settings });
  expect(text).toContain('server 192.168.4.1 iburst\npool 2.debian.pool.ntp.org iburst\npool pool.ntp.org iburst\n');
});

test('the log server receives and does not send to itself; the others send', () => {
  const server = ids(declare(syslogRole, 'masternode'));
  expect(server).toContain('file:/etc/rsyslog.d/10-vmstation-receiver.conf');
  expect(server).toContain('file:/etc/logrotate.d/vmstation-remote');
  expect(server.some((id) => id.includes('sender'))).toBe(false);
  const sender = declare(syslogRole, 'homelab').find((resource) => resourceId(resource).includes('sender'));
  expect(sender).toMatchObject({ content: expect.stringContaining('target="192.168.4.63" port="20514" timeout="30"') });
});

test('without a log server nothing of rsyslog is declared', () => {
  const cluster: Cluster = { ...example, services: { ...example.services, syslog: undefined } };
  expect(declare(syslogRole, 'masternode', cluster)).toEqual([]);
});

test('SSH is let in first, at the port where it is, from anywhere', () => {
  const ops = withNode('masternode', { ssh: { user: 'ops', port: 2222, local: false } });
  expect(openingsOf(nodeOf(ops, 'masternode'), ops)[0]).toEqual({
    why: 'SSH',
    protocol: 'tcp',
    ports: ['2222'],
    from: undefined,
  });
});

test('every file and unit that could lock the operator out is guarded', () => {
  for (const resource of declare(networkingRole, 'homelab')) {
    expect([resourceId(resource), resource.guard]).toEqual([
      resourceId(resource),
      resource.kind === 'package' ? undefined : 'firewall',
    ]);
  }
});

test('the packet filter names no table but its own and never touches forwarded packets', () => {
  for (const node of example.nodes) {
    const rules = firewallRules(node, example);
    expect(rules).not.toMatch(/flush|forward/);
    expect([...rules.matchAll(/^(?:delete )?table (.*?)(?: \{)?$/gm)].map(([, name]) => name)).toEqual(
      Array(3).fill('inet vmstation'),
    );
  }
});

test('a node answers for what the model places on it, and for nothing else', () => {
  const whys = (name: string, cluster = example) => openingsOf(nodeOf(cluster, name), cluster).map(({ why }) => why);
  const everywhere = ['SSH', 'Calico, IP in IP', 'Calico, BGP', 'kubelet', 'node-exporter'];
  const nodePorts = ['NodePorts', 'NodePorts'];
  expect(whys('masternode')).toEqual([
    ...everywhere,
    'Kubernetes API',
    'etcd',
    ...nodePorts,
    'time',
    'system logs',
    'Loki',
  ]);
  expect(whys('storagenodet3500')).toEqual([...everywhere, ...nodePorts]);
  expect(whys('storagenodet3500', withMedia({ mountOn: ['homelab'] }))).toEqual([...everywhere, ...nodePorts, 'NFS']);
  expect(whys('homelab')).toEqual([...everywhere, ...nodePorts]);
  const vxlan: Cluster = {
    ...example,
    network: { ...example.network, cni: { plugin: 'calico', encapsulation: 'vxlan', bgp: false } },
  };
  expect(whys('homelab', vxlan)).toEqual(['SSH', 'Calico, VXLAN', 'kubelet', 'node-exporter', ...nodePorts]);
});

test('a node’s card, address and resolver are left alone unless the model speaks of them, and then changed on trial', () => {
  const spoken = ['resolver', 'network-interface', 'link'];
  expect(declare(networkingRole, 'homelab').filter(({ kind }) => spoken.includes(kind))).toEqual([]);
  const card = { name: 'eno1', isStatic: true, gateway: '192.168.4.1', mtu: 9000, wakeOnLan: true };
  const cluster: Cluster = {
    ...withNode('homelab', { interface: card }),
    network: { ...example.network, dns: { servers: ['192.168.4.1'], search: ['home.arpa'] } },
  };
  expect(declare(networkingRole, 'homelab', cluster).filter(({ kind }) => spoken.includes(kind))).toEqual([
    { kind: 'resolver', servers: ['192.168.4.1'], search: ['home.arpa'], guard: 'resolver' },
    { kind: 'link', name: 'eno1', mtu: 9000, wakeOnLan: 'magic', guard: 'network' },
    {
      kind: 'network-interface',
      name: 'eno1',
      address: '192.168.4.62',
      prefixLength: 24,
      gateway: '192.168.4.1',
      servers: ['192.168.4.1'],
      guard: 'network',
    },
  ]);
});

test('ports that the operator opens answer the LAN, and SSH stays before them', () => {
  const cluster = withNode('homelab', { openPorts: [{ protocol: 'tcp', ports: '445' }] });
  const rules = firewallRules(nodeOf(cluster, 'homelab'), cluster);
  expect(rules).toContain('    ip saddr 192.168.4.0/24 tcp dport 445 accept comment "open-ports"\n');
  expect(rules.indexOf('"SSH"')).toBeLessThan(rules.indexOf('"open-ports"'));
});

test('settings of the workspace carry their place', () => {
  const node = nodeOf(example, 'homelab');
  const overlay = {
    scope: { kind: 'host', name: 'homelab' },
    files: [],
    settings: {
      values: {
        packages: ['htop', { name: 'jq', version: '1.7.1', held: true }],
        timezone: 'Europe/Berlin',
        services: { 'smartd.service': { enabled: true } },
        sysctl: { 'kernel.kptr_restrict': '2' },
      },
      origin: 'hosts/homelab/settings.yaml',
    },
  } as const;
  const declared = systemRole.declare(node, { cluster: example, settings: effectiveSettings([overlay], node) });
  const placed = declared.flatMap((one) => ('resource' in one ? [[resourceId(one.resource), one.origin]] : []));
  expect(placed).toEqual([
    ['timezone:system', 'hosts/homelab/settings.yaml: timezone'],
    ['package:python3-dnf-plugin-versionlock', 'hosts/homelab/settings.yaml: packages (a hold needs it)'],
    ['package:htop', 'hosts/homelab/settings.yaml: packages'],
    ['package:jq', 'hosts/homelab/settings.yaml: packages'],
    ['sysctl:kernel.kptr_restrict', 'hosts/homelab/settings.yaml: sysctl'],
    ['service:smartd.service', 'hosts/homelab/settings.yaml: services'],
  ]);
});
