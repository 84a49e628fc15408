import type { Process } from '../../shell/process.ts';
import type { Machine } from '../machine.ts';

/** A program that looks at or changes its machine beyond files. */
export type MachineProgram = (process: Process, machine: Machine) => number | Promise<number>;

/** Complains unless the caller is root; undefined: it is. */
export async function unlessRoot(process: Process, message: string, status = 1): Promise<number | undefined> {
  if (process.credentials.uid === 0) return undefined;
  await process.err(`${message}\n`);
  return status;
}
