import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { claimName } from './claim.ts';

/** Names a workspace's machines on this computer. */
export function ownerOf(workspaceRoot: string): string {
  return `ws-${createHash('sha256').update(realpathSync(workspaceRoot)).digest('hex').slice(0, 12)}`;
}

/** Notes whose disks these are, and removes the disks of workspaces that are no more. */
export async function noteOwner(directory: string, owner: string, workspaceRoot: string): Promise<void> {
  await mkdir(`${directory}/labs/${owner}`, { recursive: true });
  await writeFile(`${directory}/labs/${owner}/workspace`, workspaceRoot);
  for (const other of await readdir(`${directory}/labs`)) {
    const root = await readFile(`${directory}/labs/${other}/workspace`, 'utf8').catch(() => undefined);
    if (root !== undefined && !existsSync(root)) await removeOwned(directory, other);
  }
}

/** Throws the disks and keys of an owner away, unless a running lab uses them. Returns false then. */
export async function removeOwned(directory: string, owner: string): Promise<boolean> {
  const claimed = await claimName(`owner-${owner}`, `process ${process.pid}`);
  if (!('release' in claimed)) return false;
  try {
    await rm(`${directory}/labs/${owner}`, { recursive: true, force: true });
    return true;
  } finally {
    await claimed.release();
  }
}
