import { exampleCluster, type KubeObject } from '@vmstation/core';
import { renderManifests } from '@vmstation/kube';
import { expect, test } from 'vitest';
import { jellyfin } from './index.ts';
import { jellyfinObjects } from './manifests.ts';

const cluster = exampleCluster();
const app = cluster.apps.find(({ kind }) => kind === 'jellyfin') as (typeof cluster.apps)[number];

function pathOf(objects: readonly KubeObject[], volume: string): unknown {
  const found = objects.find(({ kind, metadata }) => kind === 'PersistentVolume' && metadata.name === volume);
  return (found?.['spec'] as { local: { path: string } } | undefined)?.local.path;
}

test('the manifests of the example cluster', async () => {
  await expect(renderManifests(jellyfinObjects(app, cluster))).toMatchFileSnapshot('./example.yaml');
});

test('it runs as the owner of its media, and never as root', () => {
  const owned = (uid: number) => ({
    ...cluster,
    storage: cluster.storage.map((storage) => ({ ...storage, owner: { uid, gid: 44 } })),
  });
  expect(jellyfin.data(app, owned(1234))).toEqual({ path: '/var/lib/jellyfin', uid: 1234, gid: 1234 });
  expect(jellyfin.data(app, owned(0))).toEqual({ path: '/var/lib/jellyfin', uid: 1000, gid: 1000 });
  expect(renderManifests(jellyfinObjects(app, owned(1234)))).toContain('supplementalGroups:\n          - 44\n');
});

test('media are the path itself where they lie, and the mount point on another node', () => {
  expect(pathOf(jellyfinObjects(app, cluster), 'jellyfin-jellyfin-media')).toBe('/srv/media');
  const elsewhere = { ...app, node: 'homelab' };
  expect(pathOf(jellyfinObjects(elsewhere, cluster), 'jellyfin-jellyfin-media')).toBe('/mnt/media');
});

test('without media there is no volume for them', () => {
  const bare = jellyfinObjects({ ...app, media: undefined }, cluster);
  expect(renderManifests(bare)).not.toContain('media');
});

test('a second one of the kind has a directory that no other program uses', () => {
  expect(jellyfin.data({ ...app, name: 'docker' }, cluster)?.path).toBe('/var/lib/jellyfin-docker');
});
