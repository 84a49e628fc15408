import { nodeProcessRunner } from '@vmstation/remote';
import { afterAll } from 'vitest';
import { type HostsLabAccess, startHostsLab } from '../../packages/lab/src/hosts/hosts-lab.ts';
import { defaultDirectory, defaultLayerPackages } from '../../packages/lab/src/hosts/settings.ts';

/** Machines that one file of this suite has for itself. */
export type OwnMachines = HostsLabAccess;

/** Names of the machines that most files want: the two nodes of `twoNodeWorkspace`. */
export const twoMachines: readonly string[] = ['masternode', 'storagenodet3500'];

const lastOctet = 63;

/**
 * Newly installed machines for the file that calls this at its top level (about three seconds), taken away after its tests: no file finds what
 * another one left, and files run side by side. This process hands the machines their packages: tests start programs
 * asynchronously, never with spawnSync.
 */
export async function ownMachines(names: readonly string[] = twoMachines): Promise<OwnMachines> {
  const settings = {
    directory: process.env['VMSTATION_HOSTS_DIRECTORY'] ?? defaultDirectory,
    machines: names.map((name, index) => ({ name, octet: lastOctet - index })),
    packages: defaultLayerPackages,
    suite: 'bookworm',
  };
  const lab = await startHostsLab(settings, nodeProcessRunner());
  afterAll(() => lab.down());
  const { machines, range, gateway, user, identityFile, sshConfigFile, knownHostsFile } = lab;
  return { machines, range, gateway, user, identityFile, sshConfigFile, knownHostsFile };
}
