import { existsSync } from 'node:fs';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '@vmstation/core';
import { type Adaptation, adaptations } from './adaptations.ts';
import { claimName, waitForName } from './claim.ts';
import type { HostCommands } from './host-commands.ts';
import { pruneLayers } from './prune-layers.ts';
import { basePackages, type HostsLabSettings, type ImageFolders, imageFolders, operatorUser } from './settings.ts';

type ImageSettings = Omit<HostsLabSettings, 'machines'>;

const debootstrapMs = 1_800_000;

/**
 * Makes the base image (debootstrap) and the package layer over it when they are absent; one process of this computer at a time. Throws
 * lab/no-apt-source and lab/host-command-failed.
 */
export async function ensureImage(
  settings: ImageSettings,
  commands: HostCommands,
  say: (line: string) => void,
): Promise<void> {
  const folders = imageFolders(settings);
  if (existsSync(folders.layer)) return;
  await overBase(settings, commands, say, async () => {
    if (!existsSync(folders.layer)) await makeLayer(settings, folders, commands, say);
  });
}

/** Makes the base image when it is absent, and what a caller makes of it; one process of this computer at a time. */
export async function overBase(
  settings: ImageSettings,
  commands: HostCommands,
  say: (line: string) => void,
  make: () => Promise<void>,
): Promise<void> {
  const folders = imageFolders(settings);
  const note = `process ${process.pid}`;
  const first = await claimName('images', note);
  if ('heldBy' in first) say(`waiting for ${first.heldBy}, which makes images`);
  const claim = 'release' in first ? first : await waitForName('images', note);
  try {
    await mkdir(folders.directory, { recursive: true });
    if (!existsSync(folders.base)) await makeBase(settings, folders, commands, say);
    await make();
  } finally {
    await claim.release();
  }
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
  { suite }: ImageSettings,
  { base }: ImageFolders,
  commands: HostCommands,
  say: (line: string) => void,
): Promise<void> {
  if ((await aptSources(commands, suite)).length === 0)
    await commands.run(['apt-get', 'update', '-qq'], { timeoutMs: 300_000 });
  const source = (await aptSources(commands, suite)).find((line) => line.split(' ')[2] === suite);
  if (source === undefined) throw noSource(suite);
  say(`making the machines' base image (debootstrap ${suite}), two minutes or so, once`);
  const part = `${base}.part`;
  await rm(part, { recursive: true, force: true });
  const uri = source.split(' ')[1] ?? '';
  const included = `--include=${basePackages.join(',')}`;
  await commands.run(['debootstrap', '--variant=minbase', included, suite, part, uri], { timeoutMs: debootstrapMs });
  await commands.run(['find', `${part}/var/cache/apt/archives`, '-name', '*.deb', '-delete']);
  await rename(part, base);
}

/** A layer appears under its name only when it is whole. Its mounts are of a name space of their own: they end with the process, however it ends. */
async function makeLayer(
  settings: ImageSettings,
  { directory, base, layer }: ImageFolders,
  commands: HostCommands,
  say: (line: string) => void,
): Promise<void> {
  say(`installing the machines' packages, once: ${settings.packages.join(' ')}`);
  const part = `${directory}/layer.part`;
  await installOver(settings, base, part, commands);
  for (const adaptation of adaptations) await adapt(`${part}/upper`, adaptation);
  await rename(`${part}/upper`, layer);
  await pruneLayers(directory, layer);
  await rm(part, { recursive: true, force: true });
}

/**
 * Installs the packages over the base: what changed is then in `upper` of the folder. A script may run afterwards, as root of this computer
 * with the whole tree in $root and the folder in $2.
 */
export async function installOver(
  settings: ImageSettings,
  base: string,
  part: string,
  commands: HostCommands,
  afterwards = '',
): Promise<void> {
  await rm(part, { recursive: true, force: true });
  for (const folder of ['upper', 'work', 'root']) await mkdir(`${part}/${folder}`, { recursive: true });
  const sources = await aptSources(commands, settings.suite);
  const argv = ['unshare', '--mount', '--propagation', 'private', 'sh', '-s', base, part];
  const stdin = layerScript(settings.packages, sources) + afterwards;
  await commands.run(argv, { stdin, timeoutMs: debootstrapMs });
}

async function adapt(root: string, { path, content, mode, linkTo }: Adaptation): Promise<void> {
  await mkdir(dirname(`${root}${path}`), { recursive: true });
  if (linkTo === undefined) await writeFile(`${root}${path}`, content ?? '', { mode: mode ?? 0o644 });
  else await symlink(linkTo, `${root}${path}`);
}

/** Installs over the base, with this computer's network and apt sources. No service starts: there is no system running in there. */
function layerScript(packages: readonly string[], sources: readonly string[]): string {
  return `set -eu
root="$2/root"
mount -t overlay vmstation-layer -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
cat >"$root/etc/apt/sources.list" <<'EOF'
${sources.join('\n')}
EOF
printf 'Acquire::Languages "none";\\n' >"$root/etc/apt/apt.conf.d/90lab"
cat /etc/resolv.conf >"$root/etc/resolv.conf"
printf '#!/bin/sh\\nexit 101\\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
chroot "$root" sh -eu <<'EOF'
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
EOF
rm "$root/usr/sbin/policy-rc.d" "$root/etc/resolv.conf"
`;
}

function noSource(suite: string): AppError {
  return new AppError({
    code: 'lab/no-apt-source',
    kind: 'environment',
    message: `apt on this computer has no source of Debian's ${suite}, so the lab cannot install machines.`,
    tryThis: `Add one to /etc/apt/sources.list and run apt-get update: deb http://deb.debian.org/debian ${suite} main`,
  });
}
