import { declareConfig } from '@vmstation/cluster-config';
import { declareSetup } from '@vmstation/cluster-setup';
import {
  type Cluster,
  type ClusterNode,
  type Declaration,
  exampleCluster,
  exampleWorkspace,
  mergeDeclarations,
  type NodeOs,
  type Overlay,
  resourceId,
  type Workspace,
} from '@vmstation/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';

// What setup and config declare together for one machine: the two packages do not know each other.

const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexampleexampleexampleexampleexampleexample vmstation';

async function declarationsOf(workspace: Workspace): Promise<readonly Declaration[]> {
  const lists = await Promise.all([
    declareSetup(workspace, { operatorPublicKey: publicKey }),
    declareConfig(workspace),
  ]);
  return lists.flat();
}

function namesOf({ cluster }: Workspace): readonly string[] {
  return cluster.nodes.map((node) => node.name);
}

const base = exampleCluster();
const systems: readonly NodeOs[] = ['debian-12', 'debian-13', 'rhel-9', 'rhel-10'];

const nodeArbitrary = fc.record({
  os: fc.constantFrom(...systems),
  worker: fc.boolean(),
  policy: fc.constantFrom('always-on', 'auto-sleep', 'on-demand'),
  user: fc.constantFrom('root', 'ops'),
  local: fc.boolean(),
});

const clusterArbitrary: fc.Arbitrary<Cluster> = fc
  .record({
    nodes: fc.array(nodeArbitrary, { minLength: 1, maxLength: 6 }),
    encapsulation: fc.constantFrom('ipip', 'vxlan', 'none'),
    syslog: fc.option(fc.nat(5), { nil: undefined }),
    ntp: fc.nat(5),
    storage: fc.array(
      fc.record({ node: fc.nat(5), share: fc.constantFrom('nfs', 'none'), mounts: fc.subarray([0, 1, 2, 3, 4, 5]) }),
      {
        maxLength: 4,
      },
    ),
  })
  .map((drawn) => {
    const [template] = base.nodes as readonly [ClusterNode, ...ClusterNode[]];
    const nodes = drawn.nodes.map(
      ({ os, worker, policy, user, local }, index): ClusterNode => ({
        ...template,
        name: `node${index}`,
        address: `192.168.4.${10 + index}`,
        os,
        roles: index === 0 ? ['control-plane'] : worker ? ['worker'] : ['storage'],
        power: { ...template.power, policy },
        ssh: { user, port: 22, local },
      }),
    );
    const name = (index: number) => nodes[index % nodes.length]?.name ?? '';
    return {
      ...base,
      nodes,
      endpoints: [],
      network: { ...base.network, cni: { ...base.network.cni, encapsulation: drawn.encapsulation } },
      services: {
        ntp: { ...base.services.ntp, server: name(drawn.ntp) },
        syslog: drawn.syslog === undefined ? undefined : { server: name(drawn.syslog), keepDays: 7 },
      },
      storage: drawn.storage.map(({ node, share, mounts }, index) => ({
        name: `disk${index}`,
        node: name(node),
        path: `/srv/disk${index}`,
        share,
        mountOn: mounts.map(name),
        mountPath: `/mnt/disk${index}`,
        owner: { uid: 1000, gid: 1000 },
      })),
    };
  });

test('property: what is declared for any cluster merges without a conflict, and nobody mounts from itself', async () => {
  await fc.assert(
    fc.asyncProperty(clusterArbitrary, async (cluster) => {
      const workspace = exampleWorkspace({ cluster });
      const desired = mergeDeclarations(namesOf(workspace), await declarationsOf(workspace));
      for (const node of cluster.nodes) {
        const list = desired.nodes.get(node.name) ?? [];
        expect(new Set(list.map(({ resource }) => resourceId(resource))).size).toBe(list.length);
        expect(
          list.filter(({ resource }) => resource.kind === 'mount' && resource.source.startsWith(`${node.address}:`)),
        ).toEqual([]);
        // Whatever is declared, only these ways in are guarded, and what setup needs is never among them.
        expect(list.filter(({ phase, resource }) => phase === 'setup' && resource.guard !== undefined)).toEqual([]);
      }
    }),
    { numRuns: 60 },
  );
});

function workspaceWith(path: string, content: string): Workspace {
  const overlay: Overlay = {
    scope: { kind: 'group', name: 'common' },
    files: [{ path, content, mode: '0644', origin: `group/common${path}` }],
    settings: { values: {}, origin: 'group/common/settings.yaml' },
  };
  return exampleWorkspace({ overlays: [overlay] });
}

test.each([
  [
    'forwarding off, as hardening guides have it',
    '/etc/sysctl.d/10-hardening.conf',
    'net.ipv4.ip_forward = 0\n',
    'masternode: sysctl:net.ipv4.ip_forward value: role node-preparation asks for "1", group/common/etc/sysctl.d/10-hardening.conf:1 for "0"',
  ],
  [
    'a hosts file without the nodes',
    '/etc/hosts',
    '127.0.0.1 localhost\n',
    'group/common/etc/hosts gives the whole file without 192.168.4.63 masternode.home.arpa masternode, 192.168.4.61 ',
  ],
  [
    'an fstab with swap',
    '/etc/fstab',
    'UUID=1 / ext4 defaults 0 1\nUUID=2 none swap sw 0 0\n',
    'group/common/etc/fstab gives the whole file with a swap line, role node-preparation asks for swap:system',
  ],
])('%s is refused with both places named', async (_what, path, content, message) => {
  const workspace = workspaceWith(path, content);
  const declarations = await declarationsOf(workspace);
  expect(() => mergeDeclarations(namesOf(workspace), declarations)).toThrow(message);
});

test('time and kernel settings are declared for setup, although config owns the role of time', async () => {
  const workspace = exampleWorkspace();
  const desired = mergeDeclarations(namesOf(workspace), await declarationsOf(workspace));
  const early = (desired.nodes.get('homelab') ?? []).filter(({ phase }) => phase === 'setup');
  expect([...new Set(early.map(({ role }) => role))]).toEqual(['ssh-keys', 'dependencies', 'node-preparation', 'ntp']);
});
