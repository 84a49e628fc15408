import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '@vmstation/core';

/** Name of the cluster file; the folder that has it is a workspace. */
export const clusterFileName = 'vmstation.yaml';

/**
 * The workspace that a folder is in: the nearest folder upwards with `vmstation.yaml`; absolute.
 * Throws workspace/not-found.
 */
export async function findWorkspace(from: string): Promise<string> {
  const start = resolve(from);
  for (let folder = start; ; folder = dirname(folder)) {
    if (await isFile(join(folder, clusterFileName))) return folder;
    if (dirname(folder) === folder) break;
  }
  throw new AppError({
    code: 'workspace/not-found',
    kind: 'user',
    message: `There is no ${clusterFileName} in ${start}, nor in any folder above it.`,
    tryThis: 'Run vmstation init here, or name the workspace with --workspace DIR.',
    context: { folder: start },
  });
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** True for the error of a file or folder that is not there. */
export function isMissing(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
