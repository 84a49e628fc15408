import { rm, stat } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { textOf } from './read-folder.ts';
import { writeFileAtomically } from './write-file.ts';

/** A file that was written into the workspace, and how it is as it was. */
export interface WrittenFile {
  /** Workspace-relative. */
  readonly origin: string;
  undo(): Promise<void>;
}

/** A change of a host's settings.yaml. */
export type SettingsEdit =
  | { readonly keys: readonly string[]; readonly value: string | boolean }
  /** Adds an item to a list, once. */
  | { readonly keys: readonly string[]; readonly with: string }
  | { readonly keys: readonly string[]; readonly without: string }
  /** Takes a key away. */
  | { readonly keys: readonly string[]; readonly absent: true };

/** Writes a file of `hosts/NODE/`. `path` is the absolute path on the node; RangeError when it leaves the host's folder. */
export async function writeHostFile(
  root: string,
  file: { readonly node: string; readonly path: string; readonly content: string; readonly executable: boolean },
): Promise<WrittenFile> {
  const { node, path, content, executable } = file;
  if (!path.startsWith('/') || normalize(path) !== path) throw new RangeError(`${path} is no plain path of a node`);
  return writeOverlayFile(root, `hosts/${node}${path}`, content, executable ? 0o755 : 0o644);
}

/** Changes values of `hosts/NODE/settings.yaml`, which is made when it is absent; everything else in it, comments too, stays. */
export async function editHostSettings(
  root: string,
  node: string,
  edits: readonly SettingsEdit[],
): Promise<WrittenFile> {
  const origin = `hosts/${node}/settings.yaml`;
  return writeOverlayFile(root, origin, editedSettings((await textOf(join(root, origin))) ?? '', edits), 0o644);
}

/** Text of a settings.yaml with some values changed; everything else in it, comments too, stays. */
export function editedSettings(text: string, edits: readonly SettingsEdit[]): string {
  const document = parseDocument(text);
  for (const edit of edits) {
    const { keys } = edit;
    if ('absent' in edit) {
      if (document.hasIn(keys)) document.deleteIn(keys);
      continue;
    }
    if ('without' in edit) {
      const list = document.getIn(keys);
      if (isSeq(list)) list.items = list.items.filter((item) => nameOfItem(item) !== edit.without);
      continue;
    }
    for (const [index] of keys.slice(0, -1).entries()) {
      const above = keys.slice(0, index + 1);
      if (!isMap(document.getIn(above))) document.setIn(above, document.createNode({}));
    }
    if ('value' in edit) {
      if (document.getIn(keys) !== edit.value) document.setIn(keys, edit.value);
      continue;
    }
    const list = document.getIn(keys);
    if (!isSeq(list)) document.setIn(keys, document.createNode([edit.with]));
    else if (!list.items.some((item) => nameOfItem(item) === edit.with)) list.add(document.createNode(edit.with));
  }
  return document.toString({ lineWidth: 0 });
}

/** An item of a list is a name, or a map that has one. */
function nameOfItem(item: unknown): unknown {
  if (isMap(item)) return item.get('name');
  return isScalar(item) ? item.value : undefined;
}

/** Writes a file of the workspace by its relative name; says how to take it back. */
export async function writeOverlayFile(
  root: string,
  origin: string,
  content: string,
  mode: number,
): Promise<WrittenFile> {
  const place = join(root, origin);
  const before = await textOf(place);
  const modeBefore = before === undefined ? 0o644 : (await stat(place)).mode & 0o777;
  await writeFileAtomically(place, content, { mode, directoryMode: 0o755 });
  return {
    origin,
    undo: async () => {
      if (before === undefined) await rm(place);
      else await writeFileAtomically(place, before, { mode: modeBefore, directoryMode: 0o755 });
    },
  };
}
