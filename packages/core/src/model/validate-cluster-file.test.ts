import { expect, test } from 'vitest';
import { clusterFileJsonSchema } from './cluster-file.ts';
import { defaultVersions } from './default-versions.ts';
import { exampleCluster, exampleClusterData } from './example.ts';
import { validateClusterFile } from './validate-cluster-file.ts';

type Json = Record<string, unknown>;

/** The example with one place replaced; undefined removes it. */
function exampleWith(path: string, value: unknown): Json {
  const document = structuredClone(exampleClusterData) as unknown as Json;
  const keys = path.split('/');
  let place = document;
  for (const key of keys.slice(0, -1)) place = (place[key] ??= {}) as Json;
  const last = keys.at(-1) ?? '';
  if (value === undefined) delete place[last];
  else place[last] = value;
  return document;
}

function disk(path: string, device = 'LABEL=a'): Json {
  return { path, device, type: 'ext4' };
}

function faultsOf(document: unknown): string[] {
  return validateClusterFile(document, defaultVersions).faults.map((fault) => `${fault.code} ${fault.path.join('.')}`);
}

test('the example cluster has no faults', () => {
  expect(validateClusterFile(exampleClusterData, defaultVersions).faults).toEqual([]);
});

test('the example cluster answers where the document says', () => {
  expect(exampleCluster().endpoints.map((endpoint) => [endpoint.name, endpoint.url, endpoint.node])).toEqual([
    ['kubernetes-api', 'https://192.168.4.63:6443', 'masternode'],
    ['grafana', 'http://192.168.4.63:30001', 'masternode'],
    ['prometheus', 'http://192.168.4.63:30000', 'masternode'],
    ['alertmanager', 'http://192.168.4.63:30003', 'masternode'],
    ['loki', 'http://192.168.4.63:3100', 'masternode'],
    ['jellyfin', 'http://192.168.4.63:30002', 'storagenodet3500'],
    ['minecraft', 'tcp://192.168.4.63:30565', 'homelab'],
  ]);
});

test('defaults depend on what the file says', () => {
  const cluster = exampleCluster();
  expect(cluster.network.dnsServiceIp).toBe('10.96.0.3');
  expect(cluster.network.resolvers).toEqual(['192.168.4.1']);
  expect(cluster.nodes.map((node) => [node.name, node.groups, node.power.sleepMethod, node.ssh])).toEqual([
    ['masternode', ['common', 'control-plane', 'monitoring'], 'suspend', { user: 'root', port: 22, local: false }],
    ['storagenodet3500', ['common', 'worker', 'storage'], 'suspend', { user: 'root', port: 22, local: false }],
    ['homelab', ['common', 'worker', 'compute'], 'poweroff', { user: 'root', port: 22, local: false }],
  ]);
  expect(cluster.storage[0]).toMatchObject({ mountOn: [], mountPath: '/mnt/media', owner: { uid: 1000, gid: 1000 } });
});

test('a wrong value does not hide what is wrong elsewhere, and is not blamed twice', () => {
  const document = exampleWith('network/pods', 'everything');
  (document['nodes'] as Json)['homelab'] = {
    address: '192.168.4.61',
    os: 'rhel-10',
    roles: ['worker'],
    mac: '02-00-00-00-00-61',
  };
  expect(faultsOf(document)).toEqual([
    'cluster-file/invalid-value network.pods',
    'cluster-file/duplicate-address nodes.homelab.address',
    'cluster-file/duplicate-mac nodes.homelab.mac',
  ]);
});

test('a missing section is one fault', () => {
  expect(faultsOf(exampleWith('network', undefined))).toEqual(['cluster-file/missing-key network']);
  expect(faultsOf(exampleWith('network/gateway', undefined))).toEqual(['cluster-file/missing-key network.gateway']);
});

test.each([undefined, null, [], 'text', 7])('a file that is %j is refused', (document) => {
  expect(validateClusterFile(document, defaultVersions).file).toBeUndefined();
  expect(faultsOf(document).length).toBeGreaterThan(0);
});

test('every field of the JSON Schema has a description and an example', () => {
  const lacking: string[] = [];
  const visit = (schema: Json, path: string): void => {
    for (const [key, value] of Object.entries((schema['properties'] ?? {}) as Record<string, Json>)) {
      if (value['description'] === undefined || value['examples'] === undefined) lacking.push(`${path}.${key}`);
      visit(value, `${path}.${key}`);
    }
    for (const option of (schema['anyOf'] ?? []) as Json[]) visit(option, path);
    for (const key of ['items', 'additionalProperties'] as const) {
      if (typeof schema[key] === 'object') visit(schema[key] as Json, `${path}.*`);
    }
  };
  const schema = clusterFileJsonSchema();
  visit(schema, '');
  expect(lacking).toEqual([]);
  expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema');
});

test.each([
  ['cluster/kubernets', '1.35', 'cluster-file/unknown-key cluster.kubernets'],
  ['nodes/masternode/power', { policy: 'always-on', idel: 1 }, 'cluster-file/unknown-key nodes.masternode.power.idel'],
  ['cluster/kubernetes', 1.35, 'cluster-file/invalid-value cluster.kubernetes'],
  ['cluster/kubernetes', '1.34', 'cluster-file/lock-mismatch cluster.kubernetes'],
  ['network/pods', '192.168.0.0/16', 'cluster-file/overlapping-ranges network.pods'],
  ['network/pods', '10.0.0.0/8', 'cluster-file/overlapping-ranges network.services'],
  ['network/pods', '10.244.0.0/23', 'cluster-file/range-size network.pods'],
  ['network/services', '10.0.0.0/10', 'cluster-file/range-size network.services'],
  ['network/gateway', '192.168.5.1', 'cluster-file/address-outside-network network.gateway'],
  [
    'network/cni',
    { calico: { encapsulation: 'none', bgp: false } },
    'cluster-file/unrouted-pods network.cni.calico.bgp',
  ],
  ['nodes/masternode/address', '192.168.4.1', 'cluster-file/duplicate-address nodes.masternode.address'],
  ['nodes/masternode/address', '192.168.4.255', 'cluster-file/address-outside-network nodes.masternode.address'],
  ['nodes/masternode/roles', ['worker'], 'cluster-file/control-plane-count nodes'],
  ['nodes/homelab/roles', ['control-plane'], 'cluster-file/control-plane-count nodes.homelab.roles'],
  ['nodes/storagenodet3500/mac', undefined, 'cluster-file/missing-mac nodes.storagenodet3500'],
  ['services/ntp/server', 'homelab', 'cluster-file/always-on-service-on-sleeper services.ntp.server'],
  ['services/syslog/server', 'homelba', 'cluster-file/unknown-node services.syslog.server'],
  ['apps/jellyfin/wakes', false, 'cluster-file/always-on-service-on-sleeper apps.jellyfin.node'],
  ['apps/minecraft/port', 30_001, 'cluster-file/port-clash apps.minecraft.port'],
  ['apps/minecraft/port', 25_565, 'cluster-file/port-out-of-range apps.minecraft.port'],
  ['monitoring/loki/port', 31_000, 'cluster-file/port-out-of-range monitoring.loki.port'],
  ['monitoring/loki/port', 9100, 'cluster-file/port-clash monitoring.loki.port'],
  ['monitoring/prometheus/keep', '36h', 'cluster-file/invalid-value monitoring.prometheus.keep'],
  ['storage/media/mount-on', ['storagenodet3500'], 'cluster-file/self-mount storage.media.mount-on.0'],
  ['storage/media/mount-on', ['masternode'], 'cluster-file/mount-from-sleeper storage.media.mount-on.0'],
  ['services/kerberos', { server: 'homelab' }, 'cluster-file/always-on-service-on-sleeper services.kerberos.server'],
  ['services/kerberos', { hosts: ['homelba'] }, 'cluster-file/unknown-node services.kerberos.hosts.0'],
  ['services/kerberos', { provider: 'freeipa' }, 'cluster-file/kerberos-provider services.kerberos.provider'],
  [
    'services/kerberos',
    { freeipa: { server: 'ipa.home.arpa', 'enrol-as': 'enroller', password: 'secret:enroller' } },
    'cluster-file/setting-without-effect services.kerberos.freeipa',
  ],
  [
    'services/kerberos',
    { hosts: ['masternode'], services: [{ name: 'HTTP', node: 'homelab' }] },
    'cluster-file/kerberos-not-enrolled services.kerberos.services.0.node',
  ],
  [
    'services/kerberos',
    { users: { root: { password: 'secret:root' } } },
    'cluster-file/invalid-name services.kerberos.users.root',
  ],
  ['system/journal/keep', '36h', 'cluster-file/invalid-value system.journal.keep'],
  ['system/journal/size', '500', 'cluster-file/invalid-value system.journal.size'],
  ['system/open-files', 2_000_000, 'cluster-file/invalid-value system.open-files'],
  ['kerberos', 'off', 'cluster-file/unknown-key kerberos'],
  ['backup', {}, 'cluster-file/unknown-key backup'],
])('%s: %j is one fault', (path, value, expected) => {
  const found = faultsOf(exampleWith(path, value));
  expect(found).toContain(expected);
});

test('what would shut out whoever VMStation logs in as is refused when the file is read', () => {
  expect(faultsOf(exampleWith('ssh', { 'root-login': 'never' }))).toEqual([
    'cluster-file/login-user-shut-out ssh.root-login',
  ]);
  expect(faultsOf(exampleWith('ssh', { user: 'ops', 'root-login': 'never' }))).toEqual([]);
  expect(faultsOf(exampleWith('ssh', { 'root-login': 'password' }))).toEqual([
    'cluster-file/setting-without-effect ssh.root-login',
  ]);
  expect(faultsOf({ ...exampleWith('users', { ops: { locked: true } }), ssh: { user: 'ops' } })).toEqual([
    'cluster-file/login-user-shut-out users.ops.locked',
  ]);
  expect(faultsOf({ ...exampleWith('users', { ops: { sudo: 'password' } }), ssh: { user: 'ops' } })).toEqual([
    'cluster-file/login-user-shut-out users.ops.sudo',
  ]);
});

test('whoever VMStation logs in as may have a sudo that asks for a password, where it is given one', () => {
  const asking = { ...exampleWith('users', { ops: { sudo: 'password' } }), ssh: { user: 'ops' } };
  expect(faultsOf({ ...asking, ssh: { user: 'ops', 'sudo-password': 'secret:sudo' } })).toEqual([]);
  expect(faultsOf({ ...asking, ssh: { user: 'ops', 'sudo-password': 'geheim' } })).toEqual([
    'cluster-file/invalid-value ssh.sudo-password',
  ]);
  expect(faultsOf(exampleWith('ssh', { 'sudo-password': 'secret:sudo' }))).toEqual([
    'cluster-file/setting-without-effect ssh.sudo-password',
  ]);
  expect(faultsOf(exampleWith('nodes/homelab/ssh', { 'sudo-password': 'secret:sudo' }))).toEqual([
    'cluster-file/setting-without-effect nodes.homelab.ssh.sudo-password',
  ]);
});

test('accounts have usable names, numbers of their own, known nodes and public keys', () => {
  expect(
    faultsOf(exampleWith('users', { Alex: {}, sam: { uid: 1001 }, kim: { uid: 1001, nodes: ['homelob'] } })).toSorted(),
  ).toEqual([
    'cluster-file/duplicate-uid users.kim.uid',
    'cluster-file/invalid-name users.Alex',
    'cluster-file/unknown-node users.kim.nodes.0',
  ]);
  const wrong = [
    '-----BEGIN OPENSSH PRIVATE KEY-----',
    'ssh-ed25519 AAAA\nssh-ed25519 AAAA',
    'command="x" ssh-rsa AAAA',
    '~/.ssh/id.pub',
  ];
  for (const one of wrong)
    expect(faultsOf(exampleWith('users', { alex: { keys: [one] } }))).toEqual([
      'cluster-file/invalid-value users.alex.keys.0',
    ]);
});

test('a card has a router in the network, and ports that are opened exist', () => {
  const card = { name: 'enp2s0', static: true, gateway: '10.0.0.1' };
  expect(faultsOf(exampleWith('nodes/homelab/interface', card))).toEqual([
    'cluster-file/address-outside-network nodes.homelab.interface.gateway',
  ]);
  expect(faultsOf(exampleWith('nodes/homelab/open-ports', ['445/tcp', '70000/tcp', '20-10/udp']))).toEqual([
    'cluster-file/invalid-value nodes.homelab.open-ports.1',
    'cluster-file/invalid-value nodes.homelab.open-ports.2',
  ]);
  expect(faultsOf(exampleWith('network/dns', { servers: ['192.168.4.1', '9.9.9.9', '1.1.1.1', '8.8.8.8'] }))).toEqual([
    'cluster-file/invalid-value network.dns.servers',
  ]);
});

test.each([
  ['storage/media/mount-path', '/etc/media', 'cluster-file/mount-path-in-use storage.media.mount-path'],
  ['nodes/homelab/disks', [disk('/var/lib/etcd')], 'cluster-file/mount-path-in-use nodes.homelab.disks.0.path'],
  ['nodes/homelab/disks', [disk('/mnt/media')], 'cluster-file/mount-path-clash storage.media.mount-on.0'],
  ['nodes/homelab/disks', [disk('/mnt/media/hot')], 'cluster-file/mount-path-in-use storage.media.mount-on.0'],
  [
    'nodes/homelab/disks',
    [disk('/srv/a'), disk('/srv/a', 'LABEL=b')],
    'cluster-file/mount-path-clash nodes.homelab.disks.1.path',
  ],
  ['nodes/homelab/disks', [disk('/srv/a'), disk('/srv/b')], 'cluster-file/duplicate-disk nodes.homelab.disks.1.device'],
  ['nodes/homelab/disks', [disk('/srv/a', 'dev/sdb')], 'cluster-file/invalid-value nodes.homelab.disks.0.device'],
  ['nodes/homelab/disks', [disk('/srv/a', '/dev/sdb')], 'cluster-file/invalid-value nodes.homelab.disks.0.device'],
])('where homelab mounts the media, %s: %j is one fault', (path, value, expected) => {
  const document = exampleWith(path, value);
  ((document['storage'] as Json)['media'] as Json)['mount-on'] = ['homelab'];
  expect(faultsOf(document)).toContain(expected);
});
