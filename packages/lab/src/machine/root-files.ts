import { FileSystemError } from '../disk/file-system-error.ts';
import type { FileTree } from '../disk/file-tree.ts';
import { type Inode, ROOT } from '../disk/inode.ts';
import { encodeText, fromByteText, toByteText } from '../shell/byte-text.ts';
import { PROGRAM_MAGIC } from '../shell/execute.ts';

/** Owner and mode of a file that is put in place. */
export interface Placement {
  mode?: number;
  uid?: number;
  gid?: number;
}

/** Files as the machine's own root, installer or kernel handles them: no permission is asked. */
export class RootFiles {
  readonly #tree: FileTree;

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  /** Makes a directory and those above it; an existing one stays as it is. */
  folder(path: string, placement: Placement = {}): void {
    const parts = path.split('/').filter(Boolean);
    for (let count = 1; count <= parts.length; count += 1) {
      const part = `/${parts.slice(0, count).join('/')}`;
      if (this.#tree.find(part, ROOT)) continue;
      const inode = this.#tree.create(part, ROOT, 'directory', 0o755);
      if (count === parts.length) place(inode, { mode: 0o755, ...placement });
    }
  }

  /** Writes a file, making its folder. An existing file keeps its owner and mode unless they are given. */
  write(path: string, text: string, placement: Placement = {}): void {
    this.folder(path.replace(/\/[^/]*$/, '') || '/');
    const found = this.#tree.find(path, ROOT);
    const inode = found ?? this.#tree.create(path, ROOT, 'file', 0o644);
    this.#tree.setContent(inode, sharedContent(text));
    place(inode, found ? placement : { mode: 0o644, ...placement });
  }

  /** Points a symbolic link, replacing what has its name. */
  link(path: string, target: string): void {
    this.folder(path.replace(/\/[^/]*$/, '') || '/');
    if (this.#tree.find(path, ROOT, false)) this.#tree.unlink(path, ROOT);
    this.#tree.symlink(target, path, ROOT);
  }

  /** A file's text, or undefined where there is none. */
  read(path: string): string | undefined {
    const inode = this.#tree.find(path, ROOT);
    if (!inode || inode.kind !== 'file') return undefined;
    return inode.view ? inode.view.read() : toByteText(inode.content ?? new Uint8Array(0));
  }

  /** The inode at a path, or undefined. */
  find(path: string, follow = true): Inode | undefined {
    return this.#tree.find(path, ROOT, follow);
  }

  /** Removes a file or an empty directory; nothing happens where there is none or it is not empty. */
  remove(path: string): void {
    const inode = this.#tree.find(path, ROOT, false);
    if (!inode) return;
    try {
      if (inode.kind === 'directory') this.#tree.removeDirectory(path, ROOT);
      else this.#tree.unlink(path, ROOT);
    } catch (error) {
      if (!(error instanceof FileSystemError) || error.code !== 'ENOTEMPTY') throw error;
    }
  }

  /** Names in a directory; none where there is no such directory. */
  list(path: string): string[] {
    const inode = this.#tree.find(path, ROOT);
    return inode?.kind === 'directory' ? this.#tree.list(path, ROOT) : [];
  }
}

function place(inode: Inode, { mode, uid, gid }: Placement): void {
  if (mode !== undefined) inode.mode = mode;
  if (uid !== undefined) inode.uid = uid;
  if (gid !== undefined) inode.gid = gid;
}

const contents = new Map<string, Uint8Array>();
const mostContents = 4096;

/** Content of a file: machines of a lab have most of their texts in common. What only one machine has is forgotten again in time. */
function sharedContent(text: string): Uint8Array {
  const known = contents.get(text);
  if (known) return known;
  const content = ownBytes(text.startsWith(PROGRAM_MAGIC) ? fromByteText(text) : fromByteText(encodeText(text)));
  if (contents.size >= mostContents) contents.clear();
  contents.set(text, content);
  return content;
}

/** A copy that does not keep the block alive out of which Node cuts small buffers. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}
