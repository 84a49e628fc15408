import { FileSystemError } from '../disk/file-system-error.ts';
import type { FileTree } from '../disk/file-tree.ts';
import type { Inode } from '../disk/inode.ts';
import { fromByteText, toByteText } from './byte-text.ts';

/** Written to a pipe that nobody reads: the writer dies of SIGPIPE. */
export class BrokenPipe extends Error {}

/** An open file description: shared by every descriptor that was duplicated from it. */
export abstract class OpenFile {
  #references = 1;

  /** One more descriptor refers to this description. */
  retain(): this {
    this.#references += 1;
    return this;
  }

  /** One descriptor less; the last one closes. */
  release(): void {
    this.#references -= 1;
    if (this.#references === 0) this.close();
  }

  /** Next bytes, at most `maxBytes`; empty at the end. */
  abstract read(maxBytes: number): string | Promise<string>;
  /** Appends bytes. Throws BrokenPipe or FileSystemError. */
  abstract write(data: string): void | Promise<void>;

  /** Everything up to and including the next newline, as a byte-wise reader would take it; empty at the end. */
  async readLine(): Promise<string> {
    let line = '';
    for (;;) {
      const next = await this.read(1);
      line += next;
      if (next === '' || next === '\n') return line;
    }
  }

  protected close(): void {
    // Nothing to give back by default.
  }

  /** The file behind the description, where there is one. */
  get inode(): Inode | undefined {
    return undefined;
  }

  /** Whether isatty(3) says yes. */
  get isTerminal(): boolean {
    return false;
  }
}

/** /dev/null and its kin. */
export class DeviceFile extends OpenFile {
  readonly #device: string;
  readonly #inode: Inode | undefined;

  constructor(device: string, inode?: Inode) {
    super();
    this.#device = device;
    this.#inode = inode;
  }

  override get inode(): Inode | undefined {
    return this.#inode;
  }

  read(maxBytes: number): string {
    if (this.#device === 'zero') return '\0'.repeat(maxBytes);
    if (this.#device === 'random') return toByteText(crypto.getRandomValues(new Uint8Array(Math.min(maxBytes, 65536))));
    return '';
  }

  write(_data: string): void {
    if (this.#device === 'full') throw new FileSystemError('ENOSPC', '/dev/full');
  }
}

/** Content that exists only for a reader: a here-document, or a script's own text. */
export class TextSource extends OpenFile {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  read(maxBytes: number): string {
    const data = this.#text.slice(this.#position, this.#position + maxBytes);
    this.#position += data.length;
    return data;
  }

  override readLine(): Promise<string> {
    const end = this.#text.indexOf('\n', this.#position);
    return Promise.resolve(this.read((end === -1 ? this.#text.length : end + 1) - this.#position));
  }

  write(): void {
    throw new FileSystemError('EBADF', '');
  }
}

/** A file on a volume, opened for reading, writing or both. */
export class RegularFile extends OpenFile {
  readonly #inode: Inode;
  readonly #tree: FileTree;
  readonly #append: boolean;
  #position = 0;

  constructor(tree: FileTree, inode: Inode, append: boolean) {
    super();
    this.#tree = tree;
    this.#inode = inode;
    this.#append = append;
  }

  override get inode(): Inode {
    return this.#inode;
  }

  read(maxBytes: number): string {
    const view = this.#inode.view;
    if (view?.firstReadOnly && this.#position > 0) return '';
    const data = view
      ? view.read().slice(this.#position, this.#position + maxBytes)
      : toByteText((this.#inode.content as Uint8Array).subarray(this.#position, this.#position + maxBytes));
    this.#position += data.length;
    return data;
  }

  override readLine(): Promise<string> {
    if (this.#inode.view) return super.readLine();
    const content = this.#inode.content as Uint8Array;
    const end = content.indexOf(10, this.#position);
    return Promise.resolve(this.read((end === -1 ? content.length : end + 1) - this.#position));
  }

  write(data: string): void {
    if (this.#inode.view) {
      if (!this.#inode.view.write) throw new FileSystemError('EACCES', '');
      this.#inode.view.write(data);
      return;
    }
    const old = this.#inode.content as Uint8Array;
    const start = this.#append ? old.length : this.#position;
    const added = fromByteText(data);
    const merged = new Uint8Array(Math.max(old.length, start + added.length));
    merged.set(old);
    merged.set(added, start);
    this.#tree.setContent(this.#inode, merged);
    this.#position = start + added.length;
  }
}

/** One end of a pipe. */
class PipeEnd extends OpenFile {
  readonly #pipe: Pipe;
  readonly #writes: boolean;

  constructor(pipe: Pipe, writes: boolean) {
    super();
    this.#pipe = pipe;
    this.#writes = writes;
  }

  read(maxBytes: number): string | Promise<string> {
    return this.#pipe.read(maxBytes);
  }

  override readLine(): Promise<string> {
    return this.#pipe.readLine();
  }

  write(data: string): void | Promise<void> {
    return this.#pipe.write(data);
  }

  protected override close(): void {
    if (this.#writes) this.#pipe.closeWriter();
    else this.#pipe.closeReader();
  }
}

const PIPE_BYTES = 65_536;

/** A pipe: bounded, so that an endless writer waits for its reader and dies when the reader is gone. */
export class Pipe {
  readonly reader: OpenFile = new PipeEnd(this, false);
  readonly writer: OpenFile = new PipeEnd(this, true);
  #buffer = '';
  #readerOpen = true;
  #writerOpen = true;
  #waiting: (() => void)[] = [];

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Takes up to `maxBytes`, waiting until there is something or the writers are gone. */
  read(maxBytes: number): string | Promise<string> {
    if (this.#buffer === '' && this.#writerOpen) return this.#change().then(() => this.read(maxBytes));
    const data = this.#buffer.slice(0, maxBytes);
    this.#buffer = this.#buffer.slice(data.length);
    if (data !== '') this.#wake();
    return data;
  }

  /** Takes one line with its newline, or the rest at the end. */
  async readLine(): Promise<string> {
    let end = this.#buffer.indexOf('\n');
    let taken = '';
    while (end === -1 && this.#writerOpen) {
      taken += this.#buffer;
      this.#buffer = '';
      this.#wake();
      await this.#change();
      end = this.#buffer.indexOf('\n');
    }
    const rest = this.#buffer.slice(0, end === -1 ? this.#buffer.length : end + 1);
    this.#buffer = this.#buffer.slice(rest.length);
    this.#wake();
    return taken + rest;
  }

  /** Appends, waiting while the pipe is full. Throws BrokenPipe when nobody reads. */
  write(data: string): void | Promise<void> {
    if (!this.#readerOpen) throw new BrokenPipe();
    if (data === '') return undefined;
    this.#buffer += data;
    this.#wake();
    return this.#buffer.length > PIPE_BYTES ? this.#drained() : undefined;
  }

  async #drained(): Promise<void> {
    while (this.#buffer.length > PIPE_BYTES) {
      if (!this.#readerOpen) throw new BrokenPipe();
      await this.#change();
    }
  }

  closeWriter(): void {
    this.#writerOpen = false;
    this.#wake();
  }

  closeReader(): void {
    this.#readerOpen = false;
    this.#buffer = '';
    this.#wake();
  }
}
