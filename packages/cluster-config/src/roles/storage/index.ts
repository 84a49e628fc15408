import type { ClusterNode, Resource, SharedStorage } from '@vmstation/core';
import type { ConfigRole } from '../config-role.ts';
import { diskBelow, localDisks, mountId } from './local-disks.ts';
import { nfsExports } from './nfs-exports.ts';
import { nfsMounts } from './nfs-mounts.ts';

/** Mounts of the node's own disks, directories of the model's storage with their owners, NFS exports where it is, mounts where it is used. */
export const storageRole: ConfigRole = {
  name: 'storage',
  title: 'Storage',
  why: 'disks and storage of the model are mounted, belong to whom the pods run as, and are shared with the nodes that use them',
  phase: 'config',
  declare(node, { cluster }) {
    const owned = cluster.storage.filter((storage) => storage.node === node.name);
    return [
      ...localDisks(node),
      ...owned.map((storage) => directory(node, storage)),
      ...nfsExports(node, cluster, owned),
      ...nfsMounts(node, cluster),
    ];
  },
};

function directory(node: ClusterNode, { path, owner }: SharedStorage): Resource {
  // The owner of what is on the disk, not of the folder that the disk is mounted over.
  const disk = diskBelow(node, path);
  const after = disk === undefined ? {} : { after: [mountId(disk)] };
  return { kind: 'directory', path, owner: String(owner.uid), group: String(owner.gid), mode: '0775', ...after };
}
