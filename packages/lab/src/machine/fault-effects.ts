import { ROOT } from '../disk/inode.ts';
import { ExecError, run } from '../shell/execute.ts';
import type { Process } from '../shell/process.ts';
import type { Machine } from './machine.ts';
import type { MachineFaults, StepFault } from './machine-spec.ts';

/** Kinds of fault that end by themselves. */
export type SpentFault = 'cut' | 'reboot' | 'package-lock';

interface CountedFault {
  readonly fault: StepFault;
  stepsLeft: number;
  timesLeft: number;
}

/** Where programs find scratch space and the kernel's own state: a liar lets them work there, or it would be found out at once. */
const scratch = /^\/(tmp|var\/tmp|run|dev)\//;

/** What the faults of a machine do beyond being looked at: they count steps, kill units, hold a lock. */
export class FaultEffects {
  readonly #machine: Machine;
  #counted: CountedFault[] = [];
  #bytes: { readonly fault: NonNullable<MachineFaults['cutAfterBytes']>; timesLeft: number } | undefined;
  #holder: { readonly fault: MachineFaults['packageLock']; readonly process: Process } | undefined;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Takes up the machine's faults as they are now. What goes on as the same object goes on counting. */
  changed(): void {
    const { faults } = this.#machine;
    const known = new Map(this.#counted.map((counted) => [counted.fault, counted]));
    this.#counted = (faults.atSteps ?? []).map(
      (fault) => known.get(fault) ?? { fault, stepsLeft: fault.afterSteps, timesLeft: fault.times },
    );
    const { cutAfterBytes } = faults;
    if (cutAfterBytes === undefined) this.#bytes = undefined;
    else if (this.#bytes?.fault !== cutAfterBytes)
      this.#bytes = { fault: cutAfterBytes, timesLeft: cutAfterBytes.times };
    this.#holdLock();
    this.#machine.systemd.faultsChanged();
    for (const counted of this.#counted)
      if (counted.fault.afterSteps === 0 && !known.has(counted.fault)) this.#fire(counted);
  }

  /** Milliseconds that jumps of the clock have added. */
  get jumpedMs(): number {
    return this.#counted.reduce(
      (sum, { fault, timesLeft }) =>
        fault.what === 'clock-jump' && timesLeft <= 0 ? sum + (fault.seconds ?? 0) * 1000 : sum,
      0,
    );
  }

  /** A program changed something. */
  stepTaken(): void {
    for (const counted of this.#counted) {
      if (counted.timesLeft <= 0) continue;
      counted.stepsLeft -= 1;
      if (counted.stepsLeft <= 0) this.#fire(counted);
    }
  }

  /** Whether a connection that has carried so many bytes dies now. */
  cutsAfter(bytes: number): boolean {
    if (this.#bytes === undefined || this.#bytes.timesLeft <= 0 || bytes < this.#bytes.fault.bytes) return false;
    this.#bytes.timesLeft -= 1;
    if (this.#bytes.timesLeft <= 0) this.#spent('cut');
    return true;
  }

  /** The process that holds the package manager's lock. */
  get lockHolder(): Process | undefined {
    const held = this.#holder?.process;
    return held !== undefined && this.#machine.processes.has(held.pid) ? held : undefined;
  }

  /** Whether a liar only pretends to write there. */
  pretendsToWrite(path: string): boolean {
    return this.#machine.faults.liar === true && !scratch.test(path);
  }

  #fire(counted: CountedFault): void {
    const { fault } = counted;
    counted.timesLeft -= 1;
    counted.stepsLeft = fault.afterSteps;
    if (fault.what !== 'clock-jump' && counted.timesLeft <= 0) this.#spent(fault.what);
    if (fault.what === 'cut') this.#machine.onConnectionsCut?.();
    if (fault.what === 'reboot') void this.#machine.reboot(fault.downMs);
  }

  #spent(what: SpentFault): void {
    setImmediate(() => this.#machine.onFaultSpent?.(what));
  }

  async #lockEnds(process: Process, exit: Promise<number>): Promise<void> {
    await exit;
    if (this.#holder?.process === process) this.#spent('package-lock');
  }

  #holdLock(): void {
    const wanted = this.#machine.faults.packageLock;
    if (this.#holder?.fault === wanted) return;
    this.#holder?.process.kill(9);
    this.#holder = undefined;
    if (wanted === undefined || this.#machine.power !== 'on') return;
    const name = this.#machine.face.family === 'debian' ? '/usr/bin/unattended-upgrade' : '/usr/bin/dnf';
    try {
      const argv = [name, String(wanted.seconds ?? 1_000_000_000)];
      const origin = { argv, environment: new Map(), cwd: '/', credentials: ROOT, umask: 0o022, files: new Map() };
      const { process, exit } = run({ kernel: this.#machine, ...origin }, argv, { file: '/bin/sleep' });
      this.#holder = { fault: wanted, process };
      void this.#lockEnds(process, exit);
    } catch (error) {
      if (!(error instanceof ExecError)) throw error;
      this.#machine.journal.add('', 'lab', 1, `no lock is held: ${error.message}`);
    }
  }
}
