import { FileSystemError } from '../../disk/file-system-error.ts';
import { type Inode, permits } from '../../disk/inode.ts';
import { applySymbolicMode } from '../../shell/builtins.ts';
import type { Process, Program } from '../../shell/process.ts';
import { ShellError } from '../../shell/shell-state.ts';
import { findGroup, findUser } from './accounts.ts';
import { parseOptions, UsageError } from './options.ts';
import { quotedName } from './quoted-name.ts';

/** A refusal of the program's own, without words of the kernel. */
export class Complaint extends FileSystemError {}

/** chmod(1) does not follow a link to nothing. */
class DanglingLink extends Complaint {}

/** Runs `action` for each operand; a refusal is printed with `verb` and fails the command, the others still run. */
export async function forEachOperand(
  process: Process,
  operands: readonly string[],
  verb: string | ((error: FileSystemError, path: string) => string),
  action: (path: string) => void | Promise<void>,
): Promise<number> {
  if (operands.length === 0) throw new UsageError('missing operand');
  let status = 0;
  for (const path of operands) {
    try {
      await action(path);
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      const what = typeof verb === 'string' ? `${verb} ${quotedName(path)}` : verb(error, path);
      await process.err(`${process.name}: ${what}${error instanceof Complaint ? '' : `: ${error.message}`}\n`);
      status = 1;
    }
  }
  return status;
}

/** Mode bits from octal or symbolic text. Throws ShellError. */
export function parseMode(text: string, old: number, isDirectory = false): number {
  if (/^0*[0-7]{1,4}$/.test(text)) {
    const bits = Number.parseInt(text, 8);
    // GNU chmod leaves set-id bits of a folder that a number of at most four digits does not name.
    return isDirectory && text.length < 5 ? bits | (old & 0o6000) : bits;
  }
  return applySymbolicMode(old, text, isDirectory);
}

/** All paths below a directory, itself first. */
export function walk(process: Process, path: string): string[] {
  const inode = process.lookup(path, false);
  if (inode.kind !== 'directory') return [path];
  const names = process.kernel.tree.list(process.path(path), process.credentials);
  return [path, ...names.flatMap((name) => walk(process, path.endsWith('/') ? path + name : `${path}/${name}`))];
}

export const mkdir: Program = async (process) => {
  const options = parseOptions(process, 'p parents m: mode= v verbose Z');
  const { tree } = process.kernel;
  const mode = options.value('m', 'mode');
  const final = mode === undefined ? 0o777 & ~process.umask : parseMode(mode, 0o777 & ~process.umask, true);
  let failedAt = '';
  const said = (): string => `cannot create directory ${quotedName(failedAt)}`;
  return forEachOperand(process, options.operands, said, (path) => {
    failedAt = path;
    if (!options.has('p', 'parents')) {
      tree.create(process.path(path).replace(/(.)\/+$/, '$1'), process.credentials, 'directory', final);
      return;
    }
    const parts = path.split('/').filter(Boolean);
    for (let count = 1; count <= parts.length; count += 1) {
      // GNU names the folder above that could not be passed.
      failedAt = `${path.startsWith('/') ? '/' : ''}${parts.slice(0, count).join('/')}`;
      const inode = process.find(failedAt);
      if (inode === undefined)
        tree.create(
          process.path(failedAt),
          process.credentials,
          'directory',
          count === parts.length ? final : 0o777 & ~process.umask,
        );
      else if (inode.kind !== 'directory')
        throw new FileSystemError(count === parts.length ? 'EEXIST' : 'ENOTDIR', path);
    }
  });
};

export const rmdir: Program = (process) => {
  const options = parseOptions(process, 'p parents v verbose ignore-fail-on-non-empty');
  return forEachOperand(process, options.operands, 'failed to remove', (path) => {
    try {
      if (/(?:^|\/)\.\/*$/.test(path)) throw new FileSystemError('EINVAL', path);
      process.kernel.tree.removeDirectory(process.path(path).replace(/(.)\/+$/, '$1'), process.credentials);
    } catch (error) {
      const ignored =
        error instanceof FileSystemError && error.code === 'ENOTEMPTY' && options.has('ignore-fail-on-non-empty');
      if (!ignored) throw error;
    }
  });
};

export const rm: Program = async (process) => {
  const options = parseOptions(
    process,
    'f force r R recursive i v verbose d dir one-file-system preserve-root no-preserve-root',
  );
  const force = options.has('f', 'force');
  const recursive = options.has('r', 'R', 'recursive');
  if (options.operands.length === 0 && force) return 0;
  if (options.operands.length === 0) throw new UsageError('missing operand');
  let status = 0;
  for (const path of options.operands) {
    const refusal = recursive ? refusedTree(process, path) : undefined;
    const behindSlash = path.endsWith('/') ? refusedBehindSlash(process, path, force) : undefined;
    if (refusal !== undefined) status = await process.fail(refusal);
    else if (behindSlash !== undefined) status = behindSlash === '' ? status : await process.fail(behindSlash);
    else if (!(await removeEntry(process, path, { force, recursive, empty: options.has('d', 'dir') }))) status = 1;
  }
  return status;
};

/** Behind a slash only a folder is found; with -f what is not found is no failure: ''. */
function refusedBehindSlash(process: Process, path: string, force: boolean): string | undefined {
  const found = process.find(path.replace(/(.)\/+$/, '$1'), false);
  if (found?.kind === 'directory') return undefined;
  if (force && process.find(path)?.kind !== 'directory') return '';
  const why = found === undefined ? 'No such file or directory' : 'Not a directory';
  return `cannot remove ${quotedName(path)}: ${why}`;
}

function refusedTree(process: Process, path: string): string | undefined {
  if (/(?:^|\/)\.\.?\/*$/.test(path)) return `refusing to remove '.' or '..' directory: skipping ${quotedName(path)}`;
  if (process.path(path) !== '/') return undefined;
  return `it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe`;
}

/** Removes what can be removed; what cannot is said, and the folders above it stay without a word. False: something stayed. */
async function removeEntry(
  process: Process,
  path: string,
  how: { readonly force: boolean; readonly recursive: boolean; readonly empty: boolean },
): Promise<boolean> {
  const { tree } = process.kernel;
  const full = process.path(path.replace(/(.)\/+$/, '$1'));
  try {
    const inode = process.lookup(path, false);
    if (inode.kind !== 'directory') tree.unlink(full, process.credentials);
    else {
      if (!how.recursive && !how.empty) throw new FileSystemError('EISDIR', path);
      let emptied = true;
      const isEmpty = (inode.entries?.size ?? 0) === 0;
      if (how.recursive && !(isEmpty && inode.view === undefined))
        for (const name of tree.list(full, process.credentials))
          emptied = (await removeEntry(process, path.endsWith('/') ? path + name : `${path}/${name}`, how)) && emptied;
      if (!emptied) return false;
      tree.removeDirectory(full, process.credentials);
    }
    return true;
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    if (how.force && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return true;
    await process.err(`${process.name}: cannot remove ${quotedName(path)}: ${error.message}\n`);
    return false;
  }
}

export const touch: Program = (process) => {
  const options = parseOptions(process, 'a m c no-create d: date= r: reference= t: h no-dereference');
  const reference = options.value('r', 'reference');
  const date = options.value('d', 'date');
  const stamp = options.value('t');
  const { kernel } = process;
  const when = reference === undefined ? momentOf(date, stamp, kernel.now()) : process.lookup(reference).mtimeMs;
  return forEachOperand(process, options.operands, 'cannot touch', (path) => {
    if (!process.find(path)) {
      if (options.has('c', 'no-create')) return;
      process.open(path, 'a').release();
    }
    kernel.tree.setTimes(process.path(path), when, process.credentials, !options.has('h', 'no-dereference'));
  });
};

function momentOf(date: string | undefined, stamp: string | undefined, now: number): number {
  if (date?.startsWith('@')) return Number(date.slice(1)) * 1000;
  if (date !== undefined)
    return Date.parse(
      / UTC$|[zZ]|[-+]\d\d:?\d\d$/.test(date)
        ? date
        : `${date.replace(' ', 'T')}${date.includes(':') ? 'Z' : 'T00:00:00Z'}`,
    );
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d\d))?$/.exec(stamp ?? '');
  return parts
    ? Date.UTC(
        Number(parts[1]),
        Number(parts[2]) - 1,
        Number(parts[3]),
        Number(parts[4]),
        Number(parts[5]),
        Number(parts[6] ?? 0),
      )
    : now;
}

function isMode(text: string): boolean {
  return /^0*[0-7]{1,4}$/.test(text) || /^[ugoa]*(?:[-+=][rwxXst]*)+(?:,[ugoa]*(?:[-+=][rwxXst]*)+)*$/.test(text);
}

/** What chmod and chown say: a path that is not there is not accessible, the rest could not be changed. */
function refusedChange(process: Process, verb: string): (error: FileSystemError, path: string) => string {
  return (error, path) => {
    const { code } = error;
    if (code !== 'ENOENT' && code !== 'EACCES' && code !== 'ENOTDIR') return `${verb} ${quotedName(path)}`;
    if (error instanceof DanglingLink) return `cannot operate on dangling symlink ${quotedName(path)}`;
    const dangles = process.name === 'chown' && process.find(path, false) !== undefined;
    return `cannot ${dangles ? 'dereference' : 'access'} ${quotedName(path)}`;
  };
}

export const chmod: Program = async (process) => {
  const args = process.argv.slice(1);
  // A mode such as -x is an operand, not an option.
  const modeAt = args.findIndex((arg) => !/^-[RvfcR]+$|^--./.test(arg));
  const flags = args.slice(0, Math.max(modeAt, 0));
  const referenced = flags.find((flag) => flag.startsWith('--reference='))?.slice(12);
  const operands = args.slice(modeAt + (referenced === undefined ? 1 : 0)).filter((arg) => arg !== '--');
  const text = referenced === undefined ? (args[modeAt] ?? '') : process.lookup(referenced).mode.toString(8);
  const unknown = (modeAt === -1 ? args : flags).find(
    (flag) => flag.startsWith('--') && !/^--(?:$|reference=|rec|v|q|s|c|no-p|p)/.test(flag),
  );
  if (unknown !== undefined) throw new UsageError(`unrecognized option '${unknown}'`);
  if (modeAt === -1) throw new UsageError('missing operand');
  if (operands.length === 0) throw new UsageError(`missing operand after ${quotedName(args.at(-1) ?? '')}`);
  if (!isMode(text)) throw new UsageError(`invalid mode: ${quotedName(text)}`);
  const recursive = flags.some((flag) => /^-[a-zA-Z]*R|^--recursive/.test(flag));
  try {
    return await forEachOperand(process, operands, refusedChange(process, 'changing permissions of'), (path) => {
      for (const each of recursive ? walk(process, path) : [path]) {
        if (!recursive && process.find(each, false)?.kind === 'symlink' && process.find(each) === undefined)
          throw new DanglingLink('ENOENT', each);
        const inode = process.lookup(each, !recursive);
        if (inode.kind === 'symlink') continue;
        process.kernel.tree.chmod(
          process.path(each),
          parseMode(text, inode.mode, inode.kind === 'directory'),
          process.credentials,
        );
      }
    });
  } catch (error) {
    if (error instanceof ShellError) return process.fail(error.message);
    throw error;
  }
};

/** Owner ids from `user`, `user:group`, `:group`, `user:`. Gives the message of chown(1) for an unknown name. */
export function parseOwner(
  process: Process,
  text: string,
  groupOnly: boolean,
): { uid?: number; gid?: number } | string {
  const [first = '', second] = groupOnly ? ['', text] : text.split(/[:.](.*)/s);
  const ids: { uid?: number; gid?: number } = {};
  const user = first === '' ? undefined : findUser(process.kernel, first);
  if (first !== '' && !user && !/^\d+$/.test(first)) return `invalid user: '${text}'`;
  if (first !== '') ids.uid = user?.uid ?? Number(first);
  if (second === undefined) return ids;
  if (second === '') return user ? { ...ids, gid: user.gid } : ids;
  const group = findGroup(process.kernel, second);
  if (!group && !/^\d+$/.test(second)) return groupOnly ? `invalid group: '${text}'` : `invalid group: '${text}'`;
  return { ...ids, gid: group?.gid ?? Number(second) };
}

function changeOwner(groupOnly: boolean): Program {
  return async (process) => {
    const options = parseOptions(process, 'R recursive h no-dereference f v c reference= from= L H P silent quiet');
    const reference = options.value('reference');
    const source = reference === undefined ? undefined : process.lookup(reference);
    const operands = source ? options.operands : options.operands.slice(1);
    const ids = source
      ? { uid: source.uid, gid: source.gid }
      : parseOwner(process, options.operands[0] ?? '', groupOnly);
    if (typeof ids === 'string') return process.fail(ids);
    if (operands.length === 0)
      throw new UsageError(
        options.operands[0] === undefined
          ? 'missing operand'
          : `missing operand after ${quotedName(options.operands[0])}`,
      );
    const recursive = options.has('R', 'recursive');
    const verb = groupOnly || ids.uid === undefined ? 'changing group of' : 'changing ownership of';
    return forEachOperand(process, operands, refusedChange(process, verb), (path) => {
      for (const each of recursive ? walk(process, path) : [path]) {
        process.kernel.tree.chown(
          process.path(each),
          ids,
          process.credentials,
          !options.has('h', 'no-dereference') && !recursive,
        );
      }
    });
  };
}

export const chown = changeOwner(false);
export const chgrp = changeOwner(true);

export const mktemp: Program = async (process) => {
  const options = parseOptions(process, 'd directory u dry-run q quiet t p:: tmpdir:: suffix=');
  const folder = options.value('p', 'tmpdir') ?? process.environment.get('TMPDIR') ?? '/tmp';
  const given = options.operands[0];
  const inFolder = given === undefined || options.has('t', 'p', 'tmpdir');
  const template = given ?? 'tmp.XXXXXXXXXX';
  if (!/XXX/.test(template)) return process.fail(`too few X's in template '${template}'`);
  const name = template.replace(/X{3,}(?=[^X]*$)/, (run) => randomLetters(run.length));
  const path = (inFolder ? `${folder}/${name}` : name) + (options.value('suffix') ?? '');
  try {
    if (!options.has('u', 'dry-run')) {
      const isFolder = options.has('d', 'directory');
      process.kernel.tree.create(
        process.path(path),
        process.credentials,
        isFolder ? 'directory' : 'file',
        isFolder ? 0o700 : 0o600,
      );
    }
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    const what = options.has('d', 'directory') ? 'directory' : 'file';
    return process.fail(
      `failed to create ${what} via template '${inFolder ? `${folder}/${template}` : template}': ${error.message}`,
    );
  }
  await process.out(`${path}\n`);
  return 0;
};

function randomLetters(count: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  return [...crypto.getRandomValues(new Uint8Array(count))].map((byte) => letters[byte % letters.length]).join('');
}

/** Whether a process may read this file. */
export function mayRead(process: Process, inode: Inode): boolean {
  return permits(inode, process.credentials, 4);
}

/** sync(1). */
export const sync: Program = async (process) => {
  const options = parseOptions(process, 'd data f file-system');
  let status = 0;
  for (const path of options.operands) {
    try {
      process.lookup(path);
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      status = await process.fail(`error opening ${quotedName(path)}: ${error.message}`);
    }
  }
  return status;
};
