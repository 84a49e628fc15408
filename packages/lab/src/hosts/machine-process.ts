import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { AppError } from '@vmstation/core';
import { quoteArguments } from '@vmstation/remote';
import { makeGroups } from './control-groups.ts';
import type { HostsLabNames, HostsMachine } from './settings.ts';

/** Exit status of systemd-nspawn when the machine asked for a reboot (with --keep-unit). */
const rebootStatus = 133;

/** A running machine: its systemd-nspawn. */
export interface MachineProcess {
  /** Powers it off, by force after the time; at once with 0. */
  stop(graceMs: number): Promise<void>;
  /** The machine's own first process, as this computer numbers it; undefined before it has one. */
  leader(): Promise<number | undefined>;
}

/** What becomes of a running machine without being asked. */
export interface MachineEvents {
  /** It powered itself off, or died. */
  readonly ended: () => void;
  /** It asked for a reboot and could not be booted. */
  readonly failed: (cause: unknown) => void;
}

/** Boots a machine in its own control groups and network namespace; a reboot from inside boots it again. */
export async function bootMachine(
  machine: HostsMachine,
  names: HostsLabNames,
  events: MachineEvents,
): Promise<MachineProcess> {
  const groups = await makeGroups(names.cgroup, machine.name);
  let isStopping = false;
  const exited = (status: number | null) => {
    if (status === rebootStatus && !isStopping) boot().catch(events.failed);
    else events.ended();
  };
  const boot = async () => {
    child = await spawnMachine(machine, names, groups);
    child.once('exit', exited);
  };
  let child = await spawnMachine(machine, names, groups);
  child.once('exit', exited);
  return {
    stop: async (graceMs) => {
      isStopping = true;
      await endProcess(child, graceMs);
      await rm(names.pidFile(machine.name), { force: true });
    },
    leader: () => firstChildOf(child.pid),
  };
}

async function spawnMachine(
  machine: HostsMachine,
  names: HostsLabNames,
  groups: readonly string[],
): Promise<ChildProcess> {
  const argv = [
    'systemd-nspawn',
    '--quiet',
    '--directory',
    names.root(machine.name),
    '--machine',
    names.machineName(machine.name),
    `--hostname=${machine.name}`,
    '--boot',
    '--register=no',
    '--keep-unit',
    '--console=pipe',
    `--network-namespace-path=/run/netns/${names.namespace(machine.name)}`,
    `--bind=${names.hostFolder(machine.name)}:/run/vmstation-lab`,
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
    // A given namespace, unlike --private-network, leaves this out and keeps /proc/sys/net read-only.
    '--capability=CAP_NET_ADMIN',
    '--system-call-filter=@keyring bpf open_by_handle_at name_to_handle_at',
  ];
  const enter = groups.map((file) => `echo $$ >${quoteArguments([file])}`).join('; ');
  const log = openSync(names.logFile(machine.name), 'a');
  const child = spawn('/bin/sh', ['-c', `${enter}; exec ${quoteArguments(argv)}`], {
    stdio: ['ignore', log, log],
    detached: true,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network' },
  });
  closeSync(log);
  if (child.pid === undefined) {
    throw new AppError({
      code: 'lab/machine-not-started',
      kind: 'environment',
      message: `${machine.name} could not be started.`,
      tryThis: 'Install systemd-container.',
    });
  }
  await writeFile(names.pidFile(machine.name), String(child.pid));
  return child;
}

/** proc(5): the children of a process's only thread. */
async function firstChildOf(pid: number | undefined): Promise<number | undefined> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const first = Number(children.trim().split(' ')[0]);
  return first > 0 ? first : undefined;
}

async function endProcess(child: ChildProcess, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  // systemd-nspawn passes SIGTERM on as an orderly power-off.
  if (graceMs > 0) process.kill(child.pid, 'SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await gone;
  clearTimeout(timer);
}

/** Ends a machine that a killed process left behind; the pid counts only while it is this machine's systemd-nspawn. */
export async function endLeftover(machine: string, names: HostsLabNames): Promise<void> {
  const pid = Number(await readFile(names.pidFile(machine), 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 0) return;
  for (let waited = 0; waited < 50; waited += 1) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (!commandLine.split('\0').includes(names.machineName(machine))) break;
    process.kill(pid, waited < 30 ? 'SIGTERM' : 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await rm(names.pidFile(machine), { force: true });
}
