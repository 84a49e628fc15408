import { AppError } from '@vmstation/core';
import { nodeProcessRunner } from '@vmstation/remote';
import type { TestProject } from 'vitest/node';
import { type HostsLab, startHostsLab } from '../../packages/lab/src/hosts/hosts-lab.ts';
import { defaultLayerPackages, type HostsLabSettings, hostsLabNames } from '../../packages/lab/src/hosts/settings.ts';

/** The machines that all files of this suite share, as every file gets them by `inject('machines')`. */
export interface TwoMachines extends Omit<HostsLab, 'down'> {
  /** The range that they are in, and the address of this computer there. */
  readonly range: string;
  readonly gateway: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    machines: TwoMachines;
  }
}

const settings: HostsLabSettings = {
  name: 'ci',
  directory: process.env['VMSTATION_HOSTS_DIRECTORY'] ?? '/var/lib/vmstation-lab',
  subnet: '10.78.21',
  machines: [
    { name: 'masternode', octet: 63 },
    { name: 'storagenodet3500', octet: 61 },
  ],
  packages: defaultLayerPackages,
  suite: 'bookworm',
  freshDisks: true,
};

const longestWaitMs = 240_000;

/** Brings two fresh machines up for the whole suite, and takes them away after it. Waits some minutes for another run's to go. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const lab = await startWhenFree(Date.now() + longestWaitMs);
  const { machines, user, identityFile, sshConfigFile, knownHostsFile } = lab;
  const access = { machines, user, identityFile, sshConfigFile, knownHostsFile };
  const { gateway } = hostsLabNames(settings);
  project.provide('machines', { ...access, range: `${settings.subnet}.0/24`, gateway });
  return () => lab.down({ wipe: true });
}

async function startWhenFree(deadline: number): Promise<HostsLab> {
  for (;;) {
    try {
      return await startHostsLab(settings, nodeProcessRunner(), (line) => console.log(line));
    } catch (thrown) {
      const isTaken = thrown instanceof AppError && thrown.code === 'lab/bridge-taken';
      if (!isTaken || Date.now() > deadline) throw thrown;
      console.log(`${thrown.message} Waiting for it to end.`);
      await new Promise((resolve) => setTimeout(resolve, 5_000));
    }
  }
}
