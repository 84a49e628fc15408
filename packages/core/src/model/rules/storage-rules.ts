import type { ClusterFile } from '../cluster-file.ts';
import { maySleepByName, monitoringNodeName, type StorageMount, storageMounts } from '../derived.ts';
import type { Fault } from '../fault.ts';
import { fault, type Rule } from './rule.ts';

/** True when `path` is `root` or below it. */
function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

/** The storage that a path of a node really lies on, when that is another node's: through the deepest mount above it. */
function storageBehind(mounts: readonly StorageMount[], node: string, path: string): StorageMount | undefined {
  return mounts
    .filter((mount) => mount.node === node && isBelow(path, mount.path))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
}

/** A node does not mount what lies on its own disk. */
export const nodesDoNotMountThemselves: Rule = ({ file }) =>
  storageMounts(file)
    .filter((mount) => file.storage[mount.storage]?.node === mount.node)
    .map((mount) =>
      fault(
        'cluster-file/self-mount',
        mount.source,
        `${mount.node} would mount the storage ${mount.storage} from itself: it is its own disk, and the machine hangs when its NFS server stops first.`,
        `Remove ${mount.node} from mount-on; it uses ${file.storage[mount.storage]?.path ?? 'the path'} directly.`,
        { related: ['storage', mount.storage, 'node'] },
      ),
    );

/** Only shared storage can be mounted elsewhere. */
export const mountedStorageIsShared: Rule = ({ file }) =>
  storageMounts(file)
    .filter((mount) => file.storage[mount.storage]?.share === 'none')
    .filter((mount) => file.storage[mount.storage]?.node !== mount.node)
    .map((mount) =>
      fault(
        'cluster-file/storage-not-shared',
        mount.source,
        `${mount.node} needs the storage ${mount.storage}, which ${file.storage[mount.storage]?.node ?? 'its node'} does not share.`,
        `Set storage.${mount.storage}.share: nfs.`,
        { related: ['storage', mount.storage] },
      ),
    );

/** Two storages are not mounted at one path of one node, nor over a storage of the node itself. */
export const mountPathsDoNotCollide: Rule = ({ file }) => {
  const taken = new Map<string, string>();
  for (const [name, storage] of Object.entries(file.storage)) taken.set(`${storage.node}:${storage.path}`, name);
  return storageMounts(file).flatMap((mount) => {
    const key = `${mount.node}:${mount.path}`;
    const other = taken.get(key);
    taken.set(key, mount.storage);
    if (other === undefined || other === mount.storage) return [];
    const message = `On ${mount.node}, ${mount.path} would be both the storage ${other} and the storage ${mount.storage}.`;
    return [
      fault(
        'cluster-file/mount-path-clash',
        mount.source,
        message,
        `Give storage.${mount.storage} another mount-path.`,
        { related: ['storage', other] },
      ),
    ];
  });
};

/** No storage lies, through mounts, on itself. */
export const storageHasNoCycles: Rule = ({ file }) => {
  const mounts = storageMounts(file);
  const reported = new Set<string>();
  return Object.keys(file.storage).flatMap((start) => {
    const cycle = cycleFrom(file, mounts, start);
    const key = cycle?.toSorted().join(' ') ?? '';
    if (cycle === undefined || reported.has(key)) return [];
    reported.add(key);
    const links = cycle.map((name, index) => `${name} lies on ${cycle[index + 1] ?? start}`);
    const message = `The storage ${links.join(', and ')}: none of these machines could start first.`;
    return [
      fault(
        'cluster-file/storage-cycle',
        ['storage', start, 'path'],
        message,
        'Put one of them onto a disk of its own node.',
        {
          related: ['storage', cycle[1] ?? start, 'path'],
        },
      ),
    ];
  });
};

function cycleFrom(file: ClusterFile, mounts: readonly StorageMount[], start: string): readonly string[] | undefined {
  const seen = [start];
  for (let name: string | undefined = start; name !== undefined; ) {
    const storage: ClusterFile['storage'][string] | undefined = file.storage[name];
    if (storage === undefined) return undefined;
    const behind = storageBehind(mounts, storage.node, storage.path);
    // A node that mounts its own storage is a fault of its own.
    if (behind === undefined || behind.storage === name) return undefined;
    if (behind.storage === start) return seen;
    if (seen.includes(behind.storage)) return undefined;
    seen.push(behind.storage);
    name = behind.storage;
  }
  return undefined;
}

/** What must always answer keeps nothing on the disk of a machine that sleeps. */
export const alwaysOnDataStaysAwake: Rule = ({ file }) => {
  const mounts = storageMounts(file);
  const node = monitoringNodeName(file);
  const faults: Fault[] = [];
  const sleeper = sleepingOwner(file, mounts, node, file.monitoring.data);
  if (sleeper !== undefined) {
    faults.push(
      fault(
        'cluster-file/data-on-sleeper',
        ['monitoring', 'data'],
        `monitoring.data ${file.monitoring.data} lies on the storage ${sleeper.storage} of ${sleeper.owner}, which sleeps; monitoring must always answer, and Prometheus does not support NFS.`,
        `Choose a path on a disk of ${node} itself.`,
        { related: ['storage', sleeper.storage] },
      ),
    );
  }
  for (const [name, app] of Object.entries(file.apps)) {
    const owner = app.media === undefined ? undefined : file.storage[app.media.storage]?.node;
    if (owner === undefined || app.wakes || owner === app.node || !maySleepByName(file, owner)) continue;
    if (maySleepByName(file, app.node)) continue;
    faults.push(
      fault(
        'cluster-file/data-on-sleeper',
        ['apps', name, 'media', 'storage'],
        `The application ${name} must always answer, and its storage lies on ${owner}, which sleeps.`,
        'Set wakes: true so that use of it wakes the storage, or put the storage onto a node that is always on.',
        { related: ['nodes', owner, 'power'] },
      ),
    );
  }
  return faults;
};

/** Follows a path through mounts to the first owner that may sleep. */
function sleepingOwner(
  file: ClusterFile,
  mounts: readonly StorageMount[],
  node: string,
  path: string,
): { readonly storage: string; readonly owner: string } | undefined {
  const seen = new Set<string>();
  let behind = storageBehind(mounts, node, path);
  while (behind !== undefined && !seen.has(behind.storage)) {
    seen.add(behind.storage);
    const storage = file.storage[behind.storage];
    if (storage === undefined) return undefined;
    if (storage.node !== node && maySleepByName(file, storage.node))
      return { storage: behind.storage, owner: storage.node };
    behind = storageBehind(mounts, storage.node, storage.path);
  }
  return undefined;
}

/** A machine that is always on and mounts from one that sleeps is told so: the mount is made to tolerate it. */
export const mountsFromSleepersAreKnown: Rule = ({ file }) =>
  storageMounts(file)
    .filter((mount) => mount.source[0] === 'storage')
    .filter((mount) => {
      const owner = file.storage[mount.storage]?.node ?? '';
      return owner !== mount.node && maySleepByName(file, owner) && !maySleepByName(file, mount.node);
    })
    .map((mount) =>
      fault(
        'cluster-file/mount-from-sleeper',
        mount.source,
        `${mount.node} is always on and mounts ${mount.storage} from ${file.storage[mount.storage]?.node ?? 'a node'}, which sleeps; the path is empty meanwhile.`,
        'Nothing, when that is meant: the mount is made on demand and never blocks the start.',
        { severity: 'warning' },
      ),
    );
