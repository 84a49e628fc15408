import { createInode, type FileView, type Inode, ROOT, type Volume } from '../disk/inode.ts';

/** What a computed directory shows besides its fixed entries. */
interface Dynamic {
  list(): Iterable<string>;
  lookup(name: string): Inode | undefined;
}

/** A directory below /proc or /sys: fixed entries, some of which come and go, and computed ones. */
export class VirtualFolder {
  readonly inode: Inode;
  readonly #volume: Volume;
  readonly #entries = new Map<string, { inode: Inode; present: () => boolean }>();
  readonly #folders = new Map<string, VirtualFolder>();

  constructor(volume: Volume, inode?: Inode, dynamic?: Dynamic) {
    this.#volume = volume;
    this.inode = inode ?? createInode(volume, 'directory', 0o555, ROOT, 0);
    this.inode.directoryView = {
      list: () => {
        const names = [...this.#entries].filter(([, entry]) => entry.present()).map(([name]) => name);
        return dynamic ? [...names, ...dynamic.list()] : names;
      },
      lookup: (name) => {
        const entry = this.#entries.get(name);
        return entry?.present() ? entry.inode : dynamic?.lookup(name);
      },
    };
  }

  /** The sub-directory of that name, made when first asked for. */
  folder(name: string, present: () => boolean = () => true, dynamic?: Dynamic): VirtualFolder {
    let folder = this.#folders.get(name);
    if (!folder) {
      folder = new VirtualFolder(this.#volume, undefined, dynamic);
      this.#folders.set(name, folder);
      this.#entries.set(name, { inode: folder.inode, present });
    }
    return folder;
  }

  /** Adds a computed file. */
  file(name: string, view: FileView | (() => string), present: () => boolean = () => true): void {
    const inode = createInode(this.#volume, 'file', 0o444, ROOT, 0);
    inode.view = typeof view === 'function' ? { read: view } : view;
    if (inode.view.write) inode.mode = 0o644;
    this.#entries.set(name, { inode, present });
  }

  /** Adds a symbolic link whose target is computed when it is followed. */
  link(name: string, target: () => string): void {
    const inode = createInode(this.#volume, 'symlink', 0o777, ROOT, 0);
    Object.defineProperty(inode, 'target', { get: target, enumerable: true });
    this.#entries.set(name, { inode, present: () => true });
  }
}
