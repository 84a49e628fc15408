import { existsSync, readFileSync } from 'node:fs';
import { nodeProcessRunner } from '@vmstation/remote';
import { type HostsLab, startHostsLab } from '../../packages/lab/src/hosts/hosts-lab.ts';
import { defaultDirectory, defaultLayerPackages } from '../../packages/lab/src/hosts/settings.ts';
import { must } from './programs.ts';

/** Three freshly installed Debian machines. */
export type BenchMachines = HostsLab & { readonly names: readonly string[] };

const names = ['masternode', 'storagenodet3500', 'homelab'];
const octets = [63, 61, 62];

/** Debian's unit is skipped where the clock cannot be set, as in a container. */
const chronydThatSetsNothing = `mkdir -p /etc/systemd/system/chrony.service.d
printf '%s\\n' '[Unit]' ConditionCapability= '[Service]' ExecStart= 'ExecStart=!/usr/sbin/chronyd -F 1 -x' >/etc/systemd/system/chrony.service.d/lab.conf
systemctl daemon-reload`;

/** Starts three new machines. python3-apt is there already: Ansible would otherwise fetch it first, in a way of its own. */
export async function threeMachines(say: (line: string) => void): Promise<BenchMachines> {
  const lab = await startHostsLab(
    {
      directory: process.env['VMSTATION_HOSTS_DIRECTORY'] ?? defaultDirectory,
      machines: names.map((name, index) => ({ name, octet: octets[index] ?? 0 })),
      packages: [...defaultLayerPackages, 'python3-apt'],
      suite: 'bookworm',
    },
    nodeProcessRunner(),
    say,
  );
  const machines = { ...lab, names };
  await Promise.all(names.map((name) => onMachine(machines, name, chronydThatSetsNothing)));
  return machines;
}

/** Runs a script as root on a machine over a connection of its own; returns what it prints. */
export async function onMachine(machines: BenchMachines, name: string, script: string): Promise<string> {
  const line = ['ssh', ...plainSshOptions(machines), name, 'sudo -n sh -eu -s'];
  return (await must(line, { stdin: script })).stdout;
}

/** Options of an ssh call that shares nothing with another. */
export function plainSshOptions({ sshConfigFile, knownHostsFile }: BenchMachines): readonly string[] {
  const strict = ['-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile=${knownHostsFile}`];
  return ['-F', sshConfigFile, '-o', 'BatchMode=yes', ...strict];
}

/** Milliseconds of processor time that all three machines have used so far, by their control groups; undefined where the kernel does not count them. */
export function machinesCpuMs({ range }: BenchMachines): number | undefined {
  const group = `vms-${Number(range.split('.')[2]) - 100}`;
  const v1 = `/sys/fs/cgroup/cpuacct/${group}/cpuacct.usage`;
  if (existsSync(v1)) return Number(readFileSync(v1, 'utf8')) / 1e6;
  const v2 = `/sys/fs/cgroup/${group}/cpu.stat`;
  if (!existsSync(v2)) return undefined;
  return Number(/^usage_usec (\d+)/m.exec(readFileSync(v2, 'utf8'))?.[1] ?? Number.NaN) / 1000;
}
