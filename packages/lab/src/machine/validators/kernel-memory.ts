import type { Process } from '../../shell/process.ts';
import type { KernelState } from '../kernel-state.ts';

/** The memory of the machine that a process runs on. Throws when it runs on a kernel that has none, which is a bug of the lab. */
export function kernelMemory(process: Process): KernelState {
  const { kernel } = process;
  if (!('state' in kernel)) throw new Error('lab: this kernel keeps no state');
  return kernel.state as KernelState;
}
