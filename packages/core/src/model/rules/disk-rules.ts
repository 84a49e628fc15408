import type { ClusterFile } from '../cluster-file.ts';
import { storageMounts } from '../derived.ts';
import type { DocumentPath } from '../fault.ts';
import { fault, type Rule } from './rule.ts';

/** Folders without which a machine does not start, or which belong to programs: nothing is mounted over them. */
const ofTheSystem: readonly RegExp[] = [
  /^\/(?:bin|boot|dev|etc|lib\d*|proc|root|run|sbin|sys|tmp|usr|var)$/,
  /^\/(?:bin|boot|dev|etc|lib\d*|proc|run|sbin|sys|usr)\//,
  /^\/var\/(?:cache|lib|log|run|spool|tmp)$/,
  /^\/var\/lib\/(?:apt|calico|containerd|dpkg|etcd|kubelet|rpm|systemd|vmstation)(?:\/|$)/,
];

interface MountPoint {
  readonly node: string;
  readonly path: string;
  readonly what: string;
  readonly source: DocumentPath;
}

function diskPoints(file: ClusterFile): readonly MountPoint[] {
  return Object.entries(file.nodes).flatMap(([node, { disks }]) =>
    disks.map(({ path, device }, index) => ({
      node,
      path,
      what: `the disk ${device}`,
      source: ['nodes', node, 'disks', index, 'path'],
    })),
  );
}

function storagePoints(file: ClusterFile): readonly MountPoint[] {
  return storageMounts(file)
    .filter(({ storage, node }) => file.storage[storage]?.node !== node)
    .map(({ storage, node, path, source }) => ({
      node,
      path,
      what: `the storage ${storage} of ${file.storage[storage]?.node ?? 'another node'}`,
      source: file.storage[storage]?.['mount-path'] === undefined ? source : ['storage', storage, 'mount-path'],
    }));
}

/** Nothing is mounted over the system's own folders. */
export const systemFoldersAreNotMountPoints: Rule = ({ file }) =>
  [...diskPoints(file), ...storagePoints(file)]
    .filter(({ path }) => ofTheSystem.some((folder) => folder.test(path)))
    .map(({ node, path, what, source }) =>
      fault(
        'cluster-file/mount-path-in-use',
        source,
        `${path} of ${node} belongs to the system; ${what} mounted over it would hide what is there.`,
        'Choose a path of its own, for example below /srv or /mnt.',
      ),
    );

/** One path of a node carries one disk; what another node shares is not mounted over it, nor over a storage of the node. */
export const disksHaveTheirOwnPaths: Rule = ({ file }) => {
  const disks = diskPoints(file);
  const taken = new Map<string, MountPoint>();
  const faults = disks.flatMap((point) => {
    const key = `${point.node}:${point.path}`;
    const other = taken.get(key);
    taken.set(key, other ?? point);
    return other === undefined ? [] : [clash(point, other)];
  });
  const shared = storagePoints(file).flatMap((point) => {
    const other = taken.get(`${point.node}:${point.path}`);
    return other === undefined ? [] : [clash(point, other)];
  });
  return [...faults, ...shared];
};

function clash(point: MountPoint, other: MountPoint) {
  return fault(
    'cluster-file/mount-path-clash',
    point.source,
    `On ${point.node}, ${point.path} would be both ${other.what} and ${point.what}.`,
    'Give one of them another path.',
    { related: other.source },
  );
}

/** What is mounted does not hide what the node keeps below that path: its own storage, a disk, the data of monitoring. */
export const mountsHideNothing: Rule = ({ file }) =>
  storagePoints(file).flatMap((point) => {
    const below = diskPoints(file).find(({ node, path }) => node === point.node && path.startsWith(`${point.path}/`));
    if (below === undefined) return [];
    const message = `${point.what} at ${point.path} of ${point.node} would hide ${below.what} at ${below.path}.`;
    return [
      fault(
        'cluster-file/mount-path-in-use',
        point.source,
        upperFirst(message),
        'Mount it beside, for example below /mnt.',
        {
          related: below.source,
        },
      ),
    ];
  });

function upperFirst(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** A disk is mounted at one path. */
export const disksAreMountedOnce: Rule = ({ file }) =>
  Object.entries(file.nodes).flatMap(([node, { disks }]) =>
    disks.flatMap(({ device }, index) => {
      const first = disks.findIndex((other) => other.device === device);
      if (first === index) return [];
      return [
        fault(
          'cluster-file/duplicate-disk',
          ['nodes', node, 'disks', index, 'device'],
          `${device} is mounted twice on ${node}.`,
          'Remove one of the two; a second place for the same files is a bind mount, which a file of hosts/ can give.',
          { related: ['nodes', node, 'disks', first, 'device'] },
        ),
      ];
    }),
  );
