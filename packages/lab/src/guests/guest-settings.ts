import { existsSync, readFileSync } from 'node:fs';
import type { HostsMachine } from '../hosts/settings.ts';

/** A computer of its own for a machine of the lab: QEMU, with a kernel, disks and a clock that are its own. */
export interface GuestsSettings {
  /** Images and disks of all labs of this computer. */
  readonly directory: string;
  readonly machines: readonly HostsMachine[];
  /** Sizes in MiB of the empty disks that each guest has besides the system's: /dev/vdb, /dev/vdc and so on. */
  readonly emptyDisks: readonly number[];
}

/** `kvm` runs a guest on the processor itself; `tcg` translates its instructions, and takes ten times as long or more. */
export type Acceleration = 'kvm' | 'tcg';

/** Forces one: a computer may have /dev/kvm and a KVM that runs only kernels made for it. */
export const accelerationVariable = 'VMSTATION_GUESTS_ACCELERATION';

/**
 * What this computer can do. /dev/kvm alone says nothing: para-virtualised KVM has it too and runs no Debian kernel. With hardware for it, the
 * processor says `vmx` or `svm` (proc(5), cpuinfo).
 */
export function accelerationHere(): Acceleration {
  const forced = process.env[accelerationVariable];
  if (forced === 'kvm' || forced === 'tcg') return forced;
  const flags = readFileSync('/proc/cpuinfo', 'utf8');
  return existsSync('/dev/kvm') && /^flags\s*:.*\b(?:vmx|svm)\b/m.test(flags) ? 'kvm' : 'tcg';
}

/** Seconds until a guest answers SSH at the latest: translated, on a computer that does much else, a start takes minutes. */
export const bootSeconds: Readonly<Record<Acceleration, number>> = { kvm: 120, tcg: 600 };
