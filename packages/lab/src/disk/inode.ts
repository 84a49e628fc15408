/** Who acts on a file system: the numeric identity of a process. */
export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** The superuser, for whom no permission check is made. */
export const ROOT: Credentials = { uid: 0, gid: 0, groups: [0] };

/** Kinds of file that a machine's disk can hold. */
export type InodeKind = 'file' | 'directory' | 'symlink' | 'device' | 'fifo';

/** A file whose bytes are computed when read and interpreted when written, as below /proc and /sys. */
export interface FileView {
  /** The present content as a byte string. Throws a FileSystemError to refuse. */
  read(): string;
  /** Interprets one write(2). Absent: the file is read-only. Throws a FileSystemError (EINVAL…) to refuse. */
  write?(data: string): void;
  /** The kernel's integer handlers answer only the first read(2) of an open file; later ones see its end. */
  firstReadOnly?: boolean;
}

/** A directory whose entries are computed, as below /proc and /sys. */
export interface DirectoryView {
  list(): Iterable<string>;
  lookup(name: string): Inode | undefined;
}

/** One file, directory, link or device. Content is shared between inodes and never changed in place. */
export interface Inode {
  readonly ino: number;
  readonly volume: Volume;
  readonly kind: InodeKind;
  mode: number;
  uid: number;
  gid: number;
  mtimeMs: number;
  ctimeMs: number;
  links: number;
  content: Uint8Array | undefined;
  entries: Map<string, Inode> | undefined;
  target?: string;
  device?: string;
  view?: FileView;
  directoryView?: DirectoryView;
  /** Security context, where the face has one. */
  context?: string;
}

/** What a volume is: only 'disk' survives a reboot and is written to the store. */
export type VolumeKind = 'disk' | 'tmpfs' | 'virtual';

/** One mounted file system's storage. */
export interface Volume {
  readonly id: string;
  readonly kind: VolumeKind;
  readonly typeName: string;
  readonly device: string;
  readonly root: Inode;
  nextIno: number;
  capacityBytes: number;
  usedBytes: number;
  /** Mutations since creation: content, metadata and names. */
  writes: number;
  /** Inodes changed since the last commit to the store. */
  readonly changed: Set<Inode>;
  /** Inode numbers removed since the last commit to the store. */
  readonly removed: Set<number>;
}

/** Makes an empty volume with a root directory (mode 0755, root:root). */
export function createVolume(
  options: {
    id: string;
    kind: VolumeKind;
    typeName: string;
    device: string;
    capacityBytes?: number;
    rootMode?: number;
  },
  nowMs: number,
): Volume {
  const volume = {
    id: options.id,
    kind: options.kind,
    typeName: options.typeName,
    device: options.device,
    nextIno: 2,
    capacityBytes: options.capacityBytes ?? Number.MAX_SAFE_INTEGER,
    usedBytes: 0,
    writes: 0,
    changed: new Set<Inode>(),
    removed: new Set<number>(),
  } as unknown as Volume & { root: Inode };
  volume.root = createInode(volume, 'directory', options.rootMode ?? 0o755, ROOT, nowMs);
  return volume;
}

/** Allocates an inode on a volume. It is not yet in any directory. */
export function createInode(
  volume: Volume,
  kind: InodeKind,
  mode: number,
  owner: Pick<Credentials, 'uid' | 'gid'>,
  nowMs: number,
): Inode {
  const inode: Inode = {
    ino: volume.nextIno,
    volume,
    kind,
    mode,
    uid: owner.uid,
    gid: owner.gid,
    mtimeMs: nowMs,
    ctimeMs: nowMs,
    links: kind === 'directory' ? 2 : 1,
    // Named here, they have their place in the object: one added later costs every inode another allocation.
    content: kind === 'file' ? EMPTY : undefined,
    entries: kind === 'directory' && volume.kind !== 'virtual' ? new Map() : undefined,
  };
  volume.nextIno += 1;
  if (volume.kind === 'disk') volume.changed.add(inode);
  return inode;
}

const EMPTY = new Uint8Array(0);

/** Size in bytes as stat(2) reports it. */
export function inodeSize(inode: Inode): number {
  if (inode.kind === 'symlink') return inode.target?.length ?? 0;
  if (inode.kind === 'directory') return inode.volume.kind === 'virtual' ? 0 : 4096;
  if (inode.view) return inode.volume.id === 'sysfs' ? 4096 : 0;
  return inode.content?.length ?? 0;
}

/** Whether these credentials hold all the wanted permission bits (4 read, 2 write, 1 execute or search). */
export function permits(inode: Inode, who: Credentials, wanted: number): boolean {
  if (who.uid === 0) return (wanted & 1) === 0 || inode.kind === 'directory' || (inode.mode & 0o111) !== 0;
  let bits = inode.mode & 7;
  if (inode.uid === who.uid) bits = (inode.mode >> 6) & 7;
  else if (inode.gid === who.gid || who.groups.includes(inode.gid)) bits = (inode.mode >> 3) & 7;
  return (bits & wanted) === wanted;
}
