import { AppError, type PowerStates, type Transport, type TryMode } from '@vmstation/core';
import { proveWayIn } from '@vmstation/remote';
import type { LabRandom } from '../clock/randomness.ts';
import type { VirtualClock } from '../clock/virtual-clock.ts';
import { type DiskStore, openDiskStore } from '../disk/disk-store.ts';
import { Machine, type MachineOptions, type PowerState } from '../machine/machine.ts';
import type { LabNetwork, MachineSpec } from '../machine/machine-spec.ts';

/** What a machine asks of its own power takes effect after its command has answered. */
const powerRequestDelayMs = 50;

/** What {@link InProcessMachines} are made with. */
export interface InProcessMachineParts {
  readonly clock: VirtualClock;
  readonly randomOf: (node: string) => LabRandom;
  /** Told when a machine was made anew. */
  readonly onReplaced: (node: string) => void;
}

interface Placed {
  readonly spec: MachineSpec;
  machine: Machine;
  sinceMs: number;
}

/** The machines of a lab in this process, under its virtual clock: no port, no file. */
export class InProcessMachines {
  readonly #parts: InProcessMachineParts;
  readonly #placed = new Map<string, Placed>();
  readonly #listeners = new Set<(node: string) => void>();
  #snapshots: DiskStore | undefined;

  constructor(parts: InProcessMachineParts) {
    this.#parts = parts;
  }

  /** Makes a bare machine and boots it. */
  async add(spec: MachineSpec): Promise<void> {
    const placed = { spec, machine: this.#make(spec, {}), sinceMs: this.#parts.clock.now() };
    this.#placed.set(spec.name, placed);
    await placed.machine.begin(false);
    // What a store would have to write; this lab keeps nothing, and a snapshot is always whole.
    placed.machine.volume.changed.clear();
  }

  get names(): readonly string[] {
    return [...this.#placed.keys()];
  }

  find(node: string): Machine | undefined {
    return this.#placed.get(node)?.machine;
  }

  /** A machine by name. Throws lab/unknown-node. */
  get(node: string): Machine {
    const found = this.find(node);
    if (found !== undefined) return found;
    throw new AppError({
      code: 'lab/unknown-node',
      kind: 'user',
      message: `The lab has no machine ${node}; it has ${this.names.join(', ')}.`,
      tryThis: 'Look at the nodes of the cluster file that the lab was started with.',
    });
  }

  /** False while it sleeps, is off or is cut from the network. */
  isUp(node: string): boolean {
    const machine = this.find(node);
    return machine?.power === 'on' && machine.faults.unreachable !== true && machine.faults.silent !== true;
  }

  /** Gives a machine an order as its power button or a magic packet does. Throws lab/unknown-node. */
  async order(node: string, order: 'sleep' | 'wake' | 'poweroff' | 'reboot'): Promise<void> {
    const machine = this.get(node);
    if (order === 'sleep') machine.suspend();
    else if (order === 'poweroff') machine.powerOff();
    else if (order === 'wake') await machine.wake();
    else await machine.reboot(30_000);
  }

  /** What the lab knows of power. */
  readonly power: PowerStates = {
    read: async (node) => {
      const placed = this.#placed.get(node);
      if (placed === undefined) return { state: 'unknown', evidence: 'no such machine', since: undefined };
      const since = new Date(placed.sinceMs);
      const { power, isRebooting } = placed.machine;
      if (power === 'on' || isRebooting) return { state: 'awake', evidence: 'lab: on', since };
      return { state: 'asleep', evidence: `lab: ${power} since ${since.toISOString()}`, since };
    },
  };

  /** Keeps the whole machine before a change and puts it back unless a new login proves the way in. */
  tryMode(transport: Transport): TryMode {
    return {
      attempt: async ({ node, area }, change) => {
        this.#snapshot(node);
        try {
          const report = await change();
          await proveWayIn(transport, node, area);
          return report;
        } catch (thrown) {
          await this.#restore(node);
          throw thrown;
        }
      },
    };
  }

  /** Tells of every machine that may have come or gone: its power or its faults changed. */
  listen(listener: (node: string) => void): void {
    this.#listeners.add(listener);
  }

  #changed(node: string): void {
    for (const listener of this.#listeners) listener(node);
  }

  close(): void {
    for (const { machine } of this.#placed.values()) for (const process of machine.processes.values()) process.kill(9);
    this.#snapshots?.close();
  }

  #snapshot(node: string): void {
    const { volume, state } = this.get(node);
    this.#snapshots ??= openDiskStore(':memory:');
    this.#snapshots.remove(node);
    this.#snapshots.save(node, { volume, state });
  }

  async #restore(node: string): Promise<void> {
    const placed = this.#placed.get(node);
    const kept = this.#snapshots?.load(node);
    if (placed === undefined || kept === undefined) return;
    for (const process of placed.machine.processes.values()) process.kill(9);
    const { volume, state } = kept;
    placed.machine = this.#make(placed.spec, { volume, ...(state === undefined ? {} : { state }) });
    await placed.machine.begin(state !== undefined);
    this.#parts.onReplaced(node);
    this.#changed(node);
  }

  #make(spec: MachineSpec, kept: MachineOptions): Machine {
    const { clock, randomOf } = this.#parts;
    const network: LabNetwork = { find: (word) => this.#peer(word) };
    const machine = new Machine(spec, { ...kept, clock: clock.machines, random: randomOf(spec.name), network });
    machine.onPowerRequest = (verb) => void this.#obey(spec.name, verb);
    machine.onPowerChange = (state) => this.#powerChanged(spec.name, state);
    machine.onFaultsChange = () => this.#changed(spec.name);
    return machine;
  }

  #peer(word: string): Machine | undefined {
    for (const { spec, machine } of this.#placed.values())
      if ((spec.name === word || spec.nics.some((nic) => nic.ip === word)) && this.isUp(spec.name)) return machine;
    return undefined;
  }

  async #obey(node: string, verb: 'suspend' | 'poweroff' | 'reboot'): Promise<void> {
    await this.#parts.clock.machines.sleep(powerRequestDelayMs);
    await this.order(node, verb === 'suspend' ? 'sleep' : verb);
  }

  #powerChanged(node: string, _state: PowerState): void {
    const placed = this.#placed.get(node);
    if (placed !== undefined) placed.sinceMs = this.#parts.clock.now();
    this.#changed(node);
  }
}
