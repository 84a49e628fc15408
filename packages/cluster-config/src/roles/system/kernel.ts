import type { FileResource, Resource } from '@vmstation/core';
import { type ConfigRoleContext, writtenBy } from '../config-role.ts';

/**
 * Kernel settings that every node gets unless a `settings.yaml` or an overlay file says otherwise. Not among them, on purpose:
 * `kernel.unprivileged_bpf_disabled=1` (cannot be taken back before a reboot), keys of IPv6, of security modules and of SysRq (absent on some kernels),
 * `log_martians` (a cluster's overlay fills the journal with them).
 */
export const defaultKernelSettings: Readonly<Record<string, string>> = {
  'dev.tty.ldisc_autoload': '0',
  // Debian's 99-protect-links.conf says 1; ours is read after it.
  'fs.protected_fifos': '2',
  'fs.protected_hardlinks': '1',
  'fs.protected_regular': '2',
  'fs.protected_symlinks': '1',
  'fs.suid_dumpable': '0',
  'kernel.core_uses_pid': '1',
  'kernel.dmesg_restrict': '1',
  'kernel.kptr_restrict': '2',
  'kernel.perf_event_paranoid': '3',
  'net.core.somaxconn': '32768',
  'net.ipv4.conf.all.accept_redirects': '0',
  'net.ipv4.conf.all.accept_source_route': '0',
  // Calico refuses to start under loose filtering (2); a card's own value stands where it is higher.
  'net.ipv4.conf.all.rp_filter': '1',
  'net.ipv4.conf.all.send_redirects': '0',
  'net.ipv4.conf.default.accept_redirects': '0',
  'net.ipv4.conf.default.accept_source_route': '0',
  'net.ipv4.conf.default.send_redirects': '0',
  'vm.max_map_count': '262144',
};

/** The defaults that the node's settings do not replace. */
export function kernelSettings({ settings }: ConfigRoleContext): readonly Resource[] {
  return Object.entries(defaultKernelSettings)
    .filter(([key]) => !settings.sysctl.has(key))
    .map(([key, value]): Resource => {
      // Switching forwarding on resets what hosts and routers do differently, redirects among it (RFC 1122 and 1812).
      const after = key.startsWith('net.ipv4.conf.') ? ({ after: ['sysctl:net.ipv4.ip_forward'] } as const) : {};
      return { kind: 'sysctl', key, value, ...after };
    });
}

const unusedModules = [
  ['network protocols that nothing here speaks', ['dccp', 'rds', 'tipc']],
  ['memory of the machine for whoever plugs a cable in', ['firewire-core', 'firewire-ohci', 'firewire-sbp2']],
  ['file systems that only crafted disks carry', ['cramfs', 'freevxfs', 'hfs', 'hfsplus', 'jffs2']],
] as const;

/** Kernel modules that nothing loads by itself. SCTP is left alone: Services may use it; USB disks too. */
export const blockedModules: FileResource = {
  kind: 'file',
  path: '/etc/modprobe.d/vmstation.conf',
  content: [
    writtenBy('system'),
    ...unusedModules.flatMap(([why, names]) => [`# ${why}\n`, ...names.map((name) => `install ${name} /bin/false\n`)]),
  ].join(''),
  owner: 'root',
  group: 'root',
  mode: '0644',
};
