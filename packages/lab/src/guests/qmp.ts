import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { AppError } from '@vmstation/core';

/** A connection to a guest's QEMU (QEMU Machine Protocol reference manual). */
export interface Qmp {
  /** Runs one command. Throws lab/guest-command-failed with QEMU's own words. */
  execute(command: string, parameters?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Runs a line of the human monitor, which answers nothing when all is well. Throws lab/guest-command-failed. */
  monitor(line: string): Promise<void>;
  close(): void;
}

interface Message {
  readonly event?: string;
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

interface Waiting {
  readonly command: string;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Opens a QMP socket and leaves its greeting behind; events are passed on by name. */
export async function openQmp(path: string, happened: (event: string) => void = () => undefined): Promise<Qmp> {
  const socket = await connected(path);
  const waiting = new Map<number, Waiting>();
  let sent = 0;
  const execute: Qmp['execute'] = (command, parameters = {}) => {
    sent += 1;
    const id = sent;
    return new Promise((resolve, reject) => {
      waiting.set(id, { command, resolve, reject });
      socket.write(`${JSON.stringify({ execute: command, arguments: parameters, id })}\n`);
    });
  };
  createInterface({ input: socket }).on('line', (line) => {
    const message = JSON.parse(line) as Message;
    if (message.event !== undefined) happened(message.event);
    const asked = waiting.get(message.id ?? 0);
    waiting.delete(message.id ?? 0);
    if (message.error === undefined) asked?.resolve(message.return);
    else asked?.reject(failed(asked.command, message.error.desc));
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    for (const { command, reject } of waiting.values()) reject(failed(command, 'QEMU has ended'));
    waiting.clear();
  });
  await execute('qmp_capabilities');
  return {
    execute,
    monitor: async (line) => {
      const said = String(await execute('human-monitor-command', { 'command-line': line })).trim();
      if (said !== '') throw failed(line, said);
    },
    close: () => socket.destroy(),
  };
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => resolve(socket));
    socket.once('error', reject);
  });
}

function failed(command: string, why: string): AppError {
  return new AppError({
    code: 'lab/guest-command-failed',
    kind: 'environment',
    message: `A guest's QEMU did not do \`${command}\`: ${why}.`,
    tryThis: "Read the guest's console, which lies beside its socket, and start the suite again.",
  });
}
