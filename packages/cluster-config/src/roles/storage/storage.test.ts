import {
  type Cluster,
  type ClusterNode,
  effectiveSettings,
  exampleCluster,
  nodeOf,
  type Resource,
  resourceId,
} from '@vmstation/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { storageRole } from './index.ts';
import { unitNameOf } from './nfs-mounts.ts';

const example = exampleCluster();

function declare(node: string, cluster: Cluster): readonly Resource[] {
  const settings = effectiveSettings([], nodeOf(cluster, node));
  return storageRole
    .declare(nodeOf(cluster, node), { cluster, settings })
    .map((declared) => ('resource' in declared ? declared.resource : declared));
}

function find(node: string, cluster: Cluster, id: string): Resource | undefined {
  return declare(node, cluster).find((resource) => resourceId(resource) === id);
}

function withMedia(changes: Partial<Cluster['storage'][number]>): Cluster {
  return { ...example, storage: example.storage.map((storage) => ({ ...storage, ...changes })) };
}

function withDisks(disks: ClusterNode['disks'], cluster = example): Cluster {
  const nodes = cluster.nodes.map((node) => (node.name === 'storagenodet3500' ? { ...node, disks } : node));
  return { ...cluster, nodes };
}

const media = { path: '/srv/media', device: 'LABEL=media', type: 'xfs', options: ['noatime'] } as const;
const exportsFile = 'file:/etc/exports.d/vmstation.exports';

test('storage belongs to its numeric owner and is exported only to the nodes that mount it', () => {
  const cluster = withMedia({ mountOn: ['homelab'] });
  expect(find('storagenodet3500', cluster, 'directory:/srv/media')).toEqual({
    kind: 'directory',
    path: '/srv/media',
    owner: '1000',
    group: '1000',
    mode: '0775',
  });
  expect(find('storagenodet3500', cluster, exportsFile)).toMatchObject({
    content: expect.stringMatching(/\n\/srv\/media 192\.168\.4\.62\(rw,sync,no_subtree_check,root_squash\)\n$/),
  });
  expect(find('storagenodet3500', example, exportsFile)).toMatchObject({
    content: expect.stringContaining('\n# /srv/media: no node mounts it (storage.media.mount-on)\n'),
  });
});

test('a sleeping server is mounted on demand only, an always-on one stays mounted; nobody mounts from itself', () => {
  const all = withMedia({ mountOn: ['masternode', 'storagenodet3500', 'homelab'] });
  expect(declare('storagenodet3500', all).some(({ kind }) => kind === 'mount')).toBe(false);
  expect(find('homelab', all, 'mount:/mnt/media')).toMatchObject({
    source: '192.168.4.61:/srv/media',
    mounted: false,
    options: expect.arrayContaining(['nofail', '_netdev', 'x-systemd.automount', 'x-systemd.mount-timeout=30', 'soft']),
  });
  expect(find('homelab', all, 'service:mnt-media.automount')).toMatchObject({
    active: true,
    after: ['mount:/mnt/media'],
  });
  const awake = withMedia({ node: 'masternode', mountOn: ['homelab'] });
  const mount = find('homelab', awake, 'mount:/mnt/media');
  expect(mount).toMatchObject({ mounted: true, options: expect.arrayContaining(['nofail', '_netdev']) });
  expect(mount?.kind === 'mount' ? mount.options : []).not.toContain('x-systemd.automount');
  expect(declare('homelab', awake).some((one) => one.kind === 'service')).toBe(false);
});

test('a disk is mounted by its lasting name, never stops the start, and gets its owner after it is mounted', () => {
  const cluster = withDisks([media], withMedia({ mountOn: ['homelab'] }));
  const [tools, mount, directory] = declare('storagenodet3500', cluster);
  expect(tools).toEqual({ kind: 'package', name: 'xfsprogs' });
  expect(mount).toEqual({
    kind: 'mount',
    path: '/srv/media',
    source: 'LABEL=media',
    fstype: 'xfs',
    options: ['noatime', 'nofail', 'x-systemd.device-timeout=30'],
    mounted: true,
    after: ['package:xfsprogs'],
  });
  expect(directory).toMatchObject({ kind: 'directory', path: '/srv/media', after: ['mount:/srv/media'] });
  expect(find('storagenodet3500', cluster, exportsFile)).toMatchObject({
    content: expect.stringContaining('root_squash,mountpoint=/srv/media)'),
  });
});

test('storage below a disk waits for it; beside a disk it does not', () => {
  const above = withDisks([{ ...media, path: '/srv', type: 'ext4' }]);
  expect(find('storagenodet3500', above, 'directory:/srv/media')).toMatchObject({ after: ['mount:/srv'] });
  const beside = withDisks([{ ...media, path: '/srv/med' }]);
  expect(find('storagenodet3500', beside, 'directory:/srv/media')).not.toHaveProperty('after');
});

// systemd-escape --path of systemd 252.
test.each([
  ['/mnt/media', 'mnt-media'],
  ['/mnt/my-disk', 'mnt-my\\x2ddisk'],
  ['/mnt/a.b_c', 'mnt-a.b_c'],
  ['/.hidden/x', '\\x2ehidden-x'],
])('units of %s are called %s', (path, name) => {
  expect(unitNameOf(path)).toBe(name);
});

test('property: no two paths share a unit', () => {
  const part = fc.string({ unit: fc.constantFrom('a', '-', '.', '\\', 'x', '2', 'd'), minLength: 1, maxLength: 5 });
  const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
  fc.assert(
    fc.property(path, path, (one, other) => {
      expect(unitNameOf(one) === unitNameOf(other)).toBe(one === other);
    }),
  );
});
