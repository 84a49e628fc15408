/** A file that a real machine of the lab has and a freshly installed one has not. */
export interface Adaptation {
  readonly path: string;
  readonly content?: string;
  readonly mode?: number;
  /** A symbolic link instead of a file. */
  readonly linkTo?: string;
}

/** Settings that the kernel has once for all machines: each gets files of its own over them, written and read back, without effect. */
const ownSysctls = [
  'vm/swappiness',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'vm/max_map_count',
  'vm/dirty_ratio',
  'vm/dirty_background_ratio',
  'vm/vfs_cache_pressure',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/pid_max',
  'kernel/sysrq',
  'kernel/dmesg_restrict',
  'kernel/kptr_restrict',
  'kernel/core_uses_pid',
  'kernel/perf_event_paranoid',
  'dev/tty/ldisc_autoload',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
  'fs/file-max',
  'fs/nr_open',
  'fs/protected_fifos',
  'fs/protected_hardlinks',
  'fs/protected_regular',
  'fs/protected_symlinks',
  'fs/suid_dumpable',
  'fs/inotify/max_user_watches',
  'fs/inotify/max_user_instances',
];

/**
 * Kernel modules that a node of a cluster asks for. No machine may load one into this computer's kernel, so all are told that theirs has them built in; `modprobe` then
 * succeeds as on such a kernel. What really works is what this computer's kernel has.
 */
const ownModules = [
  'kernel/fs/overlayfs/overlay.ko',
  'kernel/net/bridge/br_netfilter.ko',
  'kernel/net/netfilter/nf_conntrack.ko',
  'kernel/net/ipv4/ipip.ko',
];

const units = '/etc/systemd/system';
const programs = '/usr/local/lib/vmstation-lab';

const bootUnit = `[Unit]
Description=lab: what machines that share a kernel do not have
DefaultDependencies=no
After=local-fs-pre.target
Before=systemd-sysctl.service sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${programs}/boot
`;

/** logind refuses \`systemctl suspend\` unless the kernel offers "mem" in /sys/power/state. */
const bootScript = `#!/bin/sh
for key in ${ownSysctls.join(' ')}; do
  [ -f "/proc/sys/$key" ] || continue
  mkdir -p "/run/lab-sysctl/$(dirname "$key")"
  cat "/proc/sys/$key" >"/run/lab-sysctl/$key" && mount --bind "/run/lab-sysctl/$key" "/proc/sys/$key"
done
[ -d /sys/power ] || { mount -o remount,rw /sys; mkdir /sys/power; mount -o remount,ro /sys; }
mount -t tmpfs -o mode=755,size=64k power /sys/power && {
  echo 'freeze mem' >/sys/power/state
  echo 's2idle [deep]' >/sys/power/mem_sleep
}
modules=/lib/modules/$(uname -r)
[ -e "$modules/modules.builtin.bin" ] || {
  mkdir -p "$modules"
  printf '%s\\n' ${ownModules.join(' ')} >"$modules/modules.builtin"
  : >"$modules/modules.order"
  depmod
}
exit 0
`;

const suspendUnit = `[Unit]
ConditionPathExists=
[Service]
ExecStart=
ExecStart=${programs}/suspend
`;

/** What systemd-sleep(8) does, but that the lab stops the machine where the kernel would. */
const suspendScript = `#!/bin/sh
export SYSTEMD_SLEEP_ACTION=suspend
hooks() {
  for hook in /usr/lib/systemd/system-sleep/*; do
    [ -x "$hook" ] && "$hook" "$1" suspend &
  done
  wait
}
hooks pre
echo 'Performing sleep operation suspend (lab)'
: >/run/vmstation-lab/suspend
while [ -e /run/vmstation-lab/suspend ]; do sleep 0.1; done
echo 'System returned from sleep state (lab)'
hooks post
exit 0
`;

/** What a container lacks for a real machine's behaviour. */
export const adaptations: readonly Adaptation[] = [
  { path: `${units}/vmstation-lab.service`, content: bootUnit },
  { path: `${units}/sysinit.target.wants/vmstation-lab.service`, linkTo: '../vmstation-lab.service' },
  { path: `${programs}/boot`, content: bootScript, mode: 0o755 },
  // chronyd has no right to set the clock in a container: the condition goes, and it runs without touching the clock.
  { path: `${units}/chrony.service.d/lab.conf`, content: '[Unit]\nConditionCapability=\n' },
  { path: '/etc/default/chrony', content: 'DAEMON_OPTS="-F 1 -x"\n' },
  // Packages are installed often and nobody mourns these disks.
  { path: '/etc/dpkg/dpkg.cfg.d/lab', content: 'force-unsafe-io\n' },
  { path: `${units}/systemd-suspend.service.d/lab.conf`, content: suspendUnit },
  { path: `${programs}/suspend`, content: suspendScript, mode: 0o755 },
];
