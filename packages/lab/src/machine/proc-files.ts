import { createInode, type Inode, type Volume } from '../disk/inode.ts';
import type { Process } from '../shell/process.ts';
import type { KernelState, MountEntry } from './kernel-state.ts';
import type { SysctlTable } from './sysctl.ts';
import { mountSysctl } from './sysctl-folder.ts';
import { VirtualFolder } from './virtual-folder.ts';

/** What the views of /proc and /sys are computed from. */
export interface ProcSource {
  readonly state: KernelState;
  readonly sysctl: SysctlTable;
  readonly processes: Map<number, Process>;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly kernelRelease: string;
  readonly kernelVersion: string;
  readonly rootDevice: string;
  readonly rootType: string;
  readonly disks: readonly { name: string; sizeGib: number }[];
  readonly hasSelinux: boolean;
  /** Mount points that are read-only on request. */
  readonly faults: { readonly readOnly?: readonly string[] };
  readonly uptimeMs: number;
  now(): number;
}

/** Mounts that every machine has, then those made since. */
export function allMounts(source: Pick<ProcSource, 'rootDevice' | 'rootType' | 'state' | 'faults'>): MountEntry[] {
  const mounts = [
    { device: source.rootDevice, path: '/', type: source.rootType, options: 'rw,relatime' },
    { device: 'proc', path: '/proc', type: 'proc', options: 'rw,nosuid,nodev,noexec,relatime' },
    { device: 'sysfs', path: '/sys', type: 'sysfs', options: 'rw,nosuid,nodev,noexec,relatime' },
    { device: 'udev', path: '/dev', type: 'devtmpfs', options: 'rw,nosuid,relatime' },
    { device: 'tmpfs', path: '/run', type: 'tmpfs', options: 'rw,nosuid,nodev,noexec,relatime' },
    { device: 'cgroup2', path: '/sys/fs/cgroup', type: 'cgroup2', options: 'rw,nosuid,nodev,noexec,relatime' },
    ...source.state.mounts,
  ];
  return mounts.map((mount) =>
    source.faults.readOnly?.includes(mount.path) === true
      ? { ...mount, options: mount.options.replace(/^rw\b/, 'ro') }
      : mount,
  );
}

const octal = (text: string): string =>
  text.replace(/[ \t\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);

/** KiB in use by swap areas' table, as /proc/swaps prints it. */
function swapsText(state: KernelState): string {
  const rows = state.swaps.map(
    (swap) => `${swap.path.padEnd(40)}${swap.kind}\t${String(swap.sizeKib).padEnd(8)}\t0\t\t${swap.priority}\n`,
  );
  return `Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n${rows.join('')}`;
}

/** KiB of memory that Linux shows of what is fitted: firmware and kernel keep some. */
export function memoryKib(source: Pick<ProcSource, 'memoryMib'>): { total: number; free: number; available: number } {
  const total = Math.floor(source.memoryMib * 1024 * 0.965);
  return { total, free: Math.floor(total * 0.7), available: Math.floor(total * 0.88) };
}

function memoryText(source: ProcSource): string {
  const { total, free, available } = memoryKib(source);
  const swap = source.state.swaps.reduce((sum, one) => sum + one.sizeKib, 0);
  const rows = {
    MemTotal: total,
    MemFree: free,
    MemAvailable: available,
    Buffers: 40_000,
    Cached: 300_000,
    SwapCached: 0,
    SwapTotal: swap,
    SwapFree: swap,
  };
  return Object.entries(rows)
    .map(([name, value]) => `${`${name}:`.padEnd(16)}${String(value).padStart(8)} kB\n`)
    .join('');
}

/** Fills /proc. */
export function mountProc(volume: Volume, source: ProcSource): void {
  const { state, processes } = source;
  const folder = new VirtualFolder(volume, volume.root, {
    list: () => [...processes.keys()].map(String),
    lookup: (name) => processFolder(volume, processes.get(Number(name))),
  });
  folder.file('mounts', () =>
    allMounts(source)
      .map((one) => `${octal(one.device)} ${octal(one.path)} ${one.type} ${one.options} 0 0\n`)
      .join(''),
  );
  folder.file('swaps', () => swapsText(state));
  folder.file('modules', () => state.modules.map((name) => `${name} 16384 0 - Live 0x0000000000000000\n`).join(''));
  folder.file('meminfo', () => memoryText(source));
  folder.file('uptime', () => `${(source.uptimeMs / 1000).toFixed(2)} ${(source.uptimeMs / 1000).toFixed(2)}\n`);
  folder.file('loadavg', () => `0.08 0.03 0.01 1/${90 + processes.size} ${state.lastPid}\n`);
  folder.file('version', () => `Linux version ${source.kernelRelease} (lab) #1 SMP PREEMPT_DYNAMIC\n`);
  folder.file('cmdline', () => `BOOT_IMAGE=/boot/vmlinuz-${source.kernelRelease} root=${source.rootDevice} ro quiet\n`);
  folder.file('cpuinfo', () =>
    Array.from(
      { length: source.cpus },
      (_, index) => `processor\t: ${index}\nmodel name\t: Lab Virtual CPU\nflags\t\t: fpu sse sse2 lm\n\n`,
    ).join(''),
  );
  folder.file('filesystems', () => 'nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\n\text4\n\txfs\nnodev\tnfs\nnodev\tnfs4\n');
  folder.file(
    'stat',
    () =>
      `cpu  100 0 100 10000 0 0 0 0 0 0\nbtime ${Math.floor(state.bootedAtMs / 1000)}\nprocesses ${state.lastPid}\n`,
  );
  folder.file(
    'partitions',
    () =>
      `major minor  #blocks  name\n\n${source.disks.map((disk, index) => `   8 ${String(index * 16).padStart(8)} ${disk.sizeGib * 1_048_576} ${disk.name}\n`).join('')}`,
  );
  folder.link('self', () => '1');
  mountSysctl(folder, volume, source);
  folder
    .folder('net')
    .file('dev', () => `Inter-|   Receive\n${state.interfaces.map((one) => `${one.name}: 0 0\n`).join('')}`);
}

function processFolder(volume: Volume, process: Process | undefined): Inode | undefined {
  if (!process) return undefined;
  const inode = createInode(volume, 'directory', 0o555, process.credentials, 0);
  const folder = new VirtualFolder(volume, inode);
  folder.file('cmdline', () => process.argv.map((arg) => `${arg}\0`).join(''));
  folder.file('comm', () => `${process.name}\n`);
  folder.file(
    'status',
    () =>
      `Name:\t${process.name}\nState:\tS (sleeping)\nPid:\t${process.pid}\nPPid:\t${process.parentPid}\nUid:\t${`${process.credentials.uid}\t`.repeat(3)}${process.credentials.uid}\n`,
  );
  folder.file(
    'stat',
    () => `${process.pid} (${process.name}) S ${process.parentPid} ${process.session} ${process.session} 0\n`,
  );
  folder.link('cwd', () => process.cwd);
  return inode;
}

/** Modules that are part of the kernel itself: below /sys/module although /proc/modules does not list them. */
const BUILT_IN = ['kernel', 'tcp_cubic', 'printk', 'random'];

/** Fills /sys. */
export function mountSys(volume: Volume, source: ProcSource): void {
  const folder = new VirtualFolder(volume, volume.root);
  const { state } = source;
  const modules = new Map<string, VirtualFolder>();
  const moduleFolder = (name: string): Inode | undefined => {
    if (!state.modules.includes(name) && !BUILT_IN.includes(name)) return undefined;
    let known = modules.get(name);
    if (!known) modules.set(name, (known = new VirtualFolder(volume)));
    return known.inode;
  };
  folder.folder('module', undefined, { list: () => [...BUILT_IN, ...state.modules], lookup: moduleFolder });
  mountCards(folder.folder('class'), volume, state);
  const dmi = folder.folder('class').folder('dmi').folder('id');
  dmi.file('sys_vendor', () => 'VMStation\n');
  dmi.file('product_name', () => 'Lab machine\n');
  dmi.file('product_uuid', () => '00000000-0000-4000-8000-000000000000\n');
  const cpu = folder.folder('devices').folder('system').folder('cpu');
  cpu.file('online', () => `${source.cpus > 1 ? `0-${source.cpus - 1}` : '0'}\n`);
  for (const disk of source.disks)
    folder
      .folder('block')
      .folder(disk.name)
      .file('size', () => `${disk.sizeGib * 2_097_152}\n`);
  folder.folder('power').file('state', { read: () => 'freeze mem disk\n', write: () => undefined });
  folder.folder('power').file('mem_sleep', () => 's2idle [deep]\n');
  folder
    .folder('fs')
    .folder('cgroup')
    .file('cgroup.controllers', () => 'cpuset cpu io memory hugetlb pids rdma misc\n');
  if (source.hasSelinux) {
    folder
      .folder('fs')
      .folder('selinux')
      .file('enforce', {
        read: () => (state.selinux === 'Enforcing' ? '1' : '0'),
        write: (data) => {
          state.selinux = data.trim() === '1' ? 'Enforcing' : 'Permissive';
        },
      });
  }
}

/** A folder for every network card that there is at the moment. */
function mountCards(folder: VirtualFolder, volume: Volume, state: KernelState): void {
  const made = new Map<string, VirtualFolder>();
  const names = (): string[] => [...state.interfaces.map(({ name }) => name), 'lo'];
  const cardFolder = (name: string): Inode | undefined => {
    if (!names().includes(name)) return undefined;
    const known = made.get(name) ?? new VirtualFolder(volume);
    if (!made.has(name)) fillCard(known, name, state);
    made.set(name, known);
    return known.inode;
  };
  folder.folder('net', undefined, { list: names, lookup: cardFolder });
}

function fillCard(card: VirtualFolder, name: string, state: KernelState): void {
  const nic = () => state.interfaces.find((one) => one.name === name);
  card.file('address', () => `${nic()?.mac ?? '00:00:00:00:00:00'}\n`);
  card.file('operstate', () => `${name === 'lo' ? 'unknown' : nic()?.up === true ? 'up' : 'down'}\n`);
  card.file('mtu', () => `${nic()?.mtu ?? 65_536}\n`);
  card.file('carrier', () => `${nic()?.up === false ? 0 : 1}\n`);
  if (name !== 'lo') card.folder('device').file('vendor', () => '0x8086\n');
}

/** Character devices of /dev: name and behaviour. */
export const CHARACTER_DEVICES: Readonly<Record<string, string>> = {
  null: 'null',
  zero: 'zero',
  full: 'full',
  random: 'random',
  urandom: 'random',
  tty: 'null',
  console: 'null',
  kmsg: 'null',
};
