import type { ClusterNode } from '@vmstation/core';
import type { MachineFaults } from '../machine/machine-spec.ts';
import type { LabPower, PowerOrder } from './lab-protocol.ts';

/** What a script on a machine left. */
export interface ScriptResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine of the lab as the daemon handles it: its console, its power and its disk. */
export interface LabMachine {
  readonly node: ClusterNode;
  readonly sshPort: number;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
  power(): { readonly power: LabPower; readonly since: Date };
  order(order: PowerOrder): Promise<void>;
  /** Runs a script as root at the machine's console: without SSH, but only while the machine is on. */
  script(text: string): Promise<ScriptResult>;
  /** Owner and kind of a path on its disk; undefined when there is none. */
  look(
    path: string,
  ): { readonly kind: 'file' | 'directory' | 'other'; readonly uid: number; readonly gid: number } | undefined;
  setFaults(faults: MachineFaults): void;
  /** Keeps the state of the whole machine under a name of its own. */
  snapshot(): string;
  restore(snapshot: string): Promise<void>;
  discard(snapshot: string): void;
  /** Writes to its disk since it was made. */
  writes(): number;
  close(): Promise<void>;
}
