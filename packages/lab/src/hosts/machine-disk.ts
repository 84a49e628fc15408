import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import type { HostCommands } from './host-commands.ts';
import {
  type HostsLabFolders,
  type HostsLabNames,
  type HostsLabSettings,
  type HostsMachine,
  operatorUser,
  ownSysctls,
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
  const options = `lowerdir=${folders.layer}:${folders.base},upperdir=${disk}/upper,workdir=${disk}/work`;
  await commands.run(['mount', '-t', 'overlay', names.machineName(machine.name), '-o', options, root]);
  if (madeOver === folders.layer) return;
  await writeIdentity(machine, settings, names, root);
  await writeKeys(machine, folders, root, commands);
  await writeAdaptations(root, names);
  await writeFile(`${disk}/made`, folders.layer);
}

async function writeIdentity(
  machine: HostsMachine,
  settings: HostsLabSettings,
  names: HostsLabNames,
  root: string,
): Promise<void> {
  await writeFile(`${root}/etc/hostname`, `${machine.name}\n`);
  const others = settings.machines.map((other) => `${names.address(other)} ${other.name}`);
  await writeFile(`${root}/etc/hosts`, ['127.0.0.1 localhost', ...others, ''].join('\n'));
  await writeFile(
    `${root}/etc/machine-id`,
    `${createHash('md5').update(names.machineName(machine.name)).digest('hex')}\n`,
  );
  await writeFile(`${root}/etc/apt/apt.conf.d/91lab-proxy`, `Acquire::http::Proxy "http://${names.gateway}:3142";\n`);
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
  const passwd = await readFile(`${root}/etc/passwd`, 'utf8');
  const entry =
    passwd
      .split('\n')
      .find((line) => line.startsWith(`${operatorUser}:`))
      ?.split(':') ?? [];
  const [uid, gid] = [Number(entry[2]), Number(entry[3])];
  const folder = `${root}/home/${operatorUser}/.ssh`;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await copyFile(`${folders.operatorKey}.pub`, `${folder}/authorized_keys`);
  await chmod(`${folder}/authorized_keys`, 0o600);
  for (const path of [folder, `${folder}/authorized_keys`]) await chown(path, uid, gid);
}

/** What a container lacks for a real machine's behaviour; each is written down in the lab's list of differences. */
async function writeAdaptations(root: string, names: HostsLabNames): Promise<void> {
  const units = `${root}/etc/systemd/system`;
  await mkdir(`${units}/sysinit.target.wants`, { recursive: true });
  await mkdir(`${root}/usr/local/lib/vmstation-lab`, { recursive: true });
  await writeFile(`${units}/vmstation-lab-sysctl.service`, sysctlUnit);
  await symlink('../vmstation-lab-sysctl.service', `${units}/sysinit.target.wants/vmstation-lab-sysctl.service`);
  await writeFile(`${root}/usr/local/lib/vmstation-lab/sysctl`, sysctlScript(), { mode: 0o755 });
  // chronyd has no right to set the clock in a container: the condition goes, and it runs without touching the clock.
  await mkdir(`${units}/chrony.service.d`, { recursive: true });
  await writeFile(`${units}/chrony.service.d/lab.conf`, '[Unit]\nConditionCapability=\n');
  await writeFile(`${root}/etc/default/chrony`, 'DAEMON_OPTS="-F 1 -x"\n');
  await writeFile(`${root}/etc/vmstation-lab`, `${names.gateway}\n`);
}

const sysctlUnit = `[Unit]
Description=lab: a machine's own copy of settings that are not per namespace
DefaultDependencies=no
After=local-fs-pre.target
Before=systemd-sysctl.service sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/lib/vmstation-lab/sysctl
`;

function sysctlScript(): string {
  return `#!/bin/sh
for key in ${ownSysctls.join(' ')}; do
  [ -f "/proc/sys/$key" ] || continue
  mkdir -p "/run/lab-sysctl/$(dirname "$key")"
  cat "/proc/sys/$key" >"/run/lab-sysctl/$key" && mount --bind "/run/lab-sysctl/$key" "/proc/sys/$key"
done
exit 0
`;
}
