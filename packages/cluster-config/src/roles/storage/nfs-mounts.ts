import { type Cluster, type ClusterNode, maySleep, nodeOf, type Resource, type SharedStorage } from '@vmstation/core';
import { familyOf } from '../config-role.ts';
import { clientsOf, nfsPackages } from './nfs-exports.ts';

/** What a node mounts of other nodes' storage. */
export function nfsMounts(node: ClusterNode, cluster: Cluster): readonly Resource[] {
  const used = cluster.storage.filter((storage) => clientsOf(cluster, storage).includes(node));
  if (used.length === 0) return [];
  const { client } = nfsPackages[familyOf(node)];
  return [
    { kind: 'package', name: client },
    ...used.flatMap((storage) => mount(nodeOf(cluster, storage.node), storage, client)),
  ];
}

/**
 * The mount of another node's storage. No directory is declared for its path: looking at it would start the automount, and wake or
 * wait for a server that sleeps. Such a server is mounted when somebody needs it and let go afterwards; an always-on one stays
 * mounted, so that an absent mount is seen.
 */
function mount(owner: ClusterNode, storage: SharedStorage, client: string): readonly Resource[] {
  const sleeps = maySleep(owner);
  const path = storage.mountPath;
  const line: Resource = {
    kind: 'mount',
    path,
    source: `${owner.address}:${storage.path}`,
    fstype: 'nfs4',
    options: ['rw', 'noatime', 'nofail', '_netdev', ...(sleeps ? onDemand : always)],
    mounted: !sleeps,
    after: [`package:${client}`],
  };
  if (!sleeps) return [line];
  // systemd makes this unit from the line, and starts it by itself only at the next boot.
  return [line, { kind: 'service', unit: `${unitNameOf(path)}.automount`, active: true, after: [`mount:${path}`] }];
}

const always = ['x-systemd.mount-timeout=30', 'hard'];

// `soft` gives whoever touches the path an error after a while instead of hanging for ever.
const onDemand = [
  'x-systemd.automount',
  'x-systemd.idle-timeout=600',
  'x-systemd.mount-timeout=30',
  'soft',
  'timeo=150',
  'retrans=3',
];

/** The name of a path's units, as `systemd-escape --path` makes it. */
export function unitNameOf(path: string): string {
  const escape = (byte: string) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return path
    .replace(/^\/+|\/+$/g, '')
    .split(/\/+/)
    .map((part, index) =>
      part.replaceAll(/[^A-Za-z0-9:_.]/g, escape).replace(/^\./, (dot) => (index === 0 ? escape(dot) : dot)),
    )
    .join('-');
}
