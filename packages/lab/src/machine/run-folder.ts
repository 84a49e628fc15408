import { type Inode, ROOT } from '../disk/inode.ts';
import type { Machine } from './machine.ts';

/** A file, folder or link below /run as plain data, without its path's beginning. */
export interface RunEntry {
  path: string;
  kind: 'file' | 'directory' | 'symlink';
  mode: number;
  uid: number;
  gid: number;
  mtimeMs: number;
  /** Base64. */
  content?: string;
  target?: string;
}

const root = '/run';

/** What lies below /run: memory of the machine, which a boot empties and a new process of the lab takes up. */
export function runEntries(machine: Machine): RunEntry[] {
  const entries: RunEntry[] = [];
  const visit = (folder: Inode, prefix: string): void => {
    for (const [name, inode] of folder.entries ?? []) {
      const path = `${prefix}/${name}`;
      const { kind, mode, uid, gid, mtimeMs, target } = inode;
      if (kind !== 'file' && kind !== 'directory' && kind !== 'symlink') continue;
      const content = inode.content === undefined ? {} : { content: Buffer.from(inode.content).toString('base64') };
      entries.push({ path, kind, mode, uid, gid, mtimeMs, ...content, ...(target === undefined ? {} : { target }) });
      if (kind === 'directory' && inode.volume === folder.volume) visit(inode, path);
    }
  };
  const found = machine.tree.find(root, ROOT);
  if (found !== undefined) visit(found, root);
  return entries;
}

/** Puts back what {@link runEntries} gave. */
export function restoreRunEntries(machine: Machine, entries: readonly RunEntry[]): void {
  const { tree } = machine;
  for (const { path, kind, mode, uid, gid, mtimeMs, content, target } of entries) {
    if (kind === 'symlink') {
      if (tree.find(path, ROOT, false) === undefined) tree.symlink(target ?? '', path, ROOT);
      continue;
    }
    const inode = tree.find(path, ROOT, false) ?? tree.create(path, ROOT, kind, mode);
    if (content !== undefined) tree.setContent(inode, new Uint8Array(Buffer.from(content, 'base64')));
    Object.assign(inode, { mode, uid, gid, mtimeMs });
  }
}
