import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { AppError, type ProcessRunner } from '@vmstation/core';
import { startAptProxy } from './apt-proxy.ts';
import { claimName } from './claim.ts';
import { type HostCommands, hostCommands } from './host-commands.ts';
import { aptSources, ensureImage } from './image.ts';
import { LabMachine, type LabMachineParts } from './lab-machine.ts';
import { watchMagicPackets } from './magic-packets.ts';
import { makeBridge, writeSshConfig } from './network.ts';
import { requireRoot } from './requirements.ts';
import {
  aptProxyPort,
  type HostsLabFolders,
  type HostsLabSettings,
  type HostsMachineAccess,
  hostsLabFolders,
  hostsLabNames,
  operatorUser,
} from './settings.ts';
import { takeSlot } from './slots.ts';
import { takeDown } from './take-down.ts';

/** How a lab of real machines is reached. */
export interface HostsLabAccess {
  readonly machines: readonly HostsMachineAccess[];
  /** The lab's subnet, for example `10.78.101.0/24`, and this computer's address there. */
  readonly range: string;
  readonly gateway: string;
  readonly user: string;
  readonly identityFile: string;
  /** ssh_config with one Host block a machine. */
  readonly sshConfigFile: string;
  /** known_hosts by machine name. */
  readonly knownHostsFile: string;
}

/** A lab of real machines that is up. It lives as long as the process that started it. */
export interface HostsLab extends HostsLabAccess {
  /** By name, in the order of the settings. */
  readonly running: ReadonlyMap<string, LabMachine>;
  /** Powers the machines off and takes network, mounts and groups away; disks stay where the lab has an owner, unless `wipe`. */
  readonly down: (options?: { wipe?: boolean }) => Promise<void>;
}

/**
 * Brings real machines up and waits until each answers SSH. Labs run side by side: each takes bridge, subnet and names of its own, and what
 * killed ones left on this computer is taken away first. Throws lab/needs-root, lab/owner-busy, lab/no-free-slot,
 * lab/no-apt-source, lab/host-command-failed, lab/machine-silent.
 */
export async function startHostsLab(
  settings: HostsLabSettings,
  runner: ProcessRunner,
  say: (line: string) => void = () => undefined,
): Promise<HostsLab> {
  requireRoot();
  const commands = hostCommands(runner);
  await ensureImage(settings, commands, say);
  const releaseOwner = await claimOwner(settings.owner);
  const slot = await takeSlot(noteOf(settings), commands).catch(async (thrown) => {
    await releaseOwner();
    throw thrown;
  });
  const folders = hostsLabFolders(settings, slot.number);
  const running = new Map<string, LabMachine>();
  const services: (() => Promise<void>)[] = [];
  const down: HostsLab['down'] = async (options = {}) => {
    for (const close of services.splice(0)) await close();
    await Promise.all([...running.values()].map((machine) => machine.close()));
    await takeDown(slot.number, commands);
    if (options.wipe === true || settings.owner === undefined) await rm(folders.own, { recursive: true, force: true });
    await slot.release();
    await releaseOwner();
  };
  try {
    // What a killed lab of this slot left there is nobody's.
    if (settings.owner === undefined) await rm(folders.own, { recursive: true, force: true });
    const parts = { settings, names: hostsLabNames(slot.number), folders, commands, log: say };
    const access = await bringUp(parts, running, services);
    return { ...access, running, down };
  } catch (thrown) {
    await down();
    throw thrown;
  }
}

type LabParts = Omit<LabMachineParts, 'machine' | 'index'>;

async function bringUp(
  parts: LabParts,
  running: Map<string, LabMachine>,
  services: (() => Promise<void>)[],
): Promise<HostsLabAccess> {
  const { settings, names, folders, commands, log } = parts;
  await mkdir(names.run, { recursive: true, mode: 0o755 });
  await makeOperatorKey(folders, commands);
  await makeBridge(names, commands);
  const sources = await aptSources(commands, settings.suite);
  const proxy = await startAptProxy({ address: names.gateway, port: aptProxyPort, sources, cache: folders.packages });
  services.push(async () => {
    proxy.close();
    proxy.closeAllConnections();
  });
  const watcher = await watchMagicPackets(names.bridge, (mac) => heard(mac, running, log), log);
  services.push(() => watcher.close());
  for (const [index, machine] of settings.machines.entries())
    running.set(machine.name, new LabMachine({ ...parts, machine, index }));
  const begun = await Promise.allSettled([...running.values()].map((machine) => machine.begin()));
  for (const each of begun) if (each.status === 'rejected') throw each.reason;
  return accessOf(parts);
}

/** A card that hears its own address wakes its machine, whether that sleeps or is off. */
function heard(mac: string, running: ReadonlyMap<string, LabMachine>, log: (line: string) => void): void {
  const machine = [...running.values()].find((each) => each.mac === mac);
  if (machine === undefined || machine.power === 'on') return;
  log(`a magic packet for ${machine.name}`);
  machine.wake().catch((cause: unknown) => log(`${machine.name}: ${String(cause)}`));
}

function noteOf({ owner }: HostsLabSettings): string {
  return `process ${process.pid}${owner === undefined ? '' : ` (${owner})`}`;
}

/** Two labs on the same disks cannot be. Returns what gives the owner's name back. */
async function claimOwner(owner: string | undefined): Promise<() => Promise<void>> {
  if (owner === undefined) return async () => undefined;
  const claimed = await claimName(`owner-${owner}`, `process ${process.pid}`);
  if ('release' in claimed) return () => claimed.release();
  throw new AppError({
    code: 'lab/owner-busy',
    kind: 'locked',
    message: `The machines of ${owner} are run by ${claimed.heldBy} already.`,
    tryThis: 'Wait until it has ended, or end it.',
  });
}

async function accessOf({ settings, names, folders, commands }: LabParts): Promise<HostsLabAccess> {
  const sshConfigFile = `${names.run}/ssh_config`;
  const knownHostsFile = `${names.run}/known_hosts`;
  await writeSshConfig(sshConfigFile, settings, names, folders.operatorKey);
  const keys = settings.machines.map(async (machine) => {
    const text = await readFile(`${folders.keys}/${machine.name}/ssh_host_ed25519_key.pub`, 'utf8');
    return `${machine.name} ${text.split(' ').slice(0, 2).join(' ')}\n`;
  });
  await writeFile(knownHostsFile, (await Promise.all(keys)).join(''), { mode: 0o600 });
  const access: HostsLabAccess = {
    machines: settings.machines.map((machine) => ({
      name: machine.name,
      address: names.address(machine),
      mac: names.mac(machine),
    })),
    range: names.subnet,
    gateway: names.gateway,
    user: operatorUser,
    identityFile: folders.operatorKey,
    sshConfigFile,
    knownHostsFile,
  };
  await Promise.all(settings.machines.map(({ name }) => waitForSsh(name, access, { names, commands })));
  return access;
}

interface SshWait extends Pick<LabParts, 'names' | 'commands'> {
  readonly seconds?: number;
  /** How long one attempt may take: slow machines need it. */
  readonly answerSeconds?: number;
}

/** Waits until a machine answers SSH. Throws lab/machine-silent. */
export async function waitForSsh(
  machine: string,
  { sshConfigFile, knownHostsFile }: Pick<HostsLabAccess, 'sshConfigFile' | 'knownHostsFile'>,
  { names, commands, seconds = 90, answerSeconds = 1 }: SshWait,
): Promise<void> {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${knownHostsFile}`,
    `ConnectTimeout=${answerSeconds}`,
    'LogLevel=ERROR',
  ].flatMap((option) => ['-o', option]);
  const deadline = Date.now() + seconds * 1000;
  let said = '';
  while (Date.now() < deadline) {
    const answer = await commands.ask(['ssh', '-F', sshConfigFile, ...options, machine, 'true']);
    if (answer.exitCode === 0) return;
    said = answer.stderr.trim();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new AppError({
    code: 'lab/machine-silent',
    kind: 'unreachable',
    message: `${machine} was booted but does not answer SSH: ${said}`,
    tryThis: `Read its console: ${names.logFile(machine)}`,
  });
}

/** Makes the key that the machines let in, unless it is there. */
export async function makeOperatorKey(folders: HostsLabFolders, commands: HostCommands): Promise<void> {
  await mkdir(folders.keys, { recursive: true, mode: 0o700 });
  if (!existsSync(folders.operatorKey))
    await commands.run([
      'ssh-keygen',
      '-q',
      '-t',
      'ed25519',
      '-N',
      '',
      '-C',
      'lab operator',
      '-f',
      folders.operatorKey,
    ]);
}
