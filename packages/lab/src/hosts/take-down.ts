import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { endGroupMembers, removeGroups } from './control-groups.ts';
import { thawAll } from './freezer.ts';
import type { HostCommands } from './host-commands.ts';
import { endLeftover } from './machine-process.ts';
import { removeNetwork } from './network.ts';
import { hostsLabNames } from './settings.ts';

/**
 * Takes away whatever a lab in this slot has made on this computer outside its own folder: machines, mounts, control groups, cards, namespaces,
 * bridge and guard route. It looks at the computer, not at a list, so that it works for labs that were killed; what is not there is fine.
 */
export async function takeDown(slot: number, commands: HostCommands): Promise<void> {
  const names = hostsLabNames(slot);
  // A lab makes this folder first and removes it last: without it, whatever has our names is not ours.
  if (!existsSync(names.run)) return;
  await thawAll(names.cgroup);
  const files = await readdir(names.run);
  const machines = files.filter((file) => file.endsWith('.pid')).map((file) => file.slice(0, -'.pid'.length));
  await Promise.all(machines.map((machine) => endLeftover(machine, names)));
  await endGroupMembers(names.cgroup);
  for (const mount of await mountsBelow(names.run)) await commands.run(['umount', '--recursive', '--lazy', mount]);
  await removeNetwork(names, commands);
  await removeGroups(names.cgroup);
  await rm(names.run, { recursive: true, force: true });
}

/** The outermost mounts below a folder. proc(5): the mount point is the fifth field. */
async function mountsBelow(folder: string): Promise<readonly string[]> {
  const rows = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const points = rows.map((row) => row.split(' ')[4] ?? '').filter((point) => point.startsWith(`${folder}/`));
  return [...new Set(points)].filter((point) => !points.some((other) => point.startsWith(`${other}/`)));
}
