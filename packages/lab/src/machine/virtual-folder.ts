import { createInode, type DirectoryView, type FileView, type Inode, ROOT, type Volume } from '../disk/inode.ts';

/** What a computed directory shows besides its fixed entries. */
interface Dynamic {
  list(): Iterable<string>;
  lookup(name: string): Inode | undefined;
}

/** An entry of a folder. A file's inode is made when somebody first looks at it: a lab has many machines, and most of these files nobody reads. */
interface Entry {
  readonly present: () => boolean;
  readonly folder?: VirtualFolder;
  readonly view?: FileView;
  inode?: Inode;
}

const always = (): boolean => true;

/** A directory below /proc or /sys: fixed entries, some of which come and go, and computed ones. */
export class VirtualFolder implements DirectoryView {
  readonly inode: Inode;
  readonly #volume: Volume;
  readonly #entries = new Map<string, Entry>();
  readonly #dynamic: Dynamic | undefined;

  constructor(volume: Volume, inode?: Inode, dynamic?: Dynamic) {
    this.#volume = volume;
    this.#dynamic = dynamic;
    this.inode = inode ?? createInode(volume, 'directory', 0o555, ROOT, 0);
    this.inode.directoryView = this;
  }

  list(): Iterable<string> {
    const names = [...this.#entries].filter(([, entry]) => entry.present()).map(([name]) => name);
    return this.#dynamic ? [...names, ...this.#dynamic.list()] : names;
  }

  lookup(name: string): Inode | undefined {
    const entry = this.#entries.get(name);
    return entry?.present() ? this.#inodeOf(entry) : this.#dynamic?.lookup(name);
  }

  #inodeOf(entry: Entry): Inode {
    if (entry.inode !== undefined) return entry.inode;
    if (entry.folder !== undefined) return entry.folder.inode;
    const inode = createInode(this.#volume, 'file', entry.view?.write ? 0o644 : 0o444, ROOT, 0);
    if (entry.view !== undefined) inode.view = entry.view;
    entry.inode = inode;
    return inode;
  }

  /** The sub-directory of that name, made when first asked for. */
  folder(name: string, present: () => boolean = always, dynamic?: Dynamic): VirtualFolder {
    const known = this.#entries.get(name)?.folder;
    if (known !== undefined) return known;
    const folder = new VirtualFolder(this.#volume, undefined, dynamic);
    this.#entries.set(name, { folder, present });
    return folder;
  }

  /** Adds a computed file. */
  file(name: string, view: FileView | (() => string), present: () => boolean = always): void {
    this.#entries.set(name, { view: typeof view === 'function' ? { read: view } : view, present });
  }

  /** Adds a symbolic link whose target is computed when it is followed. */
  link(name: string, target: () => string): void {
    const inode = createInode(this.#volume, 'symlink', 0o777, ROOT, 0);
    Object.defineProperty(inode, 'target', { get: target, enumerable: true });
    this.#entries.set(name, { inode, present: always });
  }
}
