import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { waitForName } from './claim.ts';
import type { HostCommands } from './host-commands.ts';
import {
  basePackages,
  type HostsLabFolders,
  type HostsLabNames,
  type HostsLabSettings,
  operatorUser,
} from './settings.ts';

/** Makes the base image (debootstrap) and the package layer over it when they are absent; one process of this computer at a time. */
export async function ensureImage(
  settings: HostsLabSettings,
  names: HostsLabNames,
  folders: HostsLabFolders,
  commands: HostCommands,
  say: (line: string) => void,
): Promise<void> {
  if (existsSync(folders.layer)) return;
  const claim = await waitForName('images', `process ${process.pid}`);
  try {
    await mkdir(folders.directory, { recursive: true });
    if (!existsSync(folders.base)) await makeBase(settings, folders.base, commands, say);
    if (!existsSync(folders.layer)) await makeLayer(settings, names, folders, commands, say);
  } finally {
    await claim.release();
  }
}

/** A layer appears under its name only when it is whole. */
async function makeLayer(
  settings: HostsLabSettings,
  names: HostsLabNames,
  folders: HostsLabFolders,
  commands: HostCommands,
  say: (line: string) => void,
): Promise<void> {
  say(`installing the machines' packages: ${settings.packages.join(' ')}`);
  const part = `${folders.directory}/layer.part`;
  await rm(part, { recursive: true, force: true });
  await inLayer(
    { base: folders.base, upper: `${part}/upper`, work: `${part}/work`, mount: names.layerMount },
    settings,
    commands,
  );
  await rename(`${part}/upper`, folders.layer);
  await rm(part, { recursive: true, force: true });
}

/** The configured apt sources of a suite on this computer, as sources.list lines. */
export async function aptSources(commands: HostCommands, suite: string): Promise<readonly string[]> {
  const format = '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)';
  const listed = await commands.run(['apt-get', 'indextargets', '--format', format, 'Created-By: Packages']);
  const rows = [...new Set(listed.stdout.split('\n'))].map((row) => row.split('|'));
  return rows
    .filter(
      ([, release, component, origin]) =>
        origin === 'Debian' && component === 'main' && release?.startsWith(suite) === true,
    )
    .map(([uri, release, component]) => `deb ${uri} ${release} ${component}`);
}

async function makeBase(
  settings: HostsLabSettings,
  base: string,
  commands: HostCommands,
  say: (line: string) => void,
): Promise<void> {
  if ((await aptSources(commands, settings.suite)).length === 0)
    await commands.run(['apt-get', 'update', '-qq'], { timeoutMs: 300_000 });
  const source = (await aptSources(commands, settings.suite)).find((line) => line.split(' ')[2] === settings.suite);
  if (source === undefined) await commands.run(['false', `no apt source for ${settings.suite}`]);
  say(`making the base image (debootstrap ${settings.suite}), a minute or two`);
  const part = `${base}.part`;
  await rm(part, { recursive: true, force: true });
  const uri = source?.split(' ')[1] ?? '';
  await commands.run(
    ['debootstrap', '--variant=minbase', `--include=${basePackages.join(',')}`, settings.suite, part, uri],
    { timeoutMs: 900_000 },
  );
  await commands.run(['find', `${part}/var/cache/apt/archives`, '-name', '*.deb', '-delete']);
  await rename(part, base);
}

function layerScript(packages: readonly string[]): string {
  return `set -e
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends ${packages.join(' ')} >/dev/null
apt-get clean
id ${operatorUser} >/dev/null 2>&1 || useradd -m -s /bin/bash -G sudo ${operatorUser}
echo '${operatorUser} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/lab
chmod 440 /etc/sudoers.d/lab
rm -f /etc/ssh/ssh_host_* /etc/machine-id /var/lib/dbus/machine-id
: >/etc/machine-id
systemctl disable -q apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer e2scrub_reap.service || true
systemctl mask -q getty@tty1.service console-getty.service || true
`;
}

/** Installs the layer's packages over the base, with this computer's network and apt sources. */
async function inLayer(
  { base, upper, work, mount }: { base: string; upper: string; work: string; mount: string },
  settings: HostsLabSettings,
  commands: HostCommands,
): Promise<void> {
  for (const path of [mount, upper, work]) await mkdir(path, { recursive: true });
  const options = `lowerdir=${base},upperdir=${upper},workdir=${work}`;
  await commands.run(['mount', '-t', 'overlay', 'vmstation-layer', '-o', options, mount]);
  try {
    await writeFile(`${mount}/etc/apt/sources.list`, `${(await aptSources(commands, settings.suite)).join('\n')}\n`);
    await writeFile(`${mount}/etc/apt/apt.conf.d/90lab`, 'Acquire::Languages "none";\n');
    await writeFile(`${mount}/etc/resolv.conf`, await readFile('/etc/resolv.conf', 'utf8'));
    // No service starts while packages are installed: there is no system running in here.
    await writeFile(`${mount}/usr/sbin/policy-rc.d`, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    await commands.run(['mount', '-t', 'proc', 'proc', `${mount}/proc`]);
    await commands.run(['mount', '--bind', '/dev', `${mount}/dev`]);
    await commands.run(['chroot', mount, 'sh', '-s'], { stdin: layerScript(settings.packages), timeoutMs: 900_000 });
    await rm(`${mount}/usr/sbin/policy-rc.d`);
    await rm(`${mount}/etc/resolv.conf`);
  } finally {
    await commands.ask(['umount', `${mount}/dev`]);
    await commands.ask(['umount', `${mount}/proc`]);
    await commands.run(['umount', mount]);
  }
}
