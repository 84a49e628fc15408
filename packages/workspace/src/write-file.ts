import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** How the temporary neighbours of files that are being written start. */
export const temporaryPrefix = '.writing-';

/**
 * Writes a whole file so that readers see the old content or the new one and nothing between: beside, synced, renamed.
 * Missing folders are made with `directoryMode`.
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  modes: { readonly mode: number; readonly directoryMode: number },
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: modes.directoryMode });
  const beside = join(dirname(path), `${temporaryPrefix}${basename(path)}-${randomBytes(6).toString('hex')}`);
  try {
    const file = await open(beside, 'wx', modes.mode);
    try {
      await file.writeFile(content);
      // The mode of open() is cut by the umask.
      await file.chmod(modes.mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await unlink(beside).catch(() => undefined);
    throw error;
  }
}

/** Sets a file's permissions. */
export async function setMode(path: string, mode: number): Promise<void> {
  await chmod(path, mode);
}
