import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Machine } from '../machine/machine.ts';

/** Nothing is handed on in pieces larger than what the line carries in this time. */
const sliceSeconds = 0.1;

/** What is on its way at most before the sender has to wait. */
const lineBytes = 65_536;

interface Late {
  readonly bytes: number;
  readonly dueMs: number;
  readonly deliver: () => void;
}

/** One direction of a line: what goes in comes out in order, late as the machine's faults say at that moment. */
class Lane {
  readonly #machine: Machine;
  readonly #queue: Late[] = [];
  #freeMs = 0;
  #draining = false;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Delivers at once on a healthy line; otherwise when its turn has come. */
  send(bytes: number, deliver: () => void): void {
    const slow = this.#machine.faults.slowWire;
    if (slow === undefined && this.#queue.length === 0) {
      deliver();
      return;
    }
    const nowMs = Date.now();
    const spentMs = slow?.bytesPerSecond === undefined ? 0 : (bytes * 1000) / slow.bytesPerSecond;
    this.#freeMs = Math.max(this.#freeMs, nowMs) + spentMs;
    this.#queue.push({ bytes, dueMs: this.#freeMs + (slow?.latencyMs ?? 0), deliver });
    if (!this.#draining) void this.#drain();
  }

  /** Bytes that are on their way. */
  get queuedBytes(): number {
    return this.#queue.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** How much may be handed over at once. */
  sliceBytes(): number {
    const perSecond = this.#machine.faults.slowWire?.bytesPerSecond;
    return perSecond === undefined ? Infinity : Math.max(1, Math.floor(perSecond * sliceSeconds));
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const leftMs = next.dueMs - Date.now();
      // A fault that was switched off lets everything through.
      if (leftMs > 0 && this.#machine.faults.slowWire !== undefined)
        await new Promise((resolve) => setTimeout(resolve, Math.min(leftMs, 250)));
      else {
        this.#queue.shift();
        next.deliver();
      }
    }
    this.#freeMs = 0;
    this.#draining = false;
  }
}

/** A connection to a machine as its faults let it through: late, narrow, or cut after so many bytes. */
export class Wire extends Duplex {
  readonly #socket: Socket;
  readonly #machine: Machine;
  readonly #inward: Lane;
  readonly #outward: Lane;
  #carried = 0;
  #frozen = false;

  constructor(socket: Socket, machine: Machine) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#machine = machine;
    this.#inward = new Lane(machine);
    this.#outward = new Lane(machine);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.#inward.send(0, () => this.push(null)));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** Stops or lets go on what arrives, as a machine that sleeps does. */
  setFrozen(frozen: boolean): void {
    this.#frozen = frozen;
    if (frozen) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Ends it as a pulled cable's neighbour would see it: by a reset. */
  cut(): void {
    this.#socket.resetAndDestroy();
    this.destroy();
  }

  override _read(): void {
    if (!this.#frozen) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const size = this.#outward.sliceBytes();
    if (chunk.length > size) {
      this._write(chunk.subarray(0, size), _encoding, () => this._write(chunk.subarray(size), _encoding, done));
      return;
    }
    // On its way is as good as sent, or each small packet would wait for the one before; a full line takes no more.
    const mayGoOn = this.#outward.queuedBytes < lineBytes;
    this.#outward.send(chunk.length, () => {
      const flows = !this.#mayCarry(chunk.length) || this.#socket.write(chunk);
      if (mayGoOn) return;
      if (flows) done();
      else this.#socket.once('drain', () => done());
    });
    if (mayGoOn) done();
  }

  override _final(done: () => void): void {
    this.#outward.send(0, () => {
      this.#socket.end();
      done();
    });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #receive(chunk: Buffer): void {
    const size = this.#inward.sliceBytes();
    for (let at = 0; at < chunk.length; at += size) {
      const part = size === Infinity ? chunk : chunk.subarray(at, at + size);
      this.#inward.send(part.length, () => {
        if (this.#mayCarry(part.length) && !this.push(part)) this.#socket.pause();
      });
    }
  }

  #mayCarry(bytes: number): boolean {
    if (this.destroyed) return false;
    this.#carried += bytes;
    if (!this.#machine.cutsAfter(this.#carried)) return true;
    this.cut();
    return false;
  }
}
