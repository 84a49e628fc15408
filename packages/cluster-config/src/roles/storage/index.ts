import { type Cluster, type ClusterNode, maySleep, nodeOf, type Resource, type SharedStorage } from '@vmstation/core';
import { type ConfigRole, familyOf, writtenBy } from '../config-role.ts';

const exportsFile = '/etc/exports.d/vmstation.exports';

const packages = {
  debian: { server: 'nfs-kernel-server', client: 'nfs-common' },
  rhel: { server: 'nfs-utils', client: 'nfs-utils' },
} as const;

/** Directories of the model's storage with their owners, NFS exports where it is, mounts where it is used. */
export const storageRole: ConfigRole = {
  name: 'storage',
  title: 'Storage',
  why: 'storage of the model exists, belongs to whom the pods run as, and is mounted where it is used',
  phase: 'config',
  declare(node, { cluster }) {
    const owned = cluster.storage.filter((storage) => storage.node === node.name);
    const used = cluster.storage.filter(
      (storage) => storage.mountOn.includes(node.name) && clientsOf(cluster, storage).includes(node),
    );
    return [
      ...owned.map(directory),
      ...exportsOf(node, cluster, owned),
      ...(used.length > 0 ? [{ kind: 'package', name: packages[familyOf(node)].client } as const] : []),
      ...used.map((storage) => mount(node, nodeOf(cluster, storage.node), storage)),
    ];
  },
};

/** Nodes that may mount a storage over NFS: all others, as pods with such a volume may run on any of them; never its owner. */
export function clientsOf(cluster: Cluster, storage: SharedStorage): readonly ClusterNode[] {
  return storage.share === 'nfs' ? cluster.nodes.filter((node) => node.name !== storage.node) : [];
}

function directory({ path, owner }: SharedStorage): Resource {
  return { kind: 'directory', path, owner: String(owner.uid), group: String(owner.gid), mode: '0775' };
}

function exportsOf(node: ClusterNode, cluster: Cluster, owned: readonly SharedStorage[]): readonly Resource[] {
  const shared = owned.filter((storage) => storage.share === 'nfs');
  if (shared.length === 0) return [];
  const { server } = packages[familyOf(node)];
  const lines = shared.map((storage) => {
    const clients = clientsOf(cluster, storage).map(
      ({ address }) => `${address}(rw,sync,no_subtree_check,root_squash)`,
    );
    return clients.length === 0
      ? `# ${storage.path}: nobody to share it with\n`
      : `${storage.path} ${clients.join(' ')}\n`;
  });
  return [
    { kind: 'package', name: server },
    {
      kind: 'file',
      path: exportsFile,
      content: `${writtenBy('storage')}${lines.join('')}`,
      owner: 'root',
      group: 'root',
      mode: '0644',
      after: [`package:${server}`],
      notifies: [{ unit: 'nfs-server.service', action: 'reload' }],
    },
    { kind: 'service', unit: 'nfs-server.service', enabled: true, active: true, after: [`package:${server}`] },
  ];
}

/**
 * The mount of another node's storage. No directory is declared for its path: looking at it would start the automount, and wake or
 * wait for a server that sleeps. Such a server is mounted when somebody needs it and let go afterwards; an always-on one stays
 * mounted, so that an absent mount is seen.
 */
function mount(node: ClusterNode, owner: ClusterNode, storage: SharedStorage): Resource {
  const sleeps = maySleep(owner);
  return {
    kind: 'mount',
    path: storage.mountPath,
    source: `${owner.address}:${storage.path}`,
    fstype: 'nfs4',
    options: ['rw', 'noatime', 'nofail', '_netdev', ...(sleeps ? onDemand : ['x-systemd.mount-timeout=30', 'hard'])],
    mounted: !sleeps,
    after: [`package:${packages[familyOf(node)].client}`],
  };
}

// `soft` gives whoever touches the path an error after a while instead of hanging for ever.
const onDemand = [
  'x-systemd.automount',
  'x-systemd.idle-timeout=600',
  'x-systemd.mount-timeout=30',
  'soft',
  'timeo=150',
  'retrans=3',
];
