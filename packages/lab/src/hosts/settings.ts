/** A lab of real machines on this computer: systemd-nspawn over overlay file systems, on a bridge of its own. Root, Debian. */
export interface HostsLabSettings {
  /** Names everything that the lab makes on this computer; at most 6 characters, so that interface names fit. */
  readonly name: string;
  /** Base image, package layer, keys and the machines' disks; kept between starts. */
  readonly directory: string;
  /** First three parts of a /24 that nothing else uses, for example `10.78.0`. */
  readonly subnet: string;
  readonly machines: readonly HostsMachine[];
  /** Debian packages in the layer that all machines share. */
  readonly packages: readonly string[];
  readonly suite: string;
  /** Start from newly installed machines: what earlier starts left on their disks is thrown away. */
  readonly freshDisks?: boolean;
}

/** One real machine. */
export interface HostsMachine {
  readonly name: string;
  /** Last part of its address; also the end of its MAC. */
  readonly octet: number;
}

/** What lets a test or the product reach a machine. */
export interface HostsMachineAccess {
  readonly name: string;
  readonly address: string;
  readonly mac: string;
}

/** The user with passwordless sudo on every machine. */
export const operatorUser = 'ops';

/** What the base image holds: enough for systemd, sshd and Python. */
export const basePackages = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'openssh-server',
  'python3-minimal',
  'python3',
  'iproute2',
  'sudo',
  'procps',
];

/** The default layer: what a freshly installed Debian server has. */
export const defaultLayerPackages = [
  'sudo',
  'iproute2',
  'iputils-ping',
  'netbase',
  'ethtool',
  'cron',
  'logrotate',
  'ca-certificates',
  'curl',
  'dbus',
  'libpam-systemd',
  'kmod',
];

/** Settings that the kernel has once for all machines: each gets files of its own over them, written and read back, without effect. */
export const ownSysctls = [
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

/** Names and paths that follow from the settings. */
export function hostsLabNames(settings: HostsLabSettings) {
  const { name, directory, subnet } = settings;
  const run = `/run/vmstation-${name}`;
  return {
    bridge: `vms${name}`,
    run,
    base: `${directory}/base`,
    layer: `${directory}/layer`,
    keys: `${directory}/keys`,
    operatorKey: `${directory}/keys/operator`,
    gateway: `${subnet}.1`,
    /** Kept apart from other labs' by the metric. */
    guardMetric: 4278,
    cgroup: `vms-${name}`,
    machineName: (machine: string) => `vms-${name}-${machine}`,
    namespace: (machine: string) => `vms-${name}-${machine}`,
    hostInterface: (index: number) => `v${name}-${index}`,
    address: (machine: HostsMachine) => `${subnet}.${machine.octet}`,
    mac: (machine: HostsMachine) => `02:78:00:00:00:${machine.octet.toString(16).padStart(2, '0')}`,
    root: (machine: string) => `${run}/${machine}.root`,
    disk: (machine: string) => `${directory}/disks/${machine}`,
    pidFile: (machine: string) => `${run}/${machine}.pid`,
    logFile: (machine: string) => `${run}/${machine}.log`,
  };
}

/** Names and paths of one lab. */
export type HostsLabNames = ReturnType<typeof hostsLabNames>;
