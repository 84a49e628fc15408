import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { HostCommands } from './host-commands.ts';
import {
  aptProxyPort,
  type HostsLabFolders,
  type HostsLabNames,
  type HostsLabSettings,
  type HostsMachine,
  operatorUser,
} from './settings.ts';

const hostKeyTypes = ['ed25519', 'ecdsa', 'rsa'] as const;

/** Mounts a machine's disk over base and layer, and makes it the machine's own the first time. A disk over another layer is of no use and goes. */
export async function mountDisk(
  machine: HostsMachine,
  settings: HostsLabSettings,
  names: HostsLabNames,
  folders: HostsLabFolders,
  commands: HostCommands,
): Promise<void> {
  const disk = folders.disk(machine.name);
  const root = names.root(machine.name);
  const madeOver = await readFile(`${disk}/made`, 'utf8').catch(() => undefined);
  if (madeOver !== folders.layer) await rm(disk, { recursive: true, force: true });
  for (const path of [`${disk}/upper`, `${disk}/work`, root]) await mkdir(path, { recursive: true });
  // Said first: a layer that a disk names is not removed.
  await writeFile(`${disk}/over`, folders.layer);
  const options = `lowerdir=${folders.layer}:${folders.base},upperdir=${disk}/upper,workdir=${disk}/work`;
  await commands.run(['mount', '-t', 'overlay', names.machineName(machine.name), '-o', options, root]);
  if (madeOver !== folders.layer) {
    await writeIdentity(machine, settings, names, root);
    await writeKeys(machine, folders, root, commands);
    await writeFile(`${disk}/made`, folders.layer);
  }
  // The lab may be in another slot than last time.
  const proxy = `Acquire::http::Proxy "http://${names.gateway}:${aptProxyPort}";\n`;
  await writeFile(`${root}/etc/apt/apt.conf.d/91lab-proxy`, proxy);
}

async function writeIdentity(
  machine: HostsMachine,
  settings: HostsLabSettings,
  names: HostsLabNames,
  root: string,
): Promise<void> {
  await writeFile(`${root}/etc/hostname`, `${machine.name}\n`);
  const others = settings.machines.map((other) => `${other.model?.address ?? names.address(other)} ${other.name}`);
  await writeFile(`${root}/etc/hosts`, ['127.0.0.1 localhost', ...others, ''].join('\n'));
  const id = createHash('md5')
    .update(`${settings.owner ?? names.prefix} ${machine.name}`)
    .digest('hex');
  await writeFile(`${root}/etc/machine-id`, `${id}\n`);
  if (machine.sshPort !== undefined && machine.sshPort !== 22)
    await writeFile(`${root}/etc/ssh/sshd_config.d/10-lab.conf`, `Port ${machine.sshPort}\n`);
}

async function writeKeys(
  machine: HostsMachine,
  folders: HostsLabFolders,
  root: string,
  commands: HostCommands,
): Promise<void> {
  const kept = `${folders.keys}/${machine.name}`;
  await mkdir(kept, { recursive: true, mode: 0o700 });
  for (const type of hostKeyTypes) {
    const name = `ssh_host_${type}_key`;
    if (!existsSync(`${kept}/${name}`))
      await commands.run(['ssh-keygen', '-q', '-t', type, '-N', '', '-C', machine.name, '-f', `${kept}/${name}`]);
    await copyFile(`${kept}/${name}`, `${root}/etc/ssh/${name}`);
    await copyFile(`${kept}/${name}.pub`, `${root}/etc/ssh/${name}.pub`);
    await chmod(`${root}/etc/ssh/${name}`, 0o600);
  }
  await letIn(machine.user ?? operatorUser, `${folders.operatorKey}.pub`, root, commands);
}

/** The operator's key lets this user in, who may become root; a user whom the image lacks is made. */
async function letIn(user: string, publicKey: string, root: string, commands: HostCommands): Promise<void> {
  const find = async () => {
    const rows = (await readFile(`${root}/etc/passwd`, 'utf8')).split('\n').map((line) => line.split(':'));
    return rows.find(([name]) => name === user);
  };
  if ((await find()) === undefined) {
    await commands.run(['chroot', root, 'useradd', '-m', '-s', '/bin/bash', '-G', 'sudo', user]);
    await writeFile(`${root}/etc/sudoers.d/lab-operator`, `${user} ALL=(ALL) NOPASSWD: ALL\n`, { mode: 0o440 });
  }
  const [, , uid, gid, , home] = (await find()) ?? [];
  const folder = `${root}${home}/.ssh`;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await copyFile(publicKey, `${folder}/authorized_keys`);
  await chmod(`${folder}/authorized_keys`, 0o600);
  for (const path of [folder, `${folder}/authorized_keys`]) await chown(path, Number(uid), Number(gid));
}
