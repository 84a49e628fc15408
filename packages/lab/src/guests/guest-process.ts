import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { AppError } from '@vmstation/core';
import type { HostsLabNames, HostsMachine } from '../hosts/settings.ts';
import type { GuestDisks } from './guest-disks.ts';
import type { GuestImage } from './guest-image.ts';
import type { Acceleration } from './guest-settings.ts';
import { openQmp, type Qmp } from './qmp.ts';

/** What a guest is started with. */
export interface GuestParts {
  readonly machine: HostsMachine;
  readonly index: number;
  readonly names: HostsLabNames;
  readonly image: GuestImage;
  readonly disks: GuestDisks;
  readonly acceleration: Acceleration;
  /** Instead of what a guest is made of: a test of what becomes of QEMU needs no system. */
  readonly argumentsOnly?: readonly string[];
}

/** A guest's QEMU. */
export interface GuestProcess {
  readonly qmp: Qmp;
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Sockets of a guest's QEMU: the lab listens on one, whoever tests uses the other. */
export function guestSockets(names: Pick<HostsLabNames, 'run'>, machine: string) {
  return { lab: `${names.run}/${machine}.qmp`, tests: `${names.run}/${machine}.control` };
}

/** Starts a guest. It ends with the process that starts it, however that ends: setpriv(1) asks the kernel for that, and then becomes QEMU. */
export async function spawnGuest(parts: GuestParts, happened: (event: string) => void): Promise<GuestProcess> {
  const { machine, names } = parts;
  const sockets = guestSockets(names, machine.name);
  for (const path of Object.values(sockets)) await rm(path, { force: true });
  const log = openSync(names.logFile(machine.name), 'a');
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...(parts.argumentsOnly ?? guestArguments(parts))],
    {
      stdio: ['ignore', log, log],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    },
  );
  closeSync(log);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  if (child.pid !== undefined) await writeFile(names.pidFile(machine.name), String(child.pid));
  const qmp = await whenListening(child, sockets.lab, parts, happened);
  return { qmp, ended, stop: () => end(child, qmp, ended) };
}

/** The clock is this computer's at the start and the guest's own afterwards; writes need not outlive this computer. */
function guestArguments({ machine, index, names, image, disks, acceleration }: GuestParts): readonly string[] {
  const sockets = guestSockets(names, machine.name);
  const kvm = ['-accel', 'kvm', '-cpu', 'host', '-smp', '2'];
  // One simple processor: fewer modules are tried at each start, and on a busy computer two translated ones wait for each other until RCU stalls.
  const tcg = ['-accel', 'tcg', '-cpu', 'qemu64,-svm', '-smp', '1'];
  const drives = disks.disks.flatMap((file) => ['-drive', `file=${file},if=virtio,cache=unsafe,discard=unmap`]);
  return [
    ...['-name', names.machineName(machine.name), '-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-M', 'pc', '-m', '768', ...(acceleration === 'kvm' ? kvm : tcg)],
    ...['-kernel', image.kernel, '-initrd', image.initrd, '-append', kernelCommandLine],
    ...drives,
    ...['-netdev', `tap,id=lan,ifname=${names.hostInterface(index)},script=no,downscript=no`],
    // Of QEMU's cards that the cloud kernel drives, only this one knows wake-on-LAN.
    ...['-device', `vmxnet3,netdev=lan,mac=${names.mac(machine)},romfile=`],
    ...['-device', 'virtio-rng-pci', '-rtc', 'base=utc,clock=host'],
    ...['-fw_cfg', `name=opt/vmstation/identity,file=${disks.identity}`],
    ...['-serial', `file:${names.logFile(machine.name)}.console`],
    ...['-qmp', `unix:${sockets.lab},server=on,wait=off`, '-qmp', `unix:${sockets.tests},server=on,wait=off`],
  ];
}

/**
 * The card has its name and driver before systemd starts, so that nothing waits for udev to be done with all else. A guest that gets no processor for
 * a moment would take its timer for broken and choose a worse one: it does not look.
 */
const kernelCommandLine = [
  'root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 mitigations=off nowatchdog no_timer_check',
  'systemd.mask=ifupdown-pre.service systemd.mask=serial-getty@ttyS0.service',
].join(' ');

async function whenListening(
  child: ChildProcess,
  socket: string,
  { machine, names }: GuestParts,
  happened: (event: string) => void,
): Promise<Qmp> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
    if (existsSync(socket)) {
      const opened = await openQmp(socket, happened).catch((error: NodeJS.ErrnoException) => {
        // It is made before anybody listens on it.
        if (error.code === 'ECONNREFUSED') return undefined;
        throw error;
      });
      if (opened !== undefined) return opened;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill('SIGKILL');
  const said = await readFile(names.logFile(machine.name), 'utf8').catch(() => '');
  throw new AppError({
    code: 'lab/machine-not-started',
    kind: 'environment',
    message: `${machine.name} could not be started: ${said.trim().split('\n').at(-1) ?? ''}`,
    tryThis:
      'Install qemu-system-x86 and qemu-utils; where /dev/kvm does not work, set VMSTATION_GUESTS_ACCELERATION=tcg.',
  });
}

async function end(child: ChildProcess, qmp: Qmp, ended: Promise<void>): Promise<void> {
  qmp.close();
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await ended;
}
