import { type LabRandom, randomBelow, randomUuid, systemRandom } from '../clock/randomness.ts';
import type { RunEntry } from './run-folder.ts';

/** Activity of a unit as `systemctl show -p ActiveState` names it. */
export type ActiveState = 'active' | 'inactive' | 'failed' | 'activating' | 'deactivating';

/** What systemd remembers of one unit while the machine runs. */
export interface UnitRuntime {
  active: ActiveState;
  sub: string;
  result: string;
  mainPid: number;
  exitStatus: number;
  restarts: number;
  /** When the unit last became active, and inactive; 0 for never. */
  activeEnterMs: number;
  inactiveEnterMs: number;
  /** Files and times that the loaded definition came from; a difference means that daemon-reload is owed. */
  loadedFrom: string;
}

/** One mounted file system, beyond those that every machine has. */
export interface MountEntry {
  device: string;
  path: string;
  type: string;
  options: string;
}

/** One active swap area. */
export interface SwapEntry {
  path: string;
  kind: 'file' | 'partition';
  sizeKib: number;
  priority: number;
}

/** A network interface at run time. */
export interface InterfaceState {
  name: string;
  mac: string;
  up: boolean;
  addresses: { ip: string; prefixLength: number }[];
  mtu: number;
  /** Wake-on-LAN setting as ethtool prints it: `g` on, `d` off. */
  wakeOnLan: string;
}

/** Everything a machine forgets at reboot. Plain data, so that it outlives the lab's process. */
export interface KernelState {
  bootId: string;
  bootedAtMs: number;
  hostname: string;
  /** Values that differ from the kernel's defaults. */
  sysctl: Record<string, string>;
  modules: string[];
  swaps: SwapEntry[];
  mounts: MountEntry[];
  units: Record<string, UnitRuntime>;
  interfaces: InterfaceState[];
  routes: { to: string; via?: string; device: string }[];
  selinux: 'Enforcing' | 'Permissive' | 'Disabled';
  nftables: string;
  /** Rules that auditctl gave the kernel; none is absent. */
  auditRules?: string[];
  lastPid: number;
  /** Text of sshd's configuration with its includes, as the daemon read it at its last start or reload. */
  sshdConfig: string;
  /** What lies below /run, where memory was kept. */
  run?: RunEntry[];
  /** `date -s` shifts the clock against the lab's. */
  clockShiftMs: number;
}

/** A kernel that has just started. */
export function freshKernelState(
  hostname: string,
  nowMs: number,
  selinux: KernelState['selinux'],
  interfaces: InterfaceState[],
  random: LabRandom = systemRandom,
): KernelState {
  return {
    bootId: randomUuid(random),
    bootedAtMs: nowMs,
    hostname,
    sysctl: {},
    modules: [],
    swaps: [],
    mounts: [],
    units: {},
    interfaces,
    routes: [],
    selinux,
    nftables: '',
    lastPid: 400 + randomBelow(random, 200),
    sshdConfig: '',
    clockShiftMs: 0,
  };
}
