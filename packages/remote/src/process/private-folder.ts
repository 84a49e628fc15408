import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes a folder that only its owner may enter, with the folders above it; does nothing when it is there. Throws what the file system says. */
export function makePrivateFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    // Node says ENOENT where a read-only file system refused; asking the folder above tells the true reason.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') accessSync(nearestFolder(folder), constants.W_OK);
    throw error;
  }
}

function nearestFolder(path: string): string {
  let folder = dirname(path);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
