import { FileSystemError } from '../disk/file-system-error.ts';
import { type Credentials, permits } from '../disk/inode.ts';
import { toByteText } from './byte-text.ts';
import { BrokenPipe, type OpenFile } from './open-file.ts';
import { Process, type ProcessOrigin, type Program, Terminated } from './process.ts';

/** An executable could not be started: 127 not found, 126 found but not executable. */
export class ExecError extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** First bytes of a file whose behaviour is one of the lab's programs; the program's name follows. */
export const PROGRAM_MAGIC = '\x7fELF lab program ';

/** Content of an executable file that runs the named program. */
export function programFile(name: string): string {
  return `${PROGRAM_MAGIC}${name}\n`;
}

/** Finds an executable as execvp(3) does. Throws ExecError. */
export function searchPath(process: Process, name: string, path: string): string {
  if (name.includes('/')) return name;
  let denied = false;
  for (const directory of path.split(':')) {
    const file = `${directory === '' ? '.' : directory}/${name}`;
    const inode = name === '' ? undefined : process.find(file);
    if (!inode || inode.kind !== 'file') continue;
    if (permits(inode, process.credentials, 1)) return file;
    denied = true;
  }
  throw denied ? new ExecError('Permission denied', 126) : new ExecError('not found', 127);
}

/** How to start a child. What is absent is inherited. */
export interface RunOptions {
  /** Path of the executable; the argument vector's first element if absent. */
  file?: string;
  environment?: Map<string, string>;
  cwd?: string;
  credentials?: Credentials;
  umask?: number;
  files?: Map<number, OpenFile>;
  newSession?: boolean;
  ignoredSignals?: ReadonlySet<number>;
  /** It takes the place of the parent, which only waits for its end. */
  replaces?: boolean;
}

/** Starts an executable as a child process. Throws ExecError when there is none. */
export function run(
  parent: Process | (ProcessOrigin & { kernel: Process['kernel'] }),
  argv: string[],
  options: RunOptions = {},
): { process: Process; exit: Promise<number> } {
  const child = new Process(parent.kernel, parent, options.replaces);
  child.argv = argv;
  if (options.environment) child.environment = options.environment;
  if (options.cwd !== undefined) child.cwd = options.cwd;
  if (options.credentials) child.credentials = options.credentials;
  if (options.umask !== undefined) child.umask = options.umask;
  if (options.ignoredSignals) child.ignoredSignals = options.ignoredSignals;
  if (options.newSession) child.session = child.pid;
  if (options.files) for (const [descriptor, file] of options.files) child.setFile(descriptor, file.retain());
  try {
    const program = load(child, options.file ?? (argv[0] as string));
    parent.kernel.executed(child);
    return { process: child, exit: toTheEnd(child, program) };
  } catch (error) {
    child.finish();
    if (options.replaces === true && parent instanceof Process) parent.kernel.processes.set(parent.pid, parent);
    throw error;
  }
}

/** Reads an executable file and gives what it does. Throws ExecError. */
function load(process: Process, file: string): Program {
  let text: string;
  try {
    const inode = process.lookup(file);
    if (inode.kind === 'directory') throw new ExecError('Permission denied', 126);
    if (!permits(inode, process.credentials, 1)) throw new ExecError('Permission denied', 126);
    text = toByteText(inode.content ?? new Uint8Array(0));
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    throw error.code === 'EACCES' ? new ExecError('Permission denied', 126) : new ExecError('not found', 127);
  }
  if (text.startsWith(PROGRAM_MAGIC)) {
    const name = text.slice(PROGRAM_MAGIC.length).trim();
    const program = process.kernel.program(name);
    if (!program) throw new ExecError(`the lab has no behaviour for ${name}`, 126);
    return program;
  }
  const interpreter = /^#!\s*(\S+)(?:[ \t]+(\S[^\n]*))?\n?/.exec(text);
  const [, path = '/bin/sh', argument] = interpreter ?? [];
  process.argv = [path, ...(argument ? [argument.trim()] : []), file, ...process.argv.slice(1)];
  return load(process, path);
}

async function toTheEnd(process: Process, program: Program): Promise<number> {
  // Lets the caller note the child before its first instruction runs.
  await Promise.resolve();
  try {
    process.checkAlive();
    return await program(process);
  } catch (error) {
    if (error instanceof Terminated) return 128 + error.signal;
    if (error instanceof BrokenPipe) return 141;
    if (error instanceof FileSystemError) return await complain(process, error);
    throw error;
  } finally {
    process.finish();
  }
}

async function complain(process: Process, error: FileSystemError): Promise<number> {
  try {
    await process.err(`${process.name}: ${error.path ? `${error.path}: ` : ''}${error.message}\n`);
  } catch (second) {
    if (!(second instanceof BrokenPipe || second instanceof FileSystemError)) throw second;
  }
  return 1;
}
