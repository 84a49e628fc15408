import { type Cluster, type ClusterNode, nodeOf, type Resource, type SharedStorage } from '@vmstation/core';
import { familyOf, writtenBy } from '../config-role.ts';
import { diskBelow } from './local-disks.ts';

/** Packages of NFS. */
export const nfsPackages = {
  debian: { server: 'nfs-kernel-server', client: 'nfs-common' },
  rhel: { server: 'nfs-utils', client: 'nfs-utils' },
} as const;

/** Nodes that mount a storage over NFS, and to which alone it is exported: those that the model lists or whose applications need it; never its owner. */
export function clientsOf(cluster: Cluster, storage: SharedStorage): readonly ClusterNode[] {
  if (storage.share !== 'nfs') return [];
  return storage.mountOn.filter((name) => name !== storage.node).map((name) => nodeOf(cluster, name));
}

/** The NFS server of a node that shares something, and what it exports to whom. */
export function nfsExports(node: ClusterNode, cluster: Cluster, owned: readonly SharedStorage[]): readonly Resource[] {
  const shared = owned.filter((storage) => storage.share === 'nfs');
  if (shared.length === 0) return [];
  const { server } = nfsPackages[familyOf(node)];
  return [
    { kind: 'package', name: server },
    {
      kind: 'file',
      path: '/etc/exports.d/vmstation.exports',
      content: `${writtenBy('storage')}${shared.map((storage) => exportLine(node, cluster, storage)).join('')}`,
      owner: 'root',
      group: 'root',
      mode: '0644',
      after: [`package:${server}`],
      notifies: [{ unit: 'nfs-server.service', action: 'reload' }],
    },
    { kind: 'service', unit: 'nfs-server.service', enabled: true, active: true, after: [`package:${server}`] },
  ];
}

function exportLine(node: ClusterNode, cluster: Cluster, storage: SharedStorage): string {
  const clients = clientsOf(cluster, storage);
  if (clients.length === 0) return `# ${storage.path}: no node mounts it (storage.${storage.name}.mount-on)\n`;
  // Without its disk the folder is empty: clients get an error then, and write nothing beside the disk.
  const disk = diskBelow(node, storage.path);
  const options = [
    'rw',
    'sync',
    'no_subtree_check',
    'root_squash',
    ...(disk === undefined ? [] : [`mountpoint=${disk.path}`]),
  ];
  return `${storage.path} ${clients.map(({ address }) => `${address}(${options.join(',')})`).join(' ')}\n`;
}
