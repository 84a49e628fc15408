import { createVolume, type Inode, ROOT } from '../disk/inode.ts';
import type { MountEntry } from './kernel-state.ts';
import type { Machine } from './machine.ts';

/** One line of fstab(5). */
export interface TableEntry {
  source: string;
  path: string;
  type: string;
  options: string;
}

/** Reads /etc/fstab; comments and short lines are skipped, octal escapes undone. */
export function readTable(machine: Pick<Machine, 'files'>): TableEntry[] {
  return (machine.files.read('/etc/fstab') ?? '').split('\n').flatMap((line) => {
    if (/^\s*#/.test(line)) return [];
    const [source, path, type, options = 'defaults'] = line
      .trim()
      .split(/\s+/)
      .map((word) =>
        word.replace(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 8))),
      );
    return source && path && type ? [{ source, path, type, options }] : [];
  });
}

const kept = new WeakMap<Machine, Map<string, Inode>>();

/** Mounts one file system. Gives mount(8)'s complaint and status, or undefined when it is mounted. */
export function mountEntry(machine: Machine, entry: TableEntry): { message: string; status: number } | undefined {
  const point = machine.files.find(entry.path);
  if (!point) return { message: `${entry.path}: mount point does not exist.`, status: 32 };
  if (point.kind !== 'directory') return { message: `${entry.path}: mount point is not a directory.`, status: 32 };
  const source = rootOf(machine, entry);
  if ('message' in source) return source;
  machine.tree.attach(entry.path, source.inode, ROOT);
  const words = entry.options
    .split(',')
    .filter((word) => !/^(defaults|auto|noauto|nofail|_netdev|bind|x-.*|user|loop)$/.test(word));
  const options = [
    words.includes('ro') ? 'ro' : 'rw',
    'relatime',
    ...words.filter((word) => !/^(rw|ro|relatime)$/.test(word)),
  ];
  const network = source.type === 'nfs4' ? [`vers=4.2`, `addr=${entry.source.split(':')[0]}`] : [];
  machine.state.mounts.push({
    device: source.device,
    path: entry.path,
    type: source.type,
    options: [...options, ...network].join(','),
  });
  return undefined;
}

type MountSource = { inode: Inode; device: string; type: string } | { message: string; status: number };

function rootOf(machine: Machine, entry: TableEntry): MountSource {
  if (/\b(r?bind)\b/.test(entry.options)) {
    const inode = machine.files.find(entry.source);
    return inode
      ? { inode, device: machine.rootDevice, type: machine.rootType }
      : { message: `special device ${entry.source} does not exist.`, status: 32 };
  }
  if (entry.type === 'tmpfs') {
    const inode = newVolume(machine, `tmpfs${entry.path}`, 'tmpfs', entry);
    inode.mode = Number.parseInt(/(?:^|,)mode=([0-7]+)/.exec(entry.options)?.[1] ?? '1777', 8);
    return { inode, device: entry.source, type: 'tmpfs' };
  }
  if (/^nfs4?$/.test(entry.type) || /^[\w.-]+:\//.test(entry.source)) return networkRoot(machine, entry);
  return diskRoot(machine, entry);
}

function newVolume(machine: Machine, id: string, kind: 'tmpfs' | 'disk', entry: TableEntry): Inode {
  const [, amount = '8', unit = 'g'] = /(?:^|,)size=(\d+)([kmg]?)/i.exec(entry.options) ?? [];
  const capacityBytes = Number(amount) * ({ k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }[unit.toLowerCase()] ?? 1);
  return createVolume({ id, kind, typeName: entry.type, device: id, capacityBytes }, machine.now()).root;
}

function networkRoot(machine: Machine, entry: TableEntry): MountSource {
  if (!machine.files.find('/usr/sbin/mount.nfs')) {
    return {
      message: `${entry.path}: bad option; for several filesystems (e.g. nfs, cifs) you might need a /sbin/mount.<type> helper program.`,
      status: 32,
    };
  }
  const [host = '', path = ''] = entry.source.split(/:(.*)/s);
  const peer = machine.network?.find(host);
  if (!peer?.listens(2049))
    return { message: `mount.nfs: Connection refused for ${entry.source} on ${entry.path}`, status: 32 };
  const client = machine.state.interfaces[0]?.addresses[0]?.ip ?? '';
  const inode = peer.exportedDirectory(path, client);
  if (!inode) return { message: `mount.nfs: access denied by server while mounting ${entry.source}`, status: 32 };
  return { inode, device: entry.source, type: 'nfs4' };
}

function diskRoot(machine: Machine, entry: TableEntry): MountSource {
  const disk = (machine.spec.disks ?? []).find(
    ({ name, fileSystem }) =>
      entry.source === `/dev/${name}` ||
      (fileSystem && (entry.source === `UUID=${fileSystem.uuid}` || entry.source === `LABEL=${fileSystem.label}`)),
  );
  if (!disk) return { message: `special device ${entry.source} does not exist.`, status: 32 };
  if (!disk.fileSystem)
    return {
      message: `${entry.path}: wrong fs type, bad option, bad superblock on ${entry.source}, missing codepage or helper program, or other error.`,
      status: 32,
    };
  let disks = kept.get(machine);
  if (!disks) kept.set(machine, (disks = new Map()));
  // A further disk's files live on the root volume below a hidden folder, so that they are stored and counted with it.
  const path = `/.disks/${disk.name}`;
  machine.files.folder(path);
  const inode = machine.files.find(path) as Inode;
  disks.set(disk.name, inode);
  return { inode, device: `/dev/${disk.name}`, type: disk.fileSystem.type };
}

/** Unmounts the last mount at a path. Gives umount(8)'s complaint, or undefined. */
export function unmountPath(machine: Machine, path: string): string | undefined {
  const index = machine.state.mounts.findLastIndex((mount) => mount.path === path || mount.device === path);
  const mount = machine.state.mounts[index];
  if (!mount) return `${path}: not mounted.`;
  const busy = [...machine.processes.values()].some(
    (process) => process.cwd === mount.path || process.cwd.startsWith(`${mount.path}/`),
  );
  if (busy) return `${path}: target is busy.`;
  machine.tree.detach(mount.path, ROOT);
  machine.state.mounts.splice(index, 1);
  return undefined;
}

/** Mounts and swap of /etc/fstab at boot; what cannot be mounted is logged, as with nofail. */
export function mountFromTable(machine: Machine): void {
  for (const entry of readTable(machine)) {
    if (entry.type === 'swap') {
      startSwap(machine, entry.source);
      continue;
    }
    if (entry.path === '/' || !entry.path.startsWith('/') || /\b(noauto|x-systemd\.automount)\b/.test(entry.options))
      continue;
    const failed = mountEntry(machine, entry);
    if (failed) machine.journal.add('local-fs.target', 'mount', 1, failed.message);
  }
}

/** Mounts again, in a new process of the lab, what kept memory says is mounted. */
export function restoreMounts(machine: Machine): void {
  const mounts = machine.state.mounts;
  machine.state.mounts = [];
  for (const mount of mounts) restoreMount(machine, mount);
}

function restoreMount(machine: Machine, mount: MountEntry): void {
  const options = mount.device === machine.rootDevice ? 'bind' : mount.options;
  const table = readTable(machine).find((entry) => entry.path === mount.path);
  const source = mount.device === machine.rootDevice ? (table?.source ?? mount.path) : mount.device;
  const failed = mountEntry(machine, { source, path: mount.path, type: mount.type, options });
  if (failed) machine.journal.add('mount', 'mount', 1, failed.message);
  else Object.assign(machine.state.mounts.at(-1) as MountEntry, mount);
}

/** Turns swap on. Gives swapon(8)'s complaint, or undefined. */
export function startSwap(machine: Machine, path: string, priority?: number): string | undefined {
  if (machine.state.swaps.some((swap) => swap.path === path)) return `${path}: swapon failed: Device or resource busy`;
  const inode = machine.files.find(path);
  if (!inode) return `cannot open ${path}: No such file or directory`;
  const isPartition = inode.kind === 'device';
  const sizeKib = isPartition
    ? (machine.spec.swapMib ?? 1024) * 1024 - 4
    : Math.floor((inode.content?.length ?? 0) / 1024);
  if (!isPartition && sizeKib < 40) return `${path}: read swap header failed`;
  machine.state.swaps.push({
    path,
    kind: isPartition ? 'partition' : 'file',
    sizeKib,
    priority: priority ?? -2 - machine.state.swaps.length,
  });
  return undefined;
}
