import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { AppError, type ProcessRunner } from '@vmstation/core';
import { startAptProxy } from './apt-proxy.ts';
import { removeGroups } from './control-groups.ts';
import { type HostCommands, hostCommands } from './host-commands.ts';
import { aptSources, ensureImage } from './image.ts';
import { mountDisk } from './machine-disk.ts';
import { endLeftover, type MachineProcess, startMachine } from './machine-process.ts';
import { connectMachine, makeBridge, removeNetwork, writeSshConfig } from './network.ts';
import { processIdentity } from './process-identity.ts';
import {
  type HostsLabNames,
  type HostsLabSettings,
  type HostsMachineAccess,
  hostsLabNames,
  operatorUser,
} from './settings.ts';

/** A lab of real machines that is up. It lives as long as the process that started it. */
export interface HostsLab {
  readonly machines: readonly HostsMachineAccess[];
  readonly user: string;
  readonly identityFile: string;
  /** ssh_config with one Host block a machine. */
  readonly sshConfigFile: string;
  /** known_hosts by machine name. */
  readonly knownHostsFile: string;
  /** Powers the machines off and takes network, mounts and groups away; disks stay unless `wipe`. */
  down(options?: { wipe?: boolean }): Promise<void>;
}

const proxyPort = 3142;

/**
 * Brings real machines up and waits until each answers SSH. Leftovers of a killed earlier lab of the same name are taken down first.
 * Throws lab/needs-root, lab/bridge-taken, lab/host-command-failed, lab/machine-silent.
 */
export async function startHostsLab(
  settings: HostsLabSettings,
  runner: ProcessRunner,
  say: (line: string) => void = () => undefined,
): Promise<HostsLab> {
  if (process.getuid?.() !== 0) {
    throw new AppError({
      code: 'lab/needs-root',
      kind: 'environment',
      message: 'Real machines need root on this computer.',
      tryThis: 'Run as root, or use the embedded lab, which needs nothing.',
    });
  }
  const names = hostsLabNames(settings);
  const commands = hostCommands(runner);
  await refuseRunning(names);
  await takeDown(settings, names, commands, []);
  if (settings.freshDisks === true) await removeDisks(settings, names);
  await mkdir(names.run, { recursive: true, mode: 0o755 });
  await writeFile(`${names.run}/owner`, (await processIdentity(process.pid)) ?? '');
  const running: MachineProcess[] = [];
  let proxy: Server | undefined;
  const down: HostsLab['down'] = async (options = {}) => {
    proxy?.close();
    proxy?.closeAllConnections();
    await takeDown(settings, names, commands, running);
    if (options.wipe === true) await removeDisks(settings, names);
  };
  try {
    await ensureImage(settings, names, commands, say);
    await makeOperatorKey(names, commands);
    await makeBridge(settings, names, commands);
    const sources = await aptSources(commands, settings.suite);
    proxy = await startAptProxy({
      address: names.gateway,
      port: proxyPort,
      sources,
      cache: `${settings.directory}/packages`,
    });
    for (const [index, machine] of settings.machines.entries()) {
      await connectMachine(machine, index, names, commands);
      await mountDisk(machine, settings, names, commands);
      running.push(await startMachine(machine, names));
    }
    return { ...(await describe(settings, names, commands)), down };
  } catch (thrown) {
    await down();
    throw thrown;
  }
}

async function describe(
  settings: HostsLabSettings,
  names: HostsLabNames,
  commands: HostCommands,
): Promise<Omit<HostsLab, 'down'>> {
  const sshConfigFile = `${names.run}/ssh_config`;
  const knownHostsFile = `${names.run}/known_hosts`;
  await writeSshConfig(sshConfigFile, settings, names, operatorUser);
  const keys = settings.machines.map(async (machine) => {
    const text = await readFile(`${names.keys}/${machine.name}/ssh_host_ed25519_key.pub`, 'utf8');
    return `${machine.name} ${text.split(' ').slice(0, 2).join(' ')}\n`;
  });
  await writeFile(knownHostsFile, (await Promise.all(keys)).join(''), { mode: 0o600 });
  await Promise.all(
    settings.machines.map((machine) => waitForSsh(machine.name, sshConfigFile, knownHostsFile, commands, names)),
  );
  return {
    machines: settings.machines.map((machine) => ({
      name: machine.name,
      address: names.address(machine),
      mac: names.mac(machine),
    })),
    user: operatorUser,
    identityFile: names.operatorKey,
    sshConfigFile,
    knownHostsFile,
  };
}

async function waitForSsh(
  machine: string,
  config: string,
  known: string,
  commands: HostCommands,
  names: HostsLabNames,
): Promise<void> {
  const argv = [
    'ssh',
    '-F',
    config,
    '-o',
    'BatchMode=yes',
    '-o',
    'StrictHostKeyChecking=yes',
    '-o',
    `UserKnownHostsFile=${known}`,
    '-o',
    'ConnectTimeout=1',
    '-o',
    'LogLevel=ERROR',
    machine,
    'true',
  ];
  const deadline = Date.now() + 90_000;
  let said = '';
  while (Date.now() < deadline) {
    const answer = await commands.ask(argv);
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

/** Only this lab's: the disks of others may be in the same folder. */
async function removeDisks(settings: HostsLabSettings, names: HostsLabNames): Promise<void> {
  await Promise.all(settings.machines.map(({ name }) => rm(names.disk(name), { recursive: true, force: true })));
}

async function makeOperatorKey(names: HostsLabNames, commands: HostCommands): Promise<void> {
  await mkdir(names.keys, { recursive: true, mode: 0o700 });
  if (!existsSync(names.operatorKey))
    await commands.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'lab operator', '-f', names.operatorKey]);
}

/** A lab whose owner lives is somebody's: two of one name cannot be. */
async function refuseRunning(names: HostsLabNames): Promise<void> {
  const owner = await readFile(`${names.run}/owner`, 'utf8').catch(() => '');
  const pid = Number(owner.split(' ')[0]);
  if (pid > 0 && pid !== process.pid && (await processIdentity(pid)) === owner) {
    throw new AppError({
      code: 'lab/bridge-taken',
      kind: 'locked',
      message: `Process ${pid} runs a lab on the bridge ${names.bridge} already.`,
      tryThis: 'Wait until it has ended, or end it.',
    });
  }
}

async function takeDown(
  settings: HostsLabSettings,
  names: HostsLabNames,
  commands: HostCommands,
  running: readonly MachineProcess[],
): Promise<void> {
  await Promise.all(running.map((machine) => machine.stop(15_000)));
  await Promise.all(settings.machines.map((machine) => endLeftover(machine, names)));
  for (const machine of settings.machines) {
    const root = names.root(machine.name);
    if ((await commands.ask(['mountpoint', '-q', root])).exitCode === 0)
      await commands.run(['umount', '--recursive', '--lazy', root]);
  }
  if ((await commands.ask(['mountpoint', '-q', `${names.run}/layer.mnt`])).exitCode === 0) {
    await commands.run(['umount', '--recursive', '--lazy', `${names.run}/layer.mnt`]);
  }
  await removeNetwork(settings, names, commands);
  await removeGroups(names.cgroup);
  await rm(names.run, { recursive: true, force: true });
}
