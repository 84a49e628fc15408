import type { KindCase } from '../kind-case.ts';

const table = '/etc/fstab';
const keepTable = `cp -p ${table} /root/fstab.kinds 2>/dev/null || : >/root/fstab.kinds`;
const image = '/srv/kinds.img';
const mounts =
  "grep kinds /proc/mounts || echo not mounted; cat /etc/fstab; ls -d '/srv/kinds dir' 2>/dev/null || echo no folder";

/** Swap, mounts and file systems. */
export const storageCases: readonly KindCase[] = [
  {
    kind: 'mount',
    title: 'mounted and in fstab, at a folder with a blank',
    before: keepTable,
    wants: () => [
      {
        kind: 'mount',
        path: '/srv/kinds dir',
        source: 'kinds',
        fstype: 'tmpfs',
        options: ['size=1m', 'mode=0750', 'nosuid'],
        mounted: true,
      },
    ],
    shows: mounts,
    innocent: [`touch ${table}`, `echo '# comment' >>${table}; sed -i '/# comment/d' ${table}`],
    tampered: [
      { attribute: 'mounted', script: "umount '/srv/kinds dir'" },
      { attribute: 'options', script: "mount -o remount,ro '/srv/kinds dir'" },
      { attribute: 'options', script: "mount -o remount,suid '/srv/kinds dir'" },
      { attribute: 'fstab', script: `sed -i s/mode=0750/mode=0700/ ${table}` },
      { attribute: 'fstab', script: `sed -i '/^kinds/d' ${table}` },
    ],
    after: `umount '/srv/kinds dir' 2>/dev/null || :; rmdir '/srv/kinds dir' 2>/dev/null || :; cat /root/fstab.kinds >${table}; rm -f /root/fstab.kinds; [ ! -d /run/systemd/system ] || systemctl daemon-reload`,
  },
  {
    kind: 'mount',
    title: 'in a folder of somebody else, who puts a link there',
    before: `${keepTable}; mkdir -p /srv/kinds/theirs /srv/kinds/victim; chown nobody /srv/kinds/theirs`,
    wants: () => [
      {
        kind: 'mount',
        path: '/srv/kinds/theirs/m',
        source: 'kinds',
        fstype: 'tmpfs',
        options: ['size=1m'],
        mounted: true,
      },
    ],
    shows: `${mounts}; ls -A /srv/kinds/theirs`,
    tampered: [
      {
        attribute: 'mounted',
        script: 'umount /srv/kinds/theirs/m; rmdir /srv/kinds/theirs/m; ln -s ../victim /srv/kinds/theirs/m',
        refused: {
          reason: /theirs\/m is a link in a folder that others than root may write to/,
          mend: 'rm /srv/kinds/theirs/m; mkdir /srv/kinds/theirs/m; mount /srv/kinds/theirs/m',
        },
      },
    ],
    after: `umount /srv/kinds/theirs/m 2>/dev/null || :; rm -rf /srv/kinds; cat /root/fstab.kinds >${table}; rm -f /root/fstab.kinds; [ ! -d /run/systemd/system ] || systemctl daemon-reload`,
  },
  {
    kind: 'filesystem',
    title: 'on an image that is all zero; made once, never over anything',
    before: `mkdir -p /srv; truncate -s 2M ${image}`,
    wants: () => [{ kind: 'filesystem', device: image, fstype: 'ext4', label: 'kinds data' }],
    shows: `stat -c '%s %a' ${image}; sha256sum ${image}; wipefs -p ${image}`,
    innocent: [`touch ${image}`],
    tampered: [
      {
        attribute: 'fstype',
        script: `cp -p ${image} ${image}.2; wipefs -a -q ${image}; mkswap ${image} >/dev/null 2>&1`,
        refused: {
          reason: /host\/device-not-empty: \/srv\/kinds\.img carries .*swap.*nothing was written/,
          mend: `mv ${image}.2 ${image}`,
        },
      },
      {
        attribute: 'fstype',
        script: `cp -p ${image} ${image}.2; wipefs -a -q ${image}`,
        refused: { reason: /host\/device-not-empty: .*content/, mend: `mv ${image}.2 ${image}` },
      },
      {
        attribute: 'fstype',
        script: `mv ${image} ${image}.2`,
        refused: { reason: /there is no device/, mend: `mv ${image}.2 ${image}` },
      },
    ],
    after: `rm -f ${image} ${image}.2`,
  },
  {
    kind: 'filesystem',
    title: 'one that is there gets its label, and the old one back',
    before: `truncate -s 2M ${image}; mkfs -t ext4 -q -L theirs ${image} 2>/dev/null`,
    wants: () => [{ kind: 'filesystem', device: image, fstype: 'ext4', label: 'kinds data' }],
    shows: `e2label ${image}`,
    tampered: [
      { attribute: 'label', script: `e2label ${image} other` },
      { attribute: 'label', script: `e2label ${image} ''` },
    ],
    after: `rm -f ${image}`,
  },
  {
    kind: 'swap',
    title: 'none in use and none at boot',
    cannot: { hosts: 'swap is the kernel’s, which a container shares: it may not switch it' },
    before: `${keepTable}; swapoff -a; dd if=/dev/zero of=/srv/kinds.swap bs=1M count=2 2>/dev/null; chmod 0600 /srv/kinds.swap; { mkswap /srv/kinds.swap >/dev/null || :; }; swapon /srv/kinds.swap; echo '/srv/kinds.swap none swap sw 0 0' >>${table}`,
    wants: () => [{ kind: 'swap', ensure: 'off' }],
    shows: `tail -n +2 /proc/swaps | cut -d' ' -f1; cat ${table}`,
    innocent: [`touch ${table}`],
    tampered: [
      { attribute: 'in use', script: 'swapon /srv/kinds.swap' },
      { attribute: 'in fstab', script: `echo '/srv/kinds.swap none swap sw 0 0' >>${table}` },
    ],
    after: `swapoff /srv/kinds.swap 2>/dev/null || :; rm -f /srv/kinds.swap; cat /root/fstab.kinds >${table}; rm -f /root/fstab.kinds`,
  },
];
