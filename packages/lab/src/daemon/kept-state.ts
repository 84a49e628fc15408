import type { AppError } from '@vmstation/core';
import { isNoRoom } from '../disk/no-room.ts';

/** What of a lab is not on disk, because the disk is full; it stays in memory, and is written as soon as there is room. */
export class KeptState {
  readonly #log: (line: string) => void;
  readonly #open = new Map<string, { readonly error: AppError; readonly since: Date }>();

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** Writes something; a disk without room is remembered, any other failure thrown. */
  write(subject: string, write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      this.missed(subject, error);
      return;
    }
    if (!this.#open.delete(subject)) return;
    this.#log(`${subject}: there is room again; everything is written`);
  }

  /** Remembers that something of a subject could not be written. */
  missed(subject: string, error: AppError): void {
    if (this.#open.has(subject)) return;
    this.#open.set(subject, { error, since: new Date() });
    this.#log(`${subject}: ${error.message}`);
  }

  /** True while something of the subject is in memory only. */
  isOpen(subject: string): boolean {
    return this.#open.has(subject);
  }

  /** The first thing that could not be written and since when; undefined when all is on disk. */
  get trouble(): { readonly error: AppError; readonly since: Date } | undefined {
    return [...this.#open.values()][0];
  }
}
