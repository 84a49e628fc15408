import { nodeProcessRunner } from '@vmstation/remote';
import type { TestProject } from 'vitest/node';
import { type HostsLabAccess, startHostsLab } from '../../packages/lab/src/hosts/hosts-lab.ts';
import { defaultLayerPackages, type HostsLabSettings } from '../../packages/lab/src/hosts/settings.ts';

/** The machines that all files of this suite share, as every file gets them by `inject('machines')`. */
export type TwoMachines = HostsLabAccess;

declare module 'vitest' {
  export interface ProvidedContext {
    machines: TwoMachines;
  }
}

const settings: HostsLabSettings = {
  directory: process.env['VMSTATION_HOSTS_DIRECTORY'] ?? '/var/lib/vmstation-lab',
  machines: [
    { name: 'masternode', octet: 63 },
    { name: 'storagenodet3500', octet: 61 },
  ],
  packages: defaultLayerPackages,
  suite: 'bookworm',
};

/** Brings two fresh machines up for the whole suite, and takes them away after it. Any number of runs may do so at the same time. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const lab = await startHostsLab(settings, nodeProcessRunner(), (line) => console.log(line));
  const { machines, range, gateway, user, identityFile, sshConfigFile, knownHostsFile } = lab;
  project.provide('machines', { machines, range, gateway, user, identityFile, sshConfigFile, knownHostsFile });
  return () => lab.down();
}
