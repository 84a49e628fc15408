import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { HostCommands } from './host-commands.ts';
import { basePackages, type HostsLabNames, type HostsLabSettings, operatorUser } from './settings.ts';

/** Makes the base image (debootstrap) and the package layer over it, when they are absent or ask for other packages. */
export async function ensureImage(
  settings: HostsLabSettings,
  names: HostsLabNames,
  commands: HostCommands,
  say: (line: string) => void,
): Promise<void> {
  await mkdir(settings.directory, { recursive: true });
  await ensureBase(settings, names, commands, say);
  const stamp = `${settings.directory}/layer.stamp`;
  const wanted = [...settings.packages, operatorUser].join(' ');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return;
  say(`installing the machines' packages: ${settings.packages.join(' ')}`);
  // Disks made over another layer are of no use.
  await rm(`${settings.directory}/disks`, { recursive: true, force: true });
  await rm(names.layer, { recursive: true, force: true });
  await inLayer(settings, names, commands, layerScript(settings.packages));
  await writeFile(stamp, wanted);
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

async function ensureBase(
  settings: HostsLabSettings,
  names: HostsLabNames,
  commands: HostCommands,
  say: (line: string) => void,
): Promise<void> {
  const made = await Promise.all(
    [`${names.base}/usr/bin/systemctl`, `${names.base}/usr/sbin/sshd`].map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (made.every(Boolean)) return;
  if ((await aptSources(commands, settings.suite)).length === 0)
    await commands.run(['apt-get', 'update', '-qq'], { timeoutMs: 300_000 });
  const source = (await aptSources(commands, settings.suite)).find((line) => line.split(' ')[2] === settings.suite);
  if (source === undefined) await commands.run(['false', `no apt source for ${settings.suite}`]);
  say(`making the base image (debootstrap ${settings.suite}), a minute or two`);
  const part = `${names.base}.part`;
  await rm(part, { recursive: true, force: true });
  const uri = source?.split(' ')[1] ?? '';
  await commands.run(
    ['debootstrap', '--variant=minbase', `--include=${basePackages.join(',')}`, settings.suite, part, uri],
    { timeoutMs: 900_000 },
  );
  await commands.run(['find', `${part}/var/cache/apt/archives`, '-name', '*.deb', '-delete']);
  await rename(part, names.base);
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

/** Runs a script in base and layer together, with this computer's network and apt sources. */
async function inLayer(
  settings: HostsLabSettings,
  names: HostsLabNames,
  commands: HostCommands,
  script: string,
): Promise<void> {
  const mount = `${names.run}/layer.mnt`;
  const work = `${settings.directory}/layer.work`;
  for (const path of [mount, names.layer, work]) await mkdir(path, { recursive: true });
  await commands.run([
    'mount',
    '-t',
    'overlay',
    'vmstation-layer',
    '-o',
    `lowerdir=${names.base},upperdir=${names.layer},workdir=${work}`,
    mount,
  ]);
  try {
    await writeFile(`${mount}/etc/apt/sources.list`, `${(await aptSources(commands, settings.suite)).join('\n')}\n`);
    await writeFile(`${mount}/etc/apt/apt.conf.d/90lab`, 'Acquire::Languages "none";\n');
    await writeFile(`${mount}/etc/resolv.conf`, await readFile('/etc/resolv.conf', 'utf8'));
    // No service starts while packages are installed: there is no system running in here.
    await writeFile(`${mount}/usr/sbin/policy-rc.d`, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    await commands.run(['mount', '-t', 'proc', 'proc', `${mount}/proc`]);
    await commands.run(['mount', '--bind', '/dev', `${mount}/dev`]);
    await commands.run(['chroot', mount, 'sh', '-s'], { stdin: script, timeoutMs: 900_000 });
    await rm(`${mount}/usr/sbin/policy-rc.d`);
    await rm(`${mount}/etc/resolv.conf`);
  } finally {
    await commands.ask(['umount', `${mount}/dev`]);
    await commands.ask(['umount', `${mount}/proc`]);
    await commands.run(['umount', mount]);
  }
}
