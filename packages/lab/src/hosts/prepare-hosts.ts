import { AppError } from '@vmstation/core';
import { nodeProcessRunner } from '@vmstation/remote';
import { hostCommands } from './host-commands.ts';
import { imageSettings } from './hosts-settings.ts';
import { ensureImage } from './image.ts';
import { noteOwner, ownerOf, removeOwned } from './owned-disks.ts';
import { requireRealMachines, requireRoot } from './requirements.ts';
import { sweepSlots } from './slots.ts';

/** Makes what real machines are made of, which takes minutes once. Throws lab/needs-debian, lab/needs-root, lab/no-apt-source, lab/host-command-failed. */
export async function prepareHosts(workspaceRoot: string, say: (line: string) => void): Promise<void> {
  const commands = hostCommands(nodeProcessRunner());
  const settings = imageSettings();
  await requireRealMachines(commands);
  await ensureImage(settings, commands, say);
  await noteOwner(settings.directory, ownerOf(workspaceRoot), workspaceRoot);
}

/** Takes away what killed labs left running on this computer. Throws lab/needs-root. */
export async function removeLeftovers(): Promise<void> {
  requireRoot();
  await sweepSlots(`process ${process.pid}`, hostCommands(nodeProcessRunner()));
}

/** Throws a workspace's real machines away. Throws lab/needs-root, lab/owner-busy. */
export async function wipeHosts(workspaceRoot: string): Promise<void> {
  requireRoot();
  const owner = ownerOf(workspaceRoot);
  if (await removeOwned(imageSettings().directory, owner)) return;
  throw new AppError({
    code: 'lab/owner-busy',
    kind: 'locked',
    message: 'The real machines of this workspace are still run by another process.',
    tryThis: 'vmstation lab stop',
  });
}
