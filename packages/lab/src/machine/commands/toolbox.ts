import { Bash, type CommandName, type FsStat, type IFileSystem } from 'just-bash';
import { FileSystemError } from '../../disk/file-system-error.ts';
import { absolutePath } from '../../disk/file-tree.ts';
import { type Credentials, type Inode, inodeSize, permits } from '../../disk/inode.ts';
import { decodeText, encodeText, fromByteText, toByteText } from '../../shell/byte-text.ts';
import type { Kernel, Process, Program } from '../../shell/process.ts';

/** Text tools whose implementation is just-bash's own; each reads the machine's files with the caller's rights. */
export const TOOLBOX_COMMANDS =
  'awk sed sort uniq cut jq diff paste join comm column expand unexpand fold nl rev split strings tac expr tar gzip gunzip zcat du tree file'.split(
    ' ',
  ) as CommandName[];

/** Tools that know characters whatever the locale; the others see bytes, as in the C locale in which all scripts run. */
const UNICODE_TOOLS: ReadonlySet<string> = new Set(['jq']);

/** One character a byte; a tool's own words may hold others. */
function byteText(text: string): string {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 255) return encodeText(text);
  return text;
}

/** No such folder exists, so that just-bash finds its own commands by name and never the machine's files. */
const NO_PATH = '/.no-path';

/** just-bash's view of a machine's files, with the rights of one user. */
class ToolFiles implements IFileSystem {
  readonly #kernel: Kernel;
  readonly #who: Credentials;
  umask = 0o022;
  /** Content is Unicode for the tool that runs, else one character a byte, as in the C locale. */
  asText = false;
  ready = false;

  constructor(kernel: Kernel, who: Credentials) {
    this.#kernel = kernel;
    this.#who = who;
  }

  #lookup(path: string, follow = true): Inode {
    return this.#attempt(path, () => this.#kernel.tree.lookup(path, this.#who, follow));
  }

  #attempt<T>(path: string, body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      throw new Error(`${error.code}: ${error.message}, open '${path}'`, { cause: error });
    }
  }

  #bytes(path: string): string {
    const inode = this.#lookup(path);
    return this.#attempt(path, () => {
      if (inode.kind === 'directory') throw new FileSystemError('EISDIR', path);
      if (!permits(inode, this.#who, 4)) throw new FileSystemError('EACCES', path);
      return inode.view ? inode.view.read() : toByteText(inode.content ?? new Uint8Array(0));
    });
  }

  readFile(path: string): Promise<string> {
    return Promise.resolve(this.asText ? decodeText(this.#bytes(path)) : this.#bytes(path));
  }

  readFileBuffer(path: string): Promise<Uint8Array> {
    return Promise.resolve(fromByteText(this.#bytes(path)));
  }

  #put(path: string, content: string | Uint8Array, append: boolean): void {
    if (!this.ready) return;
    const bytes =
      typeof content === 'string' ? fromByteText(this.asText ? encodeText(content) : byteText(content)) : content;
    this.#attempt(path, () => {
      const { tree } = this.#kernel;
      const found = tree.find(path, this.#who);
      if (found && !permits(found, this.#who, 2)) throw new FileSystemError('EACCES', path);
      const inode = found ?? tree.create(path, this.#who, 'file', 0o666 & ~this.umask);
      if (inode.view?.write) inode.view.write(toByteText(bytes));
      else if (inode.kind === 'file') {
        tree.setContent(
          inode,
          append ? Buffer.concat([inode.content ?? new Uint8Array(0), bytes]) : Uint8Array.from(bytes),
        );
      }
    });
  }

  writeFile(path: string, content: string | Uint8Array): Promise<void> {
    this.#put(path, content, false);
    return Promise.resolve();
  }

  appendFile(path: string, content: string | Uint8Array): Promise<void> {
    this.#put(path, content, true);
    return Promise.resolve();
  }

  exists(path: string): Promise<boolean> {
    // just-bash falls back to its registered commands where there is no /usr/bin; its tools look at files by stat.
    return Promise.resolve(path !== '/usr/bin' && this.#kernel.tree.find(path, this.#who) !== undefined);
  }

  #status(path: string, follow: boolean): FsStat {
    const inode = this.#lookup(path, follow);
    return {
      isFile: inode.kind === 'file' || inode.kind === 'device',
      isDirectory: inode.kind === 'directory',
      isSymbolicLink: inode.kind === 'symlink',
      mode: inode.mode,
      size: inode.view ? inode.view.read().length : inodeSize(inode),
      mtime: new Date(inode.mtimeMs),
      ino: inode.ino,
    };
  }

  stat(path: string): Promise<FsStat> {
    return this.#promise(() => this.#status(path, true));
  }

  lstat(path: string): Promise<FsStat> {
    return this.#promise(() => this.#status(path, false));
  }

  #promise<T>(body: () => T): Promise<T> {
    return new Promise((resolve) => {
      resolve(body());
    });
  }

  mkdir(path: string): Promise<void> {
    if (this.ready)
      this.#attempt(path, () => this.#kernel.tree.create(path, this.#who, 'directory', 0o777 & ~this.umask));
    return Promise.resolve();
  }

  readdir(path: string): Promise<string[]> {
    return this.#promise(() => this.#attempt(path, () => this.#kernel.tree.list(path, this.#who)));
  }

  rm(path: string): Promise<void> {
    return this.#promise(() => this.#attempt(path, () => this.#kernel.tree.unlink(path, this.#who)));
  }

  cp(): Promise<void> {
    return Promise.reject(new Error('lab: copying is not a text tool'));
  }

  mv(source: string, goal: string): Promise<void> {
    return this.#promise(() => this.#attempt(source, () => this.#kernel.tree.rename(source, goal, this.#who)));
  }

  resolvePath(base: string, path: string): string {
    return absolutePath(base, path);
  }

  getAllPaths(): string[] {
    return [];
  }

  chmod(path: string, mode: number): Promise<void> {
    if (this.ready) this.#attempt(path, () => this.#kernel.tree.chmod(path, mode, this.#who));
    return Promise.resolve();
  }

  symlink(target: string, path: string): Promise<void> {
    return this.#promise(() => this.#attempt(path, () => this.#kernel.tree.symlink(target, path, this.#who)));
  }

  link(existing: string, path: string): Promise<void> {
    return this.#promise(() => this.#attempt(path, () => this.#kernel.tree.link(existing, path, this.#who)));
  }

  readlink(path: string): Promise<string> {
    return this.#promise(() => this.#lookup(path, false).target ?? '');
  }

  realpath(path: string): Promise<string> {
    return this.#promise(() => this.#attempt(path, () => this.#kernel.tree.realPath(path, this.#who)));
  }

  utimes(path: string, _atime: Date, mtime: Date): Promise<void> {
    return this.#promise(() => this.#attempt(path, () => this.#kernel.tree.setTimes(path, mtime.getTime(), this.#who)));
  }
}

/** What a tool ends with that could not read or understand something, where it is not 1. */
const FAILURE_STATUS: Readonly<Record<string, number>> = { awk: 2, sort: 2, diff: 2 };

/** A user's toolbox on one machine. */
interface Toolbox {
  readonly bash: Bash;
  readonly files: ToolFiles;
}

const toolboxes = new WeakMap<Kernel, Map<string, Toolbox>>();

function toolboxFor(process: Process): Toolbox {
  const { kernel, credentials } = process;
  let known = toolboxes.get(kernel);
  if (!known) toolboxes.set(kernel, (known = new Map()));
  const key = `${credentials.uid}:${credentials.gid}:${credentials.groups.join(',')}`;
  let toolbox = known.get(key);
  if (!toolbox) {
    const files = new ToolFiles(kernel, credentials);
    toolbox = { files, bash: new Bash({ fs: files, commands: TOOLBOX_COMMANDS, cwd: '/' }) };
    files.ready = true;
    known.set(key, toolbox);
  }
  return toolbox;
}

/** Runs one of just-bash's tools for a process and gives its raw result. */
export async function runTool(
  process: Process,
  name: string,
  args: readonly string[],
  stdin: string,
): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  const { bash, files } = toolboxFor(process);
  files.umask = process.umask;
  const asText = UNICODE_TOOLS.has(name);
  files.asText = asText;
  const result = await bash.exec(name, {
    args: asText ? args.map(decodeText) : [...args],
    stdin,
    stdinKind: asText ? 'bytes' : 'text',
    replaceEnv: true,
    env: { ...Object.fromEntries(process.environment), PATH: NO_PATH },
    cwd: process.cwd,
    rawScript: true,
  });
  const encode = asText ? encodeText : byteText;
  const stdout = result.stdoutKind === 'bytes' ? result.stdout : encode(result.stdout);
  return { stdout, stderr: encode(result.stderr), exitCode: result.exitCode };
}

/** The program for a tool. Standard input is read only when the arguments leave it to be read. */
export function toolProgram(name: string): Program {
  return async (process) => {
    const args = process.argv.slice(1);
    const stdin = readsInput(process, name, args) ? await process.readAll() : '';
    const result = await runTool(process, name, args, stdin);
    await process.out(result.stdout);
    if (result.stderr) await process.err(result.stderr);
    return result.exitCode === 1 && result.stderr !== '' ? (FAILURE_STATUS[name] ?? 1) : result.exitCode;
  };
}

/** Whether a tool would read standard input: no operand of it is a file, or one is `-`. */
function readsInput(process: Process, name: string, args: readonly string[]): boolean {
  if (name === 'expr' || name === 'du' || name === 'tree') return false;
  if (args.includes('-') || args.some((arg) => arg.includes('/dev/stdin'))) return true;
  const operands = args.filter((arg) => !arg.startsWith('-'));
  return !operands.slice(name === 'sed' || name === 'awk' ? 1 : 0).some((arg) => process.find(arg));
}
