import { FileSystemError } from '../disk/file-system-error.ts';
import { absolutePath, type FileTree } from '../disk/file-tree.ts';
import { type Credentials, type Inode, permits } from '../disk/inode.ts';
import { fromByteText, toByteText } from './byte-text.ts';
import { DeviceFile, type OpenFile, RegularFile } from './open-file.ts';

/** What a process needs from the machine that it runs on. */
export interface Kernel {
  readonly tree: FileTree;
  readonly processes: Map<number, Process>;
  /** Name of the shell that /bin/sh is on this face. */
  readonly shellDialect: 'dash' | 'bash';
  now(): number;
  nextPid(): number;
  /** The behaviour of an installed executable, by the name in its file. */
  program(name: string): Program | undefined;
  /** Called for each execve(2), for counting and for faults. */
  executed(process: Process): void;
  /** Resolves after simulated time. */
  sleep(milliseconds: number): Promise<void>;
  /** True on a machine that lies: writing to this path shall seem to succeed and change nothing. */
  pretendsToWrite?(path: string): boolean;
  /** Set while the machine is suspended; everything waits for it. */
  readonly frozen: Promise<void> | undefined;
}

/** What an executable does: returns its exit status. Output goes through the process's descriptors. */
export type Program = (process: Process) => number | Promise<number>;

/** A signal ended the process. */
export class Terminated extends Error {
  readonly signal: number;

  constructor(signal: number) {
    super(`terminated by signal ${signal}`);
    this.signal = signal;
  }
}

/** How `open` opens: as fopen(3), plus 'rw' for read and write without truncation. */
export type OpenMode = 'r' | 'w' | 'a' | 'rw' | 'wx';

/** A running process of a simulated machine. */
export class Process {
  readonly kernel: Kernel;
  readonly pid: number;
  readonly parentPid: number;
  readonly startedMs: number;
  readonly files: Map<number, OpenFile>;
  argv: string[];
  environment: Map<string, string>;
  cwd: string;
  credentials: Credentials;
  umask: number;
  session: number;
  /** Signals this process does not die of (nohup, trap ''). */
  ignoredSignals: ReadonlySet<number>;
  /** Set by a shell with traps: returns true when it took the signal. */
  onSignal: ((signal: number) => boolean) | undefined;
  /** Signal that ended the process, once it was sent. */
  terminatedBy: number | undefined;
  readonly #interrupts = new Set<(error: Terminated) => void>();

  /** A child of `parent`; or what takes its place, with its number, as after execve(2). */
  constructor(kernel: Kernel, parent: Process | ProcessOrigin, replaces = false) {
    this.kernel = kernel;
    const replaced = replaces && 'pid' in parent ? parent : undefined;
    this.pid = replaced?.pid ?? kernel.nextPid();
    this.startedMs = replaced?.startedMs ?? kernel.now();
    this.parentPid = replaced?.parentPid ?? ('pid' in parent ? parent.pid : 1);
    this.files = new Map();
    for (const [descriptor, file] of parent.files) this.files.set(descriptor, file.retain());
    this.argv = parent.argv;
    this.environment = parent.environment;
    this.cwd = parent.cwd;
    this.credentials = parent.credentials;
    this.umask = parent.umask;
    this.session = 'session' in parent ? parent.session : this.pid;
    this.ignoredSignals = 'ignoredSignals' in parent ? parent.ignoredSignals : new Set();
    kernel.processes.set(this.pid, this);
  }

  /** Command name for messages and ps. */
  get name(): string {
    return (this.argv[0] ?? '').split('/').pop() ?? '';
  }

  /** Writes to standard output. */
  out(text: string): void | Promise<void> {
    return this.write(1, text);
  }

  /** Writes to standard error. */
  err(text: string): void | Promise<void> {
    return this.write(2, text);
  }

  /** Writes `name: message` to standard error and returns `status`, for `return process.fail(…)`. */
  async fail(message: string, status = 1): Promise<number> {
    await this.err(`${this.name}: ${message}\n`);
    return status;
  }

  /** Writes to a descriptor; waits when the reader is slow. */
  write(descriptor: number, text: string): void | Promise<void> {
    const file = this.files.get(descriptor);
    if (!file) throw new FileSystemError('EBADF', '');
    const pending = file.write(text);
    return pending ? this.interruptible(pending) : undefined;
  }

  /** Reads a descriptor to its end. */
  async readAll(descriptor = 0): Promise<string> {
    const chunks: string[] = [];
    for (;;) {
      const chunk = await this.read(descriptor, 1 << 20);
      if (chunk === '') return chunks.join('');
      chunks.push(chunk);
    }
  }

  /** Reads at most `maxBytes`; empty at the end. */
  read(descriptor: number, maxBytes: number): string | Promise<string> {
    const file = this.files.get(descriptor);
    if (!file) throw new FileSystemError('EBADF', '');
    const data = file.read(maxBytes);
    return typeof data === 'string' ? data : this.interruptible(data);
  }

  /** Reads one line with its newline; empty at the end. */
  readLine(descriptor = 0): Promise<string> {
    const file = this.files.get(descriptor);
    if (!file) throw new FileSystemError('EBADF', '');
    return this.interruptible(file.readLine());
  }

  /** Waits for something, unless a signal ends the process or the machine freezes first. */
  async interruptible<T>(promise: Promise<T>): Promise<T> {
    this.checkAlive();
    const value = await new Promise<T>((resolve, reject) => {
      this.#interrupts.add(reject);
      promise.then(resolve, reject).finally(() => this.#interrupts.delete(reject));
    });
    while (this.kernel.frozen) await this.kernel.frozen;
    this.checkAlive();
    return value;
  }

  /** Throws when a signal has ended this process. */
  checkAlive(): void {
    if (this.terminatedBy !== undefined) throw new Terminated(this.terminatedBy);
  }

  /** Delivers a signal. */
  kill(signal: number): void {
    if (signal === 0 || (signal !== 9 && this.ignoredSignals.has(signal))) return;
    if (signal !== 9 && (signal === 17 || signal === 18 || this.onSignal?.(signal))) return;
    this.terminatedBy ??= signal;
    for (const interrupt of this.#interrupts) interrupt(new Terminated(signal));
  }

  /** Path relative to this process, made absolute. */
  path(path: string): string {
    return absolutePathOf(this.cwd, path);
  }

  /** The inode at a path. Throws FileSystemError. */
  lookup(path: string, follow = true): Inode {
    return this.kernel.tree.lookup(this.path(path), this.credentials, follow);
  }

  /** The inode at a path, or undefined. */
  find(path: string, follow = true): Inode | undefined {
    return this.kernel.tree.find(this.path(path), this.credentials, follow);
  }

  /** A whole file as byte text. Throws FileSystemError. */
  readFile(path: string): string | Promise<string> {
    const special = this.#special(path);
    if (special) return this.#drain(special);
    const inode = this.lookup(path);
    if (inode.kind === 'directory') throw new FileSystemError('EISDIR', path);
    if (!permits(inode, this.credentials, 4)) throw new FileSystemError('EACCES', path);
    if (inode.view) return inode.view.read();
    return inode.kind === 'file' ? toByteText(inode.content as Uint8Array) : '';
  }

  async #drain(file: OpenFile): Promise<string> {
    let text = '';
    for (let chunk = await file.read(1 << 20); chunk !== ''; chunk = await file.read(1 << 20)) text += chunk;
    return text;
  }

  /** Creates or replaces a file's content in place. Throws FileSystemError. */
  writeFile(path: string, text: string, mode = 0o666): void {
    const file = this.open(path, 'w', mode);
    try {
      void file.write(text);
    } finally {
      file.release();
    }
  }

  #special(path: string): OpenFile | undefined {
    const full = this.path(path);
    const number = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(full)?.[1];
    const descriptor = number ?? { '/dev/stdin': '0', '/dev/stdout': '1', '/dev/stderr': '2' }[full];
    if (descriptor === undefined) return undefined;
    const file = this.files.get(Number(descriptor));
    if (!file) throw new FileSystemError('ENOENT', path);
    return file;
  }

  /** open(2). The caller releases the result. Throws FileSystemError. */
  open(path: string, mode: OpenMode, permissions = 0o666): OpenFile {
    const special = this.#special(path);
    if (special) return special.retain();
    const { tree } = this.kernel;
    const full = this.path(path);
    if (mode !== 'r' && this.kernel.pretendsToWrite?.(full) === true) return new DeviceFile('null');
    let inode = tree.locate(full, this.credentials).inode;
    if (mode === 'wx' && inode) throw new FileSystemError('EEXIST', path);
    if (!inode) {
      if (mode === 'r') throw new FileSystemError('ENOENT', path);
      inode = tree.create(full, this.credentials, 'file', permissions & ~this.umask);
    } else {
      if (inode.kind === 'directory' && mode !== 'r') throw new FileSystemError('EISDIR', path);
      const wanted = mode === 'r' ? 4 : mode === 'rw' ? 6 : 2;
      if (!permits(inode, this.credentials, wanted)) throw new FileSystemError('EACCES', path);
      if (mode !== 'r' && inode.kind === 'file') tree.assertWritable(inode, path);
      if (mode === 'w' && inode.kind === 'file' && !inode.view) tree.setContent(inode, fromByteText(''));
    }
    if (inode.kind === 'directory') throw new FileSystemError('EISDIR', path);
    if (inode.kind !== 'file') return new DeviceFile(inode.device ?? 'null', inode);
    return new RegularFile(tree, inode, mode === 'a');
  }

  /** Puts a file on a descriptor, closing what was there. Takes over the reference. */
  setFile(descriptor: number, file: OpenFile | undefined): void {
    this.files.get(descriptor)?.release();
    if (file) this.files.set(descriptor, file);
    else this.files.delete(descriptor);
  }

  /** Gives everything back when the process has ended. */
  finish(): void {
    for (const file of this.files.values()) file.release();
    this.files.clear();
    this.kernel.processes.delete(this.pid);
  }
}

/** What the first process of a session starts from. */
export interface ProcessOrigin {
  argv: string[];
  environment: Map<string, string>;
  cwd: string;
  credentials: Credentials;
  umask: number;
  files: Map<number, OpenFile>;
}

function absolutePathOf(cwd: string, path: string): string {
  if (path === '') return '';
  if (path.includes('..')) return path.startsWith('/') ? path : `${cwd}/${path}`;
  const absolute = absolutePath(cwd, path);
  return path.endsWith('/') && absolute !== '/' ? `${absolute}/` : absolute;
}
