import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostPort, RemoteCommand, Transport } from '@vmstation/core';
import { localTransport } from '@vmstation/remote';
import { createHost, type HostOptions } from '../host.ts';

/** A folder of this computer that stands in for a machine: real shell, real programs, real files, nothing of the system. */
export interface ScratchMachine {
  readonly folder: string;
  readonly host: HostPort;
  readonly transport: Transport;
  /** Scripts that were sent, newest last. */
  readonly sent: string[];
  remove(): void;
}

/** What may be different about a scratch machine. */
export interface ScratchOptions extends Partial<HostOptions> {
  /** The shell that reads the scripts; `sh` when left out. */
  readonly shell?: readonly string[];
  /** Changes a script on its way. */
  readonly onSend?: (script: string) => string;
}

/** Makes a scratch machine. Nothing is elevated, so it works for any user. */
export function scratchMachine(options: ScratchOptions = {}): ScratchMachine {
  const { shell = ['sh'], onSend = (script) => script, ...rest } = options;
  const folder = mkdtempSync(join(tmpdir(), 'vmstation-host-'));
  const sent: string[] = [];
  const local = localTransport();
  const transport: Transport = {
    ...local,
    run(node, command: RemoteCommand) {
      const script = onSend(String(command.stdin));
      sent.push(script);
      const argv = command.argv.flatMap((word) => (word === 'sh' ? shell : [word]));
      return local.run(node, { ...command, argv, stdin: script, elevate: false });
    },
  };
  const clock = { now: () => new Date('2026-11-23T09:00:00Z') };
  const host = createHost({ transport, clock, stateFolder: join(folder, 'state'), settleSeconds: 0, ...rest });
  return { folder, host, transport, sent, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
