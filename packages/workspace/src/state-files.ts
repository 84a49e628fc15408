import { readdir, rm, stat } from 'node:fs/promises';
import { isAbsolute, join, normalize, sep } from 'node:path';
import type { WorkspaceFiles } from '@vmstation/core';
import { isMissing } from './find-workspace.ts';
import { textOf } from './read-folder.ts';
import { setMode, temporaryPrefix, writeFileAtomically } from './write-file.ts';

/**
 * Files below the state directory: folders 0700, files 0600 unless told, writes atomic. Paths are relative and may not
 * leave the directory (RangeError). `list` gives the names of the files directly in a folder, sorted.
 */
export function workspaceFiles(stateDir: string): WorkspaceFiles {
  const resolve = (path: string): string => join(stateDir, inside(path));
  return {
    stateDir,
    resolve,
    read: (path) => textOf(resolve(path)),
    write: async (path, content, options = {}) => {
      const mode = options.mode ?? 0o600;
      const target = resolve(path);
      if ((await textOf(target)) === content) {
        const equalMode = ((await stat(target)).mode & 0o777) === mode;
        if (!equalMode) await setMode(target, mode);
        return !equalMode;
      }
      await writeFileAtomically(target, content, { mode, directoryMode: 0o700 });
      return true;
    },
    remove: (path) => rm(resolve(path), { force: true, recursive: true }),
    list: (directory) => fileNames(resolve(directory)),
  };
}

function inside(path: string): string {
  const clean = normalize(path);
  if (isAbsolute(clean) || clean === '..' || clean.startsWith(`..${sep}`)) {
    throw new RangeError(`${path} leaves the state directory`);
  }
  return clean;
}

async function fileNames(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith(temporaryPrefix));
    return files.map((entry) => entry.name).toSorted();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
