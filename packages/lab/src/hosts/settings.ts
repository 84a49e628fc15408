import { createHash } from 'node:crypto';
import { adaptations } from './adaptations.ts';

/** A lab of real machines on this computer: systemd-nspawn over overlay file systems, on a bridge of its own. Root, Debian. */
export interface HostsLabSettings {
  /** Base image, package layers and cached packages, shared by all labs of this computer; and the labs' own disks and keys. */
  readonly directory: string;
  /** Keeps disks and keys under this name between starts; without it, every start has newly installed machines that nobody else has. */
  readonly owner?: string;
  readonly machines: readonly HostsMachine[];
  /** Debian packages in the layer that all machines share. */
  readonly packages: readonly string[];
  readonly suite: string;
  /** Private key of the operator whom the machines let in; by default the lab makes one. */
  readonly operatorKey?: string;
}

/** One real machine. */
export interface HostsMachine {
  readonly name: string;
  /** Last part of its address in the lab's subnet. */
  readonly octet: number;
  /** Hardware address, when it is not the lab's own choice. */
  readonly mac?: string;
  /** The address that a model gives it: its own and the other machines', on the bridge; this computer never sends anything there. */
  readonly model?: { readonly address: string; readonly prefixLength: number; readonly gateway: string };
  /** Who may log in with the operator's key and become root without password; `ops` by default. */
  readonly user?: string;
  /** Where its SSH server listens; 22 by default. */
  readonly sshPort?: number;
}

/** What lets a test or the product reach a machine. */
export interface HostsMachineAccess {
  readonly name: string;
  readonly address: string;
  readonly mac: string;
}

/** Where images and disks of all labs of this computer are. */
export const defaultDirectory = '/var/lib/vmstation-lab';

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

/** Places for labs on one computer. */
export const allSlots: readonly number[] = Array.from({ length: 32 }, (_, index) => index + 1);

/** Tells the labs' guard routes from anybody else's. */
export const guardMetric = 4278;

/** Where the machines' apt finds this computer's, on the bridge. */
export const aptProxyPort = 3142;

/** The addresses of the lab in a slot, a /24. */
export function subnetOf(slot: number): string {
  return `10.78.${100 + slot}.0/24`;
}

/** Names and paths on this computer that follow from a lab's slot. */
export function hostsLabNames(slot: number) {
  const run = `/run/vmstation-lab/${slot}`;
  const subnet = `10.78.${100 + slot}`;
  return {
    bridge: `vms${slot}`,
    run,
    subnet: subnetOf(slot),
    gateway: `${subnet}.1`,
    cgroup: `vms-${slot}`,
    /** Begins the names of all namespaces and machines of the lab. */
    prefix: `vms-${slot}-`,
    machineName: (machine: string) => `vms-${slot}-${machine}`,
    namespace: (machine: string) => `vms-${slot}-${machine}`,
    hostInterface: (index: number) => `vms${slot}-${index}`,
    address: (machine: HostsMachine) => `${subnet}.${machine.octet}`,
    mac: (machine: HostsMachine) =>
      machine.mac?.toLowerCase() ?? `02:78:00:00:00:${machine.octet.toString(16).padStart(2, '0')}`,
    root: (machine: string) => `${run}/${machine}.root`,
    /** Appears in the machine as /run/vmstation-lab: what it asks of the lab. */
    hostFolder: (machine: string) => `${run}/${machine}.host`,
    pidFile: (machine: string) => `${run}/${machine}.pid`,
    logFile: (machine: string) => `${run}/${machine}.log`,
  };
}

/** Names and paths on this computer of one lab. */
export type HostsLabNames = ReturnType<typeof hostsLabNames>;

/** Where images are, and where one lab's disks and keys are. */
export function hostsLabFolders(settings: HostsLabSettings, slot: number) {
  const { directory, owner, operatorKey } = settings;
  const own = owner === undefined ? `${directory}/labs/once-${slot}` : `${directory}/labs/${owner}`;
  return {
    ...imageFolders(settings),
    own,
    keys: `${own}/keys`,
    operatorKey: operatorKey ?? `${own}/keys/operator`,
    disk: (machine: string) => `${own}/disks/${machine}`,
  };
}

/** Where images are: named by what is in them, so that no lab changes them under another's machines. */
export function imageFolders({ directory, packages, suite }: Omit<HostsLabSettings, 'machines'>) {
  const image = (parts: readonly string[]) => createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12);
  const base = `${directory}/base-${image([suite, ...basePackages])}`;
  const layer = `${directory}/layer-${image([base, layerVersion, JSON.stringify(adaptations), operatorUser, ...packages])}`;
  return {
    directory,
    base,
    layer,
    packages: `${directory}/packages`,
  };
}

/** Where images are. */
export type ImageFolders = ReturnType<typeof imageFolders>;

/** Where one lab's files are. */
export type HostsLabFolders = ReturnType<typeof hostsLabFolders>;

/** Changes when the way that a layer is made does. */
const layerVersion = '2';
