import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { HostCommands } from '../hosts/host-commands.ts';
import { installOver, overBase } from '../hosts/image.ts';
import { defaultLayerPackages, imageFolders } from '../hosts/settings.ts';

/** What a guest boots from; shared by all guests of this computer, and never written to. */
export interface GuestImage {
  /** An ext4 file system as a raw file. */
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
}

const suite = 'bookworm';

/** A freshly installed server with a kernel of its own. The cloud kernel has no drivers for metal, and so starts twice as fast. */
const serverPackages = [
  ...defaultLayerPackages,
  'busybox-static',
  'e2fsprogs',
  'ifupdown',
  'kmod',
  'linux-image-cloud-amd64',
  'udev',
];

/**
 * What the roles install, there beforehand with its services off: where instructions are translated, dpkg takes many minutes, and what it
 * does is proved on the machines that share a kernel.
 */
const rolePackages = [
  ...['auditd', 'chrony', 'conntrack', 'gpg', 'lsof', 'nfs-common', 'nfs-kernel-server', 'nftables', 'openssl'],
  ...['python3-apt', 'rsyslog', 'socat', 'xfsprogs'],
];
const servicesOff = [
  ...['auditd.service', 'chrony.service', 'nfs-client.target', 'nfs-server.service', 'nftables.service'],
  ...['rpcbind.service', 'rpcbind.socket', 'rsyslog.service'],
];
const packages = [...serverPackages, ...rolePackages];

/**
 * Makes the guests' image when it is absent, from Debian's packages: the base that nspawn machines have, a kernel over it, all as one ext4 file
 * (mke2fs(8), -d: no loop device is needed). Throws lab/no-apt-source and lab/host-command-failed.
 */
export async function ensureGuestImage(
  directory: string,
  commands: HostCommands,
  say: (line: string) => void,
): Promise<GuestImage> {
  const settings = { directory, packages, suite };
  const { base } = imageFolders(settings);
  const hash = createHash('sha256')
    .update([base, buildScript, initScript, ...packages].join('\n'))
    .digest('hex');
  const folder = `${directory}/guest-${hash.slice(0, 12)}`;
  const image = { disk: `${folder}/disk`, kernel: `${folder}/vmlinuz`, initrd: `${folder}/initrd` };
  if (existsSync(folder)) return image;
  await overBase(settings, commands, say, async () => {
    if (existsSync(folder)) return;
    say('making the guests’ image: a kernel over the machines’ base, as one file system; a minute or so, once');
    const part = `${directory}/guest.part`;
    await installOver(settings, base, part, commands, buildScript);
    await rename(`${part}/out`, folder);
    await rm(part, { recursive: true, force: true });
  });
  return image;
}

/**
 * The first process of a guest: finds the disk, gives it its identity the first time (a tar file in QEMU's fw_cfg), and hands over to systemd.
 * Debian's own initrd does this with udev and takes several times as long.
 */
const initScript = `#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t sysfs sys /sys
for module in /modules/*; do insmod "$module"; done
tries=0
until [ -b /dev/vda ] || [ $tries -gt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
mount -t ext4 -o rw /dev/vda /root
if [ ! -e /root/etc/lab-identity ]; then
  tar -xf /sys/firmware/qemu_fw_cfg/by_name/opt/vmstation/identity/raw -C /root
  : >/root/etc/lab-identity
fi
umount /sys
mount -o move /dev /root/dev
exec switch_root /root /sbin/init
`;

/** Runs after the packages are installed. What the initrd loads is named in order: what each module depends on comes first. */
const buildScript = `
umount "$root/proc"
umount -R -l "$root/dev"
out="$2/out"
rd="$root/tmp/rd"
mkdir "$out" "$rd" "$rd/modules" "$rd/bin" "$rd/dev" "$rd/sys" "$rd/root"
version=$(ls "$root/lib/modules")
cp "$root/boot/vmlinuz-$version" "$out/vmlinuz"
for module in virtio_pci virtio_blk qemu_fw_cfg vmxnet3; do
  chroot "$root" modprobe -S "$version" --show-depends "$module"
done | sed -n 's/^insmod \\([^ ]*\\).*/\\1/p' | awk '!seen[$0]++ { printf "%02d %s\\n", NR, $0 }' |
  while read -r number file; do cp "$root$file" "$rd/modules/$number-\${file##*/}"; done
cp "$root/bin/busybox" "$rd/bin/busybox"
cat >"$rd/init" <<'EOF'
${initScript}EOF
chmod 755 "$rd/init"
chroot "$root" sh -c 'cd /tmp/rd && find . | cpio --quiet -o -H newc' | gzip -1 >"$out/initrd"
rm -rf "$rd" "$root"/boot/initrd.img*
systemctl --root="$root" --quiet disable ${servicesOff.join(' ')}
mkdir -p "$root/etc/systemd/system" "$root/etc/dpkg/dpkg.cfg.d"
echo '/dev/vda / ext4 errors=remount-ro 0 1' >"$root/etc/fstab"
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/lab"
printf 'auto lo\\niface lo inet loopback\\nsource /etc/network/interfaces.d/*\\n' >"$root/etc/network/interfaces"
truncate -s 4G "$out/disk"
mke2fs -q -t ext4 -d "$root" "$out/disk"
`;
