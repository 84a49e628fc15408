import { normalize } from 'node:path';
import { type Overlay, type OverlayFile, type OverlaySettingsFile, type Workspace } from '@vmstation/core';
import { editedSettings, type SettingsEdit, type WrittenFile, writeOverlayFile } from './host-folder.ts';
import { attributesOf, readSettings } from './overlays.ts';
import { textOf } from './read-folder.ts';

/** What a host's folder is to hold besides what it holds already. */
export interface HostFolderContent {
  /** `path` is absolute on the node. */
  readonly files: readonly { readonly path: string; readonly content: string; readonly executable: boolean }[];
  readonly edits: readonly SettingsEdit[];
}

/** A file of the folder that differs from what lies there. */
export interface HostFolderWrite {
  /** Workspace-relative. */
  readonly origin: string;
  /** Undefined for a new file. */
  readonly before: string | undefined;
  readonly content: string;
  readonly executable: boolean;
  readonly executableBefore: boolean;
}

/** A change of a host's folder that is not written yet. */
export interface HostFolderChange {
  readonly node: string;
  /** The folder as it would be read after the change. */
  readonly overlay: Overlay;
  readonly writes: readonly HostFolderWrite[];
}

/**
 * What it would take for `hosts/NODE/` to hold this content. Reads settings.yaml, writes nothing. RangeError for a path that leaves the folder
 * and for settings that its schema refuses.
 */
export async function planHostFolder(
  workspace: Pick<Workspace, 'root' | 'overlays'>,
  node: string,
  { files, edits }: HostFolderContent,
): Promise<HostFolderChange> {
  const present = workspace.overlays.find(({ scope }) => scope.kind === 'host' && scope.name === node);
  const origin = `hosts/${node}/settings.yaml`;
  const before = await textOf(`${workspace.root}/${origin}`);
  const edited = edits.length === 0 ? before : editedSettings(before ?? '', edits);
  const settings = settingsOf(origin, edited);
  // Edits that say nothing new must not lay the file out anew.
  const text = JSON.stringify(settingsOf(origin, before)) === JSON.stringify(settings) ? before : edited;
  const attributes = settings.files ?? {};
  const wanted = new Map((present?.files ?? []).map((file) => [file.path, file]));
  for (const { path, content, executable } of files) {
    if (!path.startsWith('/') || normalize(path) !== path) throw new RangeError(`${path} is no plain path of a node`);
    const place = `hosts/${node}${path}`;
    wanted.set(path, { path, ...attributesOf(attributes, path, executable), content, origin: place });
  }
  const writes = files.flatMap(({ path, content, executable }) => {
    const old = present?.files.find((file) => file.path === path);
    const executableBefore = old !== undefined && isExecutable(old, present?.settings.values);
    if (old?.content === content && executableBefore === executable) return [];
    return [{ origin: `hosts/${node}${path}`, before: old?.content, content, executable, executableBefore }];
  });
  return {
    node,
    overlay: {
      scope: { kind: 'host', name: node },
      files: [...wanted.values()],
      settings: { values: settings, origin },
    },
    writes:
      text === undefined || text === before
        ? writes
        : [...writes, { origin, before, content: text, executable: false, executableBefore: false }],
  };
}

/** Writes a planned change: all of it, or nothing. Throws what the file system throws, after putting back what was written. */
export async function writeHostFolder(root: string, { writes }: HostFolderChange): Promise<Pick<WrittenFile, 'undo'>> {
  const written: WrittenFile[] = [];
  const undo = async () => {
    for (const file of written.toReversed()) await file.undo();
  };
  try {
    for (const { origin, content, executable } of writes)
      written.push(await writeOverlayFile(root, origin, content, executable ? 0o755 : 0o644));
  } catch (error) {
    await undo();
    throw error;
  }
  return { undo };
}

function settingsOf(origin: string, text: string | undefined): OverlaySettingsFile {
  if (text === undefined) return {};
  const { values, faults } = readSettings(origin, text);
  const [fault] = faults;
  if (fault !== undefined) throw new RangeError(`${origin}: ${fault.message}`);
  return values;
}

/** Whether the file itself is executable; a mode from the settings says nothing about it. */
function isExecutable(file: OverlayFile, settings: Overlay['settings']['values'] | undefined): boolean {
  const stated = (settings as OverlaySettingsFile | undefined)?.files?.[file.path]?.mode;
  return Number.parseInt(stated ?? file.mode, 8) % 0o200 >= 0o100;
}
