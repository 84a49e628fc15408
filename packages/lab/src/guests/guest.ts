import type { LabPower } from '../daemon/lab-protocol.ts';
import { type GuestParts, type GuestProcess, spawnGuest } from './guest-process.ts';

/** A guest and its power. */
export class Guest {
  power: LabPower = 'off';
  readonly #parts: GuestParts;
  readonly #log: (line: string) => void;
  #process: GuestProcess | undefined;
  #isStarting = false;

  constructor(parts: GuestParts, log: (line: string) => void) {
    this.#parts = parts;
    this.#log = log;
  }

  get mac(): string {
    return this.#parts.names.mac(this.#parts.machine);
  }

  /** Switches it on, with the disks as they are. */
  async start(): Promise<void> {
    const started = await spawnGuest(this.#parts, (event) => this.#happened(event));
    this.#process = started;
    this.#become('on');
    void this.#untilEnded(started);
  }

  /** What a magic packet does: it resumes or boots; nothing when it is on. */
  async wake(): Promise<void> {
    if (this.power === 'suspended') await this.#process?.qmp.execute('system_wakeup');
    if (this.power !== 'off' || this.#isStarting) return;
    this.#isStarting = true;
    try {
      await this.start();
    } finally {
      this.#isStarting = false;
    }
  }

  /** Keeps memory and disks as they are now under a name, in the disks. */
  async keep(name: string): Promise<void> {
    await this.#process?.qmp.monitor(`savevm ${name}`);
  }

  /** Pulls the plug. */
  async stop(): Promise<void> {
    const stopped = this.#process;
    this.#process = undefined;
    await stopped?.stop();
    this.#become('off');
  }

  async #untilEnded(started: GuestProcess): Promise<void> {
    await started.ended;
    if (this.#process === started) this.#become('off');
  }

  /** QEMU QMP reference, "System emulation events". */
  #happened(event: string): void {
    if (event === 'SUSPEND') this.#become('suspended');
    if (event === 'WAKEUP' || event === 'RESET') this.#become('on');
  }

  #become(power: LabPower): void {
    if (this.power === power) return;
    this.power = power;
    this.#log(`${this.#parts.machine.name} is ${power}`);
  }
}
