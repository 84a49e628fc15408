import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { HostCommands } from '../hosts/host-commands.ts';
import { aptProxyPort, type HostsLabNames, type HostsMachine, operatorUser } from '../hosts/settings.ts';
import type { GuestImage } from './guest-image.ts';
import type { GuestsSettings } from './guest-settings.ts';

/** What only one guest has. */
export interface GuestDisks {
  /** qcow2 files: the system's, which holds what differs from the image, then the empty ones. */
  readonly disks: readonly string[];
  /** A tar file with the guest's name, address and keys, which it unpacks at its first start. */
  readonly identity: string;
  /** The line of known_hosts for it. */
  readonly knownHost: string;
}

/** Makes a guest's disks and its identity in a folder of its own. */
export async function makeDisks(
  parts: {
    readonly machine: HostsMachine;
    readonly settings: GuestsSettings;
    readonly names: HostsLabNames;
    readonly image: GuestImage;
    readonly folder: string;
    readonly operatorKey: string;
  },
  commands: HostCommands,
): Promise<GuestDisks> {
  const { machine, settings, image, folder } = parts;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const system = `${folder}/system.qcow2`;
  await commands.run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', image.disk, '-F', 'raw', system]);
  const disks = [system];
  for (const [index, size] of settings.emptyDisks.entries()) {
    const disk = `${folder}/empty-${index + 1}.qcow2`;
    await commands.run(['qemu-img', 'create', '-q', '-f', 'qcow2', disk, `${size}M`]);
    disks.push(disk);
  }
  const hostKey = `${folder}/host-key`;
  await commands.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', machine.name, '-f', hostKey]);
  const identity = await packIdentity(parts, hostKey, commands);
  const publicKey = (await readFile(`${hostKey}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
  return { disks, identity, knownHost: `${machine.name} ${publicKey}\n` };
}

/** The image's first user. */
const operatorId = 1000;

async function packIdentity(
  { machine, settings, names, folder, operatorKey }: Parameters<typeof makeDisks>[0],
  hostKey: string,
  commands: HostCommands,
): Promise<string> {
  const hosts = settings.machines.map((other) => `${names.address(other)} ${other.name}`);
  const id = createHash('md5').update(`${folder} ${machine.name} ${Date.now()}`).digest('hex');
  const card = `auto eth0\niface eth0 inet static\n  address ${names.address(machine)}/24\n`;
  const files: Readonly<Record<string, string>> = {
    'etc/hostname': `${machine.name}\n`,
    'etc/hosts': ['127.0.0.1 localhost', ...hosts, ''].join('\n'),
    'etc/machine-id': `${id}\n`,
    'etc/network/interfaces.d/lab': card,
    'etc/apt/apt.conf.d/91lab-proxy': `Acquire::http::Proxy "http://${names.gateway}:${aptProxyPort}";\n`,
    'etc/ssh/ssh_host_ed25519_key': await readFile(hostKey, 'utf8'),
    'etc/ssh/ssh_host_ed25519_key.pub': await readFile(`${hostKey}.pub`, 'utf8'),
    [`home/${operatorUser}/.ssh/authorized_keys`]: await readFile(`${operatorKey}.pub`, 'utf8'),
  };
  const tree = `${folder}/identity`;
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(`${tree}/${path}`), { recursive: true });
    await writeFile(`${tree}/${path}`, content);
    await chmod(`${tree}/${path}`, path.endsWith('_key') ? 0o600 : 0o644);
  }
  const folderOfKeys = `home/${operatorUser}/.ssh`;
  await chmod(`${tree}/${folderOfKeys}`, 0o700);
  for (const path of [folderOfKeys, `${folderOfKeys}/authorized_keys`])
    await chown(`${tree}/${path}`, operatorId, operatorId);
  // Only the files, and the one folder: the tree's other folders must not change the guest's.
  const packed = [folderOfKeys, ...Object.keys(files)];
  const tar = `${folder}/identity.tar`;
  await commands.run([...['tar', '-C', tree, '--numeric-owner', '--no-recursion', '-cf', tar], ...packed]);
  await rm(tree, { recursive: true });
  return tar;
}
