import { mkdir, rm, writeFile } from 'node:fs/promises';
import type { ProcessRunner } from '@vmstation/core';
import { startAptProxy } from '../hosts/apt-proxy.ts';
import { hostCommands } from '../hosts/host-commands.ts';
import { type HostsLabAccess, makeOperatorKey, waitForSsh } from '../hosts/hosts-lab.ts';
import { aptSources } from '../hosts/image.ts';
import { watchMagicPackets } from '../hosts/magic-packets.ts';
import { connectGuest, makeBridge, writeSshConfig } from '../hosts/network.ts';
import { requireRoot } from '../hosts/requirements.ts';
import { aptProxyPort, hostsLabFolders, hostsLabNames, operatorUser } from '../hosts/settings.ts';
import { takeSlot } from '../hosts/slots.ts';
import { takeDown } from '../hosts/take-down.ts';
import { Guest } from './guest.ts';
import { makeDisks } from './guest-disks.ts';
import { ensureGuestImage } from './guest-image.ts';
import { guestSockets } from './guest-process.ts';
import { type Acceleration, accelerationHere, bootSeconds, type GuestsSettings } from './guest-settings.ts';

/** How guests are reached: as machines of the lab, and their QEMUs by a QMP socket each. */
export interface GuestsAccess extends HostsLabAccess {
  readonly acceleration: Acceleration;
  /** From the start of QEMU until all answered SSH. */
  readonly bootMs: number;
  /** QMP sockets by machine. */
  readonly controls: Readonly<Record<string, string>>;
  /** Files with the process ids of the QEMUs, by machine. */
  readonly pidFiles: Readonly<Record<string, string>>;
}

/** Guests that are up. They end with the process that started them. */
export interface GuestsLab extends GuestsAccess {
  readonly running: ReadonlyMap<string, Guest>;
  readonly down: () => Promise<void>;
}

/** The state of a guest that has just started, to which a test goes back. */
export const booted = 'booted';

/**
 * Brings guests up on a bridge of their own and waits until each answers SSH; what they are then is kept as {@link booted}. Labs run side by
 * side. Throws lab/needs-root, lab/no-free-slot, lab/no-apt-source, lab/host-command-failed, lab/machine-not-started, lab/machine-silent.
 */
export async function startGuestsLab(
  settings: GuestsSettings,
  runner: ProcessRunner,
  say: (line: string) => void = () => undefined,
): Promise<GuestsLab> {
  requireRoot();
  const commands = hostCommands(runner);
  const image = await ensureGuestImage(settings.directory, commands, say);
  const slot = await takeSlot(`process ${process.pid} (guests)`, commands);
  const names = hostsLabNames(slot.number);
  const hosts = { directory: settings.directory, machines: settings.machines, packages: [], suite: 'bookworm' };
  const folders = hostsLabFolders(hosts, slot.number);
  const running = new Map<string, Guest>();
  const services: (() => Promise<void>)[] = [];
  const down = async () => {
    for (const close of services.splice(0)) await close();
    for (const guest of running.values()) await guest.stop();
    await takeDown(slot.number, commands);
    await rm(folders.own, { recursive: true, force: true });
    await slot.release();
  };
  try {
    await rm(folders.own, { recursive: true, force: true });
    await mkdir(names.run, { recursive: true, mode: 0o755 });
    await makeOperatorKey(folders, commands);
    await makeBridge(names, commands);
    const sources = await aptSources(commands, hosts.suite);
    const proxy = await startAptProxy({ address: names.gateway, port: aptProxyPort, sources, cache: folders.packages });
    services.push(async () => {
      proxy.close();
      proxy.closeAllConnections();
    });
    const watcher = await watchMagicPackets(names.bridge, (mac) => heard(mac, running, say), say);
    services.push(() => watcher.close());
    const acceleration = accelerationHere();
    const known: string[] = [];
    for (const [index, machine] of settings.machines.entries()) {
      await connectGuest(index, names, commands);
      const parts = { machine, settings, names, image, operatorKey: folders.operatorKey };
      const disks = await makeDisks({ ...parts, folder: folders.disk(machine.name) }, commands);
      known.push(disks.knownHost);
      running.set(machine.name, new Guest({ machine, index, names, image, disks, acceleration }, say));
    }
    const access = accessOf(settings, names, folders.operatorKey);
    await writeSshConfig(access.sshConfigFile, hosts, names, folders.operatorKey);
    await writeFile(access.knownHostsFile, known.join(''), { mode: 0o600 });
    const began = Date.now();
    for (const guest of running.values()) await guest.start();
    const silentAfter = { names, commands, seconds: bootSeconds[acceleration], answerSeconds: 20 };
    await Promise.all(settings.machines.map(({ name }) => waitForSsh(name, access, silentAfter)));
    const bootMs = Date.now() - began;
    for (const guest of running.values()) await guest.keep(booted);
    return { ...access, acceleration, bootMs, running, down };
  } catch (thrown) {
    await down();
    throw thrown;
  }
}

function accessOf(settings: GuestsSettings, names: ReturnType<typeof hostsLabNames>, identityFile: string) {
  return {
    machines: settings.machines.map((machine) => ({
      name: machine.name,
      address: names.address(machine),
      mac: names.mac(machine),
    })),
    range: names.subnet,
    gateway: names.gateway,
    user: operatorUser,
    identityFile,
    sshConfigFile: `${names.run}/ssh_config`,
    knownHostsFile: `${names.run}/known_hosts`,
    controls: Object.fromEntries(settings.machines.map(({ name }) => [name, guestSockets(names, name).tests])),
    pidFiles: Object.fromEntries(settings.machines.map(({ name }) => [name, names.pidFile(name)])),
  };
}

/** QEMU's cards do not wake their guest: the lab hears the packet and does it for them. */
function heard(mac: string, running: ReadonlyMap<string, Guest>, log: (line: string) => void): void {
  const guest = [...running.values()].find((each) => each.mac === mac);
  if (guest === undefined || guest.power === 'on') return;
  guest.wake().catch((cause: unknown) => log(String(cause)));
}
