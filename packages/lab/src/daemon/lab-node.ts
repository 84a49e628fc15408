import { AppError, type ClusterNode } from '@vmstation/core';
import type { DiskStore, StoredMachine } from '../disk/disk-store.ts';
import { Machine, type MachineOptions, type PowerState } from '../machine/machine.ts';
import type { LabNetwork, MachineSpec } from '../machine/machine-spec.ts';
import { type LabSshServer, startSshServer } from '../ssh/ssh-server.ts';
import type { KeptState } from './kept-state.ts';
import type { LabNodeStatus, PowerOrder } from './lab-protocol.ts';

/** What a machine asks of its own power takes effect after its command has answered. */
const powerRequestDelayMs = 50;

/** What the daemon gives a machine of its lab. */
export interface LabNodeParts {
  readonly node: ClusterNode;
  readonly spec: MachineSpec;
  readonly store: DiskStore;
  readonly network: LabNetwork;
  readonly sshPort: number;
  readonly log: (line: string) => void;
  /** What cannot be written for want of room is written later. */
  readonly kept: KeptState;
}

/** A machine of the running lab: the machine, its SSH server on loopback and its place in the store. */
export class LabNode {
  machine: Machine;
  readonly #parts: LabNodeParts;
  #server: LabSshServer | undefined;
  #settling: Promise<void> = Promise.resolve();
  #since: Date;

  private constructor(parts: LabNodeParts, kept: StoredMachine | undefined) {
    this.#parts = parts;
    this.#since = typeof kept?.extra.since === 'string' ? new Date(kept.extra.since) : new Date();
    this.machine = this.#make(kept);
  }

  /** Opens a kept machine, or makes a bare one, and serves it. A change that was being tried when the lab died is undone. */
  static async open(parts: LabNodeParts): Promise<LabNode> {
    const { store, node } = parts;
    const tried = store.load(snapshotName(node.name));
    const kept = tried ?? store.load(node.name);
    const opened = new LabNode(parts, kept);
    if (tried !== undefined) {
      parts.log(`${node.name}: a change was being tried; it is undone`);
      store.remove(node.name);
      store.remove(snapshotName(node.name));
    }
    await opened.#begin(kept?.state !== undefined);
    return opened;
  }

  get name(): string {
    return this.#parts.node.name;
  }

  get node(): ClusterNode {
    return this.#parts.node;
  }

  get hostKey(): string {
    return this.#server?.hostKey ?? '';
  }

  get isUp(): boolean {
    const { power, faults } = this.machine;
    return power === 'on' && faults.unreachable !== true && faults.silent !== true;
  }

  status(): LabNodeStatus {
    const { address, name } = this.#parts.node;
    const { isRebooting } = this.machine;
    // Nobody switched off a machine that reboots, whatever it answers meanwhile.
    const power = isRebooting ? 'on' : this.machine.power;
    return {
      name,
      address,
      sshAddress: '127.0.0.1',
      sshPort: this.#parts.sshPort,
      power,
      since: this.#since.toISOString(),
    };
  }

  async order(order: PowerOrder): Promise<void> {
    if (order === 'suspend') this.machine.suspend();
    else if (order === 'poweroff') this.machine.powerOff();
    else await this.machine.wake();
    this.save();
  }

  /** Resolves when the machine's listener is as its faults want it. */
  get faultsSettled(): Promise<void> {
    return this.#settling;
  }

  /** Makes what happened on the machine durable, as soon as there is room for it. */
  save(): void {
    this.#parts.kept.write(this.name, () => this.#write());
  }

  #write(): void {
    const { volume, memory, power, isRebooting } = this.machine;
    const extra = { power: isRebooting ? 'on' : power, since: this.#since.toISOString() };
    this.#parts.store.save(this.name, { volume, state: power === 'off' ? null : memory, extra });
  }

  /** Keeps the whole machine, so that it can be put back even after the death of the lab. Throws lab/no-room. */
  snapshot(): void {
    this.#write();
    const kept = this.#parts.store.load(this.name);
    if (kept === undefined) throw this.#noSnapshot();
    this.#parts.store.remove(snapshotName(this.name));
    const { volume, state, extra } = kept;
    this.#parts.store.save(snapshotName(this.name), { volume, state: state ?? null, extra });
  }

  /** The change that followed the snapshot stays. */
  discardSnapshot(): void {
    this.#parts.store.remove(snapshotName(this.name));
  }

  /** Puts the machine back as it was at its snapshot; connections to it are lost. Throws lab/no-snapshot. */
  async restore(): Promise<void> {
    const { store } = this.#parts;
    const kept = store.load(snapshotName(this.name));
    if (kept === undefined) throw this.#noSnapshot();
    await this.#server?.close();
    for (const process of this.machine.processes.values()) process.kill(9);
    store.remove(this.name);
    store.remove(snapshotName(this.name));
    this.machine = this.#make(kept);
    await this.#begin(kept.state !== undefined);
  }

  async close(): Promise<void> {
    this.save();
    await this.#server?.close();
  }

  #make(kept: StoredMachine | undefined): Machine {
    const { spec, network } = this.#parts;
    const options: MachineOptions = {
      network,
      ...(kept === undefined ? {} : { volume: kept.volume, power: powerOf(kept.extra.power) }),
      ...(kept?.state === undefined ? {} : { state: kept.state }),
    };
    const machine = new Machine(spec, options);
    machine.onPowerRequest = (verb) => setTimeout(() => void this.#obey(verb), powerRequestDelayMs);
    machine.onPowerChange = (state) => this.#powerChanged(state);
    machine.onFaultsChange = () => {
      this.#settling = this.#settleFaults();
    };
    return machine;
  }

  async #begin(kept: boolean): Promise<void> {
    await this.machine.begin(kept);
    this.#server = await startSshServer(this.machine, { port: this.#parts.sshPort, afterCommand: () => this.save() });
    this.save();
  }

  async #settleFaults(): Promise<void> {
    const before = this.#settling;
    await before;
    try {
      await this.#server?.faultsChanged();
    } catch (error) {
      this.#parts.log(`${this.name} cannot listen again: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.save();
  }

  async #obey(verb: 'suspend' | 'poweroff' | 'reboot'): Promise<void> {
    if (verb === 'suspend') this.machine.suspend();
    else if (verb === 'poweroff') this.machine.powerOff();
    else await this.machine.reboot();
    this.save();
  }

  #powerChanged(state: PowerState): void {
    this.#since = new Date();
    this.#server?.powerChanged(state);
    this.#parts.log(`${this.name} is ${state}`);
  }

  #noSnapshot(): AppError {
    return new AppError({
      code: 'lab/no-snapshot',
      kind: 'user',
      message: `The lab holds no snapshot of ${this.name}.`,
      tryThis: 'Take one before the change that may have to be undone.',
    });
  }
}

function snapshotName(node: string): string {
  return `${node}@tried`;
}

function powerOf(kept: unknown): PowerState {
  return kept === 'suspended' || kept === 'off' ? kept : 'on';
}
