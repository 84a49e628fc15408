import { type LabRandom, systemRandom } from '../clock/randomness.ts';
import { FileTree } from '../disk/file-tree.ts';
import { createVolume, type Inode, ROOT, type Volume } from '../disk/inode.ts';
import type { Kernel, Process, Program } from '../shell/process.ts';
import { bootMachine, resumeMachine } from './boot.ts';
import { readExports } from './commands/nfs.ts';
import { type FaceDefinition, faceOf } from './face.ts';
import { FaultEffects, type SpentFault } from './fault-effects.ts';
import { installImage } from './image.ts';
import { Journal } from './journal.ts';
import { freshKernelState, type InterfaceState, type KernelState } from './kernel-state.ts';
import {
  type LabClock,
  type LabNetwork,
  type MachineFaults,
  type MachineSpec,
  type NetworkPeer,
  realClock,
} from './machine-spec.ts';
import { DpkgDatabase, type PackageDatabase, RpmDatabase } from './package-database.ts';
import { CHARACTER_DEVICES, mountProc, mountSys } from './proc-files.ts';
import { programFor } from './programs.ts';
import { RootFiles } from './root-files.ts';
import { restoreRunEntries, runEntries } from './run-folder.ts';
import { SysctlTable } from './sysctl.ts';
import { Systemd, type SystemdHost } from './systemd.ts';

/** Whether a machine runs. A suspended one keeps its memory and does nothing; one that is off has none. */
export type PowerState = 'on' | 'suspended' | 'off';

/** What a machine is made from: a fresh installation, or a disk and memory that were kept. */
export interface MachineOptions {
  clock?: LabClock;
  /** Where ids of the installation and of each boot come from; the computer's own unless given. */
  random?: LabRandom;
  network?: LabNetwork;
  /** A kept disk: its volume, with the root directory filled. */
  volume?: Volume;
  /** Kept memory; absent: the machine boots. */
  state?: KernelState;
  power?: PowerState;
}

/** One simulated machine: a disk, a kernel's state, processes and a service manager, all of one truth. */
export class Machine implements SystemdHost, NetworkPeer {
  readonly spec: MachineSpec;
  readonly face: FaceDefinition;
  readonly volume: Volume;
  readonly processes = new Map<number, Process>();
  readonly journal: Journal;
  readonly faults: MachineFaults = {};
  /** Executables started since the lab's process made this object. */
  readonly counters = { executed: 0 };
  readonly clock: LabClock;
  readonly random: LabRandom;
  network: LabNetwork | undefined;
  /** Called when the machine itself asks for its power to change: `systemctl suspend`, `poweroff`, `reboot`. */
  onPowerRequest: ((verb: 'suspend' | 'poweroff' | 'reboot') => void) | undefined;
  /** Called when the power state has changed. */
  onPowerChange: ((state: PowerState) => void) | undefined;
  /** Called when {@link setFaults} has changed the faults. */
  onFaultsChange: (() => void) | undefined;
  /** Called when a fault has ended by itself, as often as it was to happen. */
  onFaultSpent: ((what: SpentFault) => void) | undefined;
  /** Called when a fault cuts every connection to the machine. */
  onConnectionsCut: (() => void) | undefined;
  tree: FileTree;
  files: RootFiles;
  packages: PackageDatabase;
  state: KernelState;
  sysctl: SysctlTable;
  systemd: Systemd;
  #power: PowerState;
  #thaw: (() => void) | undefined;
  #frozen: Promise<void> | undefined;
  #rebooting = false;
  readonly #effects = new FaultEffects(this);
  readonly #programs = new Map<string, Program>();

  constructor(spec: MachineSpec, options: MachineOptions = {}) {
    this.spec = spec;
    this.face = faceOf(spec);
    this.clock = options.clock ?? realClock;
    this.random = options.random ?? systemRandom;
    this.network = options.network;
    this.journal = new Journal(() => this.now());
    this.#power = options.power ?? 'on';
    this.state = options.state ?? this.#freshState();
    const capacityBytes = (spec.rootDiskGib ?? 40) * 2 ** 30;
    this.volume =
      options.volume ??
      createVolume(
        { id: 'root', kind: 'disk', typeName: this.face.rootType, device: this.rootDevice, capacityBytes },
        this.now(),
      );
    this.tree = this.#makeTree();
    this.files = new RootFiles(this.tree);
    this.packages = this.face.family === 'debian' ? new DpkgDatabase(this.files) : new RpmDatabase(this.files);
    this.sysctl = new SysctlTable(this.state);
    this.systemd = new Systemd(this);
    if (!options.volume) installImage(this);
    this.#mountKernelFiles();
    restoreRunEntries(this, options.state?.run ?? []);
    if (this.#power === 'suspended') this.#freeze();
  }

  /** Starts what runs on the machine: a boot, or after a change of the lab's process the continuation of kept memory. */
  async begin(kept: boolean): Promise<void> {
    if (this.#power === 'off') return;
    if (kept) resumeMachine(this);
    else await bootMachine(this);
  }

  /** All that the machine forgets at reboot, as plain data; for {@link MachineOptions.state}. */
  get memory(): KernelState {
    return { ...this.state, run: runEntries(this) };
  }

  get name(): string {
    return this.spec.name;
  }

  get rootDevice(): string {
    return '/dev/sda2';
  }

  get rootType(): string {
    return this.face.rootType;
  }

  get shellDialect(): 'dash' | 'bash' {
    return this.face.shellDialect;
  }

  get kernelRelease(): string {
    return this.face.kernelRelease;
  }

  get kernelVersion(): string {
    return this.face.kernelVersion;
  }

  get hasSelinux(): boolean {
    return this.face.selinux !== 'Disabled';
  }

  get cpus(): number {
    return this.spec.cpus ?? 4;
  }

  get memoryMib(): number {
    return this.spec.memoryMib ?? 8192;
  }

  /** Disks of the machine, the system's first. */
  get disks(): { name: string; sizeGib: number }[] {
    return [{ name: 'sda', sizeGib: this.spec.rootDiskGib ?? 40 }, ...(this.spec.disks ?? [])];
  }

  /** Mutations of the disk since the installation, kept with it. */
  get writes(): number {
    return this.volume.writes;
  }

  #freshState(): KernelState {
    const interfaces: InterfaceState[] = this.spec.nics.map((nic) => ({
      name: nic.name,
      mac: nic.mac.toLowerCase(),
      up: true,
      addresses: [{ ip: nic.ip, prefixLength: nic.prefixLength ?? 24 }],
      mtu: 1500,
      wakeOnLan: 'd',
    }));
    return freshKernelState(
      this.spec.name,
      this.clock.now() + (this.spec.clockOffsetMs ?? 0),
      faceOf(this.spec).selinux,
      interfaces,
      this.random,
    );
  }

  #makeTree(): FileTree {
    const { faults } = this;
    return new FileTree(
      this.volume,
      () => this.now(),
      () => {
        const mounted = this.state.mounts.filter(({ options }) => options.split(',')[0] === 'ro');
        const readOnly = [...(faults.readOnly ?? []), ...mounted.map(({ path }) => path)];
        const full = faults.diskFull ?? [];
        return full.length + readOnly.length === 0 ? undefined : { full, readOnly };
      },
    );
  }

  #mountKernelFiles(): void {
    const mount = (id: string, path: string, kind: Volume['kind'], typeName: string): Volume => {
      const volume = createVolume({ id, kind, typeName, device: typeName, capacityBytes: 2 ** 30 }, this.now());
      this.tree.attach(path, volume.root, ROOT);
      return volume;
    };
    mountProc(mount('proc', '/proc', 'virtual', 'proc'), this);
    mountSys(mount('sysfs', '/sys', 'virtual', 'sysfs'), this);
    mount('run', '/run', 'tmpfs', 'tmpfs');
    mount('dev', '/dev', 'tmpfs', 'devtmpfs');
    for (const [name, device] of Object.entries(CHARACTER_DEVICES))
      this.tree.create(`/dev/${name}`, ROOT, 'device', 0o666).device = device;
    for (const name of [...this.disks.map((disk) => disk.name), 'sda1', 'sda2', 'sda3'])
      this.tree.create(`/dev/${name}`, ROOT, 'device', 0o660).device = `disk:${name}`;
    this.files.folder('/dev/shm', { mode: 0o1777 });
    this.files.folder('/dev/pts');
    for (const path of ['/run/systemd/system', '/run/systemd/transient', '/run/lock', '/run/sshd', '/run/user'])
      this.files.folder(path);
  }

  now(): number {
    const wrongMs = (this.faults.clockSkewMs ?? 0) + this.#effects.jumpedMs;
    return this.clock.now() + (this.spec.clockOffsetMs ?? 0) + (this.state?.clockShiftMs ?? 0) + wrongMs;
  }

  /** Since boot, by a clock that nobody can set. */
  get uptimeMs(): number {
    return this.clock.now() + (this.spec.clockOffsetMs ?? 0) - this.state.bootedAtMs;
  }

  sleep(milliseconds: number): Promise<void> {
    return this.clock.sleep(milliseconds);
  }

  nextPid(): number {
    this.state.lastPid += 1;
    return this.state.lastPid;
  }

  program(name: string): Program | undefined {
    let program = this.#programs.get(name);
    if (!program) {
      program = programFor(name, this);
      if (program) this.#programs.set(name, program);
    }
    return program;
  }

  /** Switches the faults, and those that are not named off. */
  setFaults(faults: MachineFaults): void {
    const target = this.faults as Record<string, unknown>;
    for (const name of Object.keys(target)) delete target[name];
    Object.assign(target, faults);
    this.#effects.changed();
    this.onFaultsChange?.();
  }

  /** A program has changed something: what faults count. */
  stepTaken(): void {
    this.#effects.stepTaken();
  }

  /** Whether a fault cuts a connection that has carried so many bytes. */
  cutsAfter(bytes: number): boolean {
    return this.#effects.cutsAfter(bytes);
  }

  /** The process that holds the package manager's lock on request. */
  get packageLockHolder(): Process | undefined {
    return this.#effects.lockHolder;
  }

  pretendsToWrite(path: string): boolean {
    return this.#effects.pretendsToWrite(path);
  }

  executed(_process: Process): void {
    this.counters.executed += 1;
  }

  get frozen(): Promise<void> | undefined {
    return this.#frozen;
  }

  get power(): PowerState {
    return this.#power;
  }

  #freeze(): void {
    this.#frozen ??= new Promise((resolve) => {
      this.#thaw = resolve;
    });
  }

  /** Suspends to memory: every process stops where it is. Nothing happens unless the machine is on and tells the truth. */
  suspend(): void {
    if (this.#power !== 'on' || this.faults.lyingSuspend === true) return;
    this.#power = 'suspended';
    this.#freeze();
    this.onPowerChange?.('suspended');
  }

  /** Wakes a suspended machine where it stopped, or boots one that is off. */
  async wake(): Promise<void> {
    const was = this.#power;
    if (was === 'on') return;
    this.#power = 'on';
    this.#frozen = undefined;
    this.#thaw?.();
    if (was === 'off') await this.#boot();
    this.onPowerChange?.('on');
  }

  async #boot(): Promise<void> {
    this.state = this.#freshState();
    this.tree = this.#makeTree();
    this.files = new RootFiles(this.tree);
    this.packages = this.face.family === 'debian' ? new DpkgDatabase(this.files) : new RpmDatabase(this.files);
    this.sysctl = new SysctlTable(this.state);
    this.systemd = new Systemd(this);
    this.#mountKernelFiles();
    await bootMachine(this);
  }

  /** Takes the power away: processes are gone, memory is lost, the disk stays. */
  powerOff(): void {
    if (this.#power === 'off') return;
    this.#power = 'off';
    this.#frozen = undefined;
    this.#thaw?.();
    for (const process of this.processes.values()) process.kill(9);
    this.onPowerChange?.('off');
  }

  /** True between the two halves of a reboot: nobody has switched the machine off. */
  get isRebooting(): boolean {
    return this.#rebooting;
  }

  /** Off and on again, after so many milliseconds. */
  async reboot(downMs = 0): Promise<void> {
    this.#rebooting = true;
    this.powerOff();
    if (downMs > 0) await this.sleep(downMs);
    this.#rebooting = false;
    await this.wake();
  }

  exportedDirectory(path: string, client: string): Inode | undefined {
    if (this.#power !== 'on' || !this.systemd.isActive('nfs-server.service')) return undefined;
    const allowed = readExports(this.files).some(
      (line) => line.path === path && line.clients.some((one) => clientMatches(one, client)),
    );
    const inode = allowed ? this.files.find(path) : undefined;
    return inode?.kind === 'directory' ? inode : undefined;
  }

  listens(port: number): boolean {
    if (this.#power !== 'on') return false;
    if (port === 22) return this.systemd.isActive(this.face.sshUnit);
    return port === 2049 && this.systemd.isActive('nfs-server.service');
  }
}

function clientMatches(pattern: string, client: string): boolean {
  if (pattern === '*' || pattern === client) return true;
  const [network = '', length] = pattern.split('/');
  if (length === undefined) return false;
  const number = (ip: string): number => ip.split('.').reduce((value, part) => value * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(length));
  return Math.floor(number(network) / size) === Math.floor(number(client) / size);
}

/** The kernel interface of a machine, for functions that need no more. */
export type MachineKernel = Kernel;
