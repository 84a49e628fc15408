import { existsSync, readFileSync } from 'node:fs';
import { writeWhole } from '../disk/write-whole.ts';
import type { LabFault } from './fault-kinds.ts';
import { faultKindOf, withDefaults } from './fault-values.ts';

/** Where the faults of a lab outlive its process: beside the machines' disks, so that bare machines have none. */
export class FaultFile {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** The kept faults; none where there is no file. Throws lab/unknown-fault and lab/bad-fault-value for a file of another version. */
  read(): readonly LabFault[] {
    if (!existsSync(this.#file)) return [];
    const kept = JSON.parse(readFileSync(this.#file, 'utf8')) as readonly LabFault[];
    return kept.map((fault) => ({ ...fault, values: withDefaults(faultKindOf(fault.on, fault.kind), fault.values) }));
  }

  write(faults: readonly LabFault[]): void {
    writeWhole(this.#file, `${JSON.stringify(faults, undefined, 2)}\n`);
  }
}
