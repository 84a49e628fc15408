import { FileSystemError, type FileSystemErrorCode } from './file-system-error.ts';
import { type Credentials, createInode, type Inode, type InodeKind, permits, ROOT, type Volume } from './inode.ts';

/** Where a path ends: the directory that holds the last name, and the inode if it exists. */
export interface Located {
  readonly parent: Inode;
  readonly name: string;
  readonly inode: Inode | undefined;
}

const MAX_LINKS = 40;

/** Mount points of file systems that are full, or cannot be written, on request. */
export interface FileSystemLimits {
  readonly full: readonly string[];
  readonly readOnly: readonly string[];
}

/** Resolves `path` against `cwd` and removes empty, `.` and `..` parts textually. */
export function absolutePath(cwd: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/**
 * The tree of names that a machine's processes see: volumes joined at mount points. Every method takes an absolute path
 * and the caller's credentials, and throws FileSystemError as the system call would.
 */
export class FileTree {
  readonly root: Volume;
  readonly #mounts = new Map<Inode, Inode>();
  readonly #parents = new WeakMap<Inode, { parent: Inode; name: string }>();
  readonly #now: () => number;
  readonly #limits: () => FileSystemLimits | undefined;
  /** Directory in which a file was last found; kept only while there are limits. */
  readonly #holders = new WeakMap<Inode, Inode>();

  constructor(root: Volume, now: () => number, limits: () => FileSystemLimits | undefined = () => undefined) {
    this.root = root;
    this.#now = now;
    this.#limits = limits;
  }

  /** Puts a directory of another volume over an existing directory. */
  attach(path: string, mounted: Inode, who: Credentials): void {
    const point = this.lookup(path, who);
    this.#mounts.set(point, mounted);
    this.#parents.set(
      mounted,
      this.#parents.get(point) ?? { parent: this.root.root, name: path.split('/').pop() ?? '' },
    );
  }

  /** Takes away what `attach` put at `path`. */
  detach(path: string, who: Credentials): void {
    const { parent, name } = this.locate(path, who, { cross: false });
    const point = parent.entries?.get(name);
    if (point) this.#mounts.delete(this.#bottom(point));
  }

  #bottom(point: Inode): Inode {
    let current = point;
    for (let next = this.#mounts.get(current); next && this.#mounts.has(next); next = this.#mounts.get(current)) {
      current = next;
    }
    return current;
  }

  /** The inode at `path`, following a final symlink unless told not to. */
  lookup(path: string, who: Credentials, follow = true): Inode {
    const { inode } = this.locate(path, who, { follow });
    if (!inode) throw new FileSystemError('ENOENT', path);
    return inode;
  }

  /** The inode at `path`, or undefined where a lookup would fail for any reason. */
  find(path: string, who: Credentials, follow = true): Inode | undefined {
    const found = path === '' ? 'ENOENT' : this.#walk(path, who, follow, true, 0, this.root.root);
    return typeof found === 'string' ? undefined : found.inode;
  }

  /** Walks `path`; the last name need not exist. */
  locate(path: string, who: Credentials, options: { follow?: boolean; cross?: boolean } = {}): Located {
    if (path === '') throw new FileSystemError('ENOENT', path);
    const found = this.#walk(path, who, options.follow ?? true, options.cross ?? true, 0, this.root.root);
    if (typeof found === 'string') throw new FileSystemError(found, path);
    return found;
  }

  /** Gives the error number instead of throwing it: most questions are whether something is there, and most answers are no. */
  #walk(
    path: string,
    who: Credentials,
    follow: boolean,
    cross: boolean,
    depth: number,
    start: Inode,
  ): Located | FileSystemErrorCode {
    if (depth > MAX_LINKS) return 'ELOOP';
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    let directory = path.startsWith('/') ? this.#over(this.root.root) : start;
    if (parts.length === 0) return { parent: directory, name: '.', inode: directory };
    for (let index = 0; index < parts.length; index += 1) {
      const name = parts[index] as string;
      const last = index === parts.length - 1;
      if (directory.kind !== 'directory') return 'ENOTDIR';
      if (!permits(directory, who, 1)) return 'EACCES';
      const inode = this.#child(directory, name, cross || !last);
      if (inode?.kind === 'symlink' && (!last || follow || path.endsWith('/'))) {
        const rest = parts.slice(index + 1).join('/');
        const joined = rest ? `${inode.target}/${rest}` : (inode.target ?? '');
        return this.#walk(joined, who, follow, cross, depth + 1, directory);
      }
      if (last) {
        if (path.endsWith('/') && inode && inode.kind !== 'directory') return 'ENOTDIR';
        if (inode && inode.kind !== 'directory' && this.#limits()) this.#holders.set(inode, directory);
        return { parent: directory, name, inode };
      }
      if (!inode) return 'ENOENT';
      directory = inode;
    }
    return 'ENOENT';
  }

  #over(inode: Inode): Inode {
    let current = inode;
    for (let next = this.#mounts.get(current); next; next = this.#mounts.get(current)) current = next;
    return current;
  }

  #child(directory: Inode, name: string, cross: boolean): Inode | undefined {
    if (name === '..') return this.#parents.get(directory)?.parent ?? this.root.root;
    const inode = directory.directoryView ? directory.directoryView.lookup(name) : directory.entries?.get(name);
    if (inode?.kind !== 'directory') return inode;
    const seen = cross ? this.#over(inode) : inode;
    if (!this.#parents.has(seen)) this.#parents.set(seen, { parent: directory, name });
    return seen;
  }

  /** The canonical absolute path of an existing directory, file or link target. */
  realPath(path: string, who: Credentials): string {
    const { parent, name, inode } = this.locate(path, who);
    if (!inode) throw new FileSystemError('ENOENT', path);
    const parts = inode.kind === 'directory' ? [] : [name];
    let current = inode.kind === 'directory' ? inode : parent;
    for (let up = this.#parents.get(current); up && current !== this.root.root; up = this.#parents.get(current)) {
      parts.unshift(up.name);
      current = up.parent;
    }
    return `/${parts.join('/')}`;
  }

  /** Names in a directory, in byte order. */
  list(path: string, who: Credentials): string[] {
    const directory = this.lookup(path, who);
    if (directory.kind !== 'directory') throw new FileSystemError('ENOTDIR', path);
    if (!permits(directory, who, 4)) throw new FileSystemError('EACCES', path);
    const names = directory.directoryView
      ? directory.directoryView.list()
      : (directory.entries as Map<string, Inode>).keys();
    return [...names].toSorted();
  }

  /** Adds a new name. Throws EEXIST where it is taken. */
  create(path: string, who: Credentials, kind: InodeKind, mode: number): Inode {
    const at = this.locate(path, who, { follow: kind === 'file' });
    if (at.inode || at.name === '..') throw new FileSystemError('EEXIST', path);
    if (kind === 'file' && at.parent.volume.kind === 'virtual')
      throw new FileSystemError(/^\/proc\/(?!sys\/)/.test(path) ? 'ENOENT' : 'EACCES', path);
    this.#mayChange(at.parent, who, path);
    // A name fits into the directory's block; a directory needs one of its own.
    if (kind === 'directory') this.#assertRoom(at.parent, path);
    const owner = { uid: who.uid, gid: (at.parent.mode & 0o2000) === 0 ? who.gid : at.parent.gid };
    // A new folder takes the set-group-ID bit of the one that it is in.
    const bits = kind === 'directory' ? mode | (at.parent.mode & 0o2000) : mode;
    const inode = createInode(at.parent.volume, kind, bits, owner, this.#now());
    if (at.parent.context !== undefined) inode.context = at.parent.context;
    this.#put(at.parent, at.name, inode);
    return inode;
  }

  #mayChange(directory: Inode, who: Credentials, path: string, victim?: Inode): void {
    if (directory.volume.kind === 'virtual') throw new FileSystemError('EPERM', path);
    this.assertWritable(directory, path);
    if (!permits(directory, who, 3)) throw new FileSystemError('EACCES', path);
    const sticky = (directory.mode & 0o1000) !== 0 && who.uid !== 0;
    if (victim && sticky && victim.uid !== who.uid && directory.uid !== who.uid)
      throw new FileSystemError('EPERM', path);
  }

  /** Throws EROFS where the file system of an inode is read-only. */
  assertWritable(inode: Inode, path: string): void {
    if (this.#isAmong(this.#limits()?.readOnly, inode)) throw new FileSystemError('EROFS', path);
  }

  #assertRoom(inode: Inode, path: string): void {
    if (this.#isAmong(this.#limits()?.full, inode)) throw new FileSystemError('ENOSPC', path);
  }

  /** Whether an inode is on one of the file systems that hold these paths. */
  #isAmong(paths: readonly string[] | undefined, inode: Inode): boolean {
    if (paths === undefined || paths.length === 0) return false;
    const own = this.#fileSystemOf(inode);
    return paths.some((path) => {
      const at = this.find(path, ROOT);
      return at !== undefined && this.#fileSystemOf(at) === own;
    });
  }

  /** Root directory of the mounted file system that an inode is reached through. */
  #fileSystemOf(inode: Inode): Inode {
    const mounted = new Set(this.#mounts.values());
    let current = inode.kind === 'directory' ? inode : (this.#holders.get(inode) ?? inode.volume.root);
    while (current !== this.root.root && !mounted.has(current)) {
      const up = this.#parents.get(current)?.parent;
      if (up === undefined || up === current) return current.volume.root;
      current = up;
    }
    return current;
  }

  #put(directory: Inode, name: string, inode: Inode): void {
    directory.entries?.set(name, inode);
    if (inode.kind === 'directory') {
      directory.links += 1;
      this.#parents.set(inode, { parent: directory, name });
    }
    this.touched(directory, true);
    this.touched(inode);
  }

  #take(directory: Inode, name: string, inode: Inode): void {
    directory.entries?.delete(name);
    if (inode.kind === 'directory') directory.links -= 1;
    this.touched(directory, true);
    inode.links -= inode.kind === 'directory' ? 2 : 1;
    if (inode.links > 0) this.touched(inode);
    else this.#forget(inode);
  }

  #forget(inode: Inode): void {
    inode.volume.usedBytes -= inode.content?.length ?? 0;
    inode.volume.changed.delete(inode);
    inode.volume.removed.add(inode.ino);
  }

  /** Records that an inode changed: times, write counter, and what the store must save. */
  touched(inode: Inode, content = false): void {
    const now = this.#now();
    inode.ctimeMs = now;
    if (content) inode.mtimeMs = now;
    inode.volume.writes += 1;
    if (inode.links > 0 && inode.volume.kind === 'disk') inode.volume.changed.add(inode);
  }

  /** Replaces a file's bytes. The caller has checked permission. Throws ENOSPC where the volume is full. */
  setContent(inode: Inode, content: Uint8Array): void {
    const growth = content.length - (inode.content?.length ?? 0);
    this.assertWritable(inode, '');
    if (growth > 0) this.#assertRoom(inode, '');
    if (growth > 0 && inode.volume.usedBytes + growth > inode.volume.capacityBytes) {
      throw new FileSystemError('ENOSPC', '');
    }
    inode.volume.usedBytes += growth;
    inode.content = content;
    this.touched(inode, true);
  }

  /** unlink(2). */
  unlink(path: string, who: Credentials): void {
    const at = this.locate(path, who, { follow: false });
    if (!at.inode) throw new FileSystemError('ENOENT', path);
    if (at.inode.kind === 'directory') throw new FileSystemError('EISDIR', path);
    this.#mayChange(at.parent, who, path, at.inode);
    this.#take(at.parent, at.name, at.inode);
  }

  /** rmdir(2). */
  removeDirectory(path: string, who: Credentials): void {
    const at = this.locate(path, who, { follow: false, cross: false });
    if (!at.inode) throw new FileSystemError('ENOENT', path);
    if (at.inode.kind !== 'directory') throw new FileSystemError('ENOTDIR', path);
    if (this.#mounts.has(at.inode)) throw new FileSystemError('EBUSY', path);
    if (at.inode.entries && at.inode.entries.size > 0) throw new FileSystemError('ENOTEMPTY', path);
    this.#mayChange(at.parent, who, path, at.inode);
    this.#take(at.parent, at.name, at.inode);
  }

  /** rename(2): replaces an existing target atomically. */
  rename(from: string, to: string, who: Credentials): void {
    const source = this.locate(from, who, { follow: false, cross: false });
    const goal = this.locate(to, who, { follow: false, cross: false });
    if (!source.inode) throw new FileSystemError('ENOENT', from);
    if (source.inode === goal.inode) return;
    if (this.#mounts.has(source.inode)) throw new FileSystemError('EBUSY', from);
    if (this.#holdsFolder(source.inode, goal.parent)) throw new FileSystemError('EINVAL', to);
    if (source.parent.volume !== goal.parent.volume) throw new FileSystemError('EXDEV', to);
    this.#mayChange(source.parent, who, from, source.inode);
    this.#mayChange(goal.parent, who, to, goal.inode);
    if (goal.inode) this.#replaceable(source.inode, goal.inode, to);
    if (goal.inode) this.#take(goal.parent, goal.name, goal.inode);
    source.parent.entries?.delete(source.name);
    if (source.inode.kind === 'directory') source.parent.links -= 1;
    this.touched(source.parent, true);
    this.#put(goal.parent, goal.name, source.inode);
  }

  /** Whether a folder is the other one or above it. */
  #holdsFolder(upper: Inode, folder: Inode): boolean {
    for (let at: Inode | undefined = folder; at !== undefined; ) {
      if (at === upper) return true;
      const up: Inode | undefined = this.#parents.get(at)?.parent;
      at = up === at ? undefined : up;
    }
    return false;
  }

  #replaceable(source: Inode, goal: Inode, to: string): void {
    if (goal.kind !== 'directory') {
      if (source.kind === 'directory') throw new FileSystemError('ENOTDIR', to);
      return;
    }
    if (source.kind !== 'directory') throw new FileSystemError('EISDIR', to);
    if ((goal.entries?.size ?? 0) > 0) throw new FileSystemError('ENOTEMPTY', to);
  }

  /** symlink(2). */
  symlink(target: string, path: string, who: Credentials): void {
    const inode = this.create(path, who, 'symlink', 0o777);
    inode.target = target;
  }

  /** link(2). */
  link(existing: string, path: string, who: Credentials): void {
    const inode = this.lookup(existing, who, false);
    if (inode.kind === 'directory') throw new FileSystemError('EPERM', existing);
    const at = this.locate(path, who, { follow: false });
    if (at.inode) throw new FileSystemError('EEXIST', path);
    if (at.parent.volume !== inode.volume) throw new FileSystemError('EXDEV', path);
    this.#mayChange(at.parent, who, path);
    inode.links += 1;
    this.#put(at.parent, at.name, inode);
  }

  /** chmod(2). */
  chmod(path: string, mode: number, who: Credentials): void {
    const inode = this.lookup(path, who);
    if (who.uid !== 0 && inode.uid !== who.uid) throw new FileSystemError('EPERM', path);
    this.assertWritable(inode, path);
    inode.mode = mode & 0o7777;
    this.touched(inode);
  }

  /** chown(2) or lchown(2); undefined leaves an id as it is. */
  chown(path: string, ids: { uid?: number; gid?: number }, who: Credentials, follow = true): void {
    const inode = this.lookup(path, who, follow);
    const givesAway = ids.uid !== undefined && ids.uid !== inode.uid;
    const regroups = ids.gid !== undefined && ids.gid !== inode.gid;
    const ownGroup = inode.uid === who.uid && (ids.gid === who.gid || who.groups.includes(ids.gid ?? -1));
    if (who.uid !== 0 && (givesAway || (regroups && !ownGroup))) throw new FileSystemError('EPERM', path);
    this.assertWritable(inode, path);
    inode.uid = ids.uid ?? inode.uid;
    inode.gid = ids.gid ?? inode.gid;
    if (inode.kind === 'file') inode.mode &= inode.mode & 0o010 ? ~0o6000 : ~0o4000;
    this.touched(inode);
  }

  /** utimensat(2), modification time only. */
  setTimes(path: string, mtimeMs: number, who: Credentials, follow = true): void {
    const inode = this.lookup(path, who, follow);
    if (who.uid !== 0 && inode.uid !== who.uid && !permits(inode, who, 2)) throw new FileSystemError('EACCES', path);
    this.assertWritable(inode, path);
    this.touched(inode);
    inode.mtimeMs = mtimeMs;
  }
}
