import type { PowerStates, ProcessRunner, Secret, Transport, TryMode } from '@vmstation/core';
import type { Dialling } from './endpoint-probe.ts';

/** What differs between real machines and a rehearsal. Everything else of a session is the same. */
export interface Surroundings {
  readonly processes: ProcessRunner;
  readonly dialling: Dialling;
  readonly power: PowerStates;
  /** Whether a node that the cluster file calls local is this computer. In a rehearsal none is. */
  readonly localNodes: boolean;
  /** What sudo asks for, where that is not what the workspace's own secrets say. */
  readonly sudoPassword?: Secret;
  /** Runs guarded changes so that they revert by themselves; undefined where there is none. */
  readonly tryMode: ((transport: Transport) => TryMode) | undefined;
}
