import { FileSystemError } from '../../disk/file-system-error.ts';
import { type Inode, permits } from '../../disk/inode.ts';
import type { Process, Program } from '../../shell/process.ts';
import { forEachOperand, parseMode, parseOwner } from './file-commands.ts';
import { type Options, parseOptions, UsageError } from './options.ts';
import { quotedName } from './quoted-name.ts';

const baseName = (path: string): string => path.split('/').filter(Boolean).pop() ?? '/';

/** What a copy keeps of the original. */
interface Keep {
  recursive: boolean;
  links: boolean;
  mode: boolean;
  owner: boolean;
  times: boolean;
}

/** Splits operands into sources and a goal folder or file, as cp, mv and install take them. */
function goalOf(
  process: Process,
  options: Options,
): { sources: string[]; target: (source: string) => string; missing: boolean } {
  const operands = [...options.operands];
  const given = options.value('t', 'target-directory');
  const goal = given ?? operands.pop() ?? '';
  const isFolder =
    given !== undefined || (!options.has('T', 'no-target-directory') && process.find(goal)?.kind === 'directory');
  const target = (source: string): string => (isFolder ? `${goal.replace(/(.)\/$/, '$1')}/${baseName(source)}` : goal);
  return { sources: operands, target, missing: operands.length === 0 };
}

function missingOperand(options: Options): UsageError {
  const [only] = options.operands;
  return new UsageError(
    only === undefined ? 'missing file operand' : `missing destination file operand after ${quotedName(only)}`,
  );
}

/** Copies one file, link or tree. Throws FileSystemError. */
export function copyEntry(process: Process, from: string, to: string, keep: Keep): void {
  const { tree } = process.kernel;
  const source = process.lookup(from, !keep.links);
  if (!permits(source, process.credentials, 4) && source.kind !== 'symlink') throw new FileSystemError('EACCES', from);
  const path = process.path(to);
  if (source.kind === 'directory') {
    if (!keep.recursive) throw new FileSystemError('EISDIR', from);
    if (!process.find(to)) tree.create(path, process.credentials, 'directory', source.mode & ~process.umask);
    for (const name of tree.list(process.path(from), process.credentials))
      copyEntry(process, `${from}/${name}`, `${to}/${name}`, keep);
  } else if (source.kind === 'symlink') {
    if (process.find(to, false)) tree.unlink(path, process.credentials);
    tree.symlink(source.target ?? '', path, process.credentials);
  } else {
    const file = process.open(to, 'w', source.mode & 0o777);
    file.release();
    const copy = process.lookup(to);
    if (source.view) process.writeFile(to, source.view.read());
    else if (copy.kind === 'file' && !copy.view) tree.setContent(copy, source.content ?? new Uint8Array(0));
    else copy.view?.write?.(Buffer.from(source.content ?? []).toString('latin1'));
  }
  preserve(process, source, to, keep);
}

function preserve(process: Process, source: Inode, to: string, keep: Keep): void {
  const { tree } = process.kernel;
  const path = process.path(to);
  const follow = source.kind !== 'symlink';
  if (keep.owner && process.credentials.uid === 0)
    tree.chown(path, { uid: source.uid, gid: source.gid }, process.credentials, follow);
  if (keep.mode && follow) tree.chmod(path, source.mode, process.credentials);
  if (keep.mode && source.context !== undefined) process.lookup(to, follow).context = source.context;
  if (keep.times) tree.setTimes(path, source.mtimeMs, process.credentials, follow);
}

/** A goal that cannot even be looked at: below a file, or in a folder that may not be entered. */
function refusedGoal(process: Process, goal: string): string | undefined {
  try {
    process.lookup(goal, false);
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    if (error.code !== 'ENOENT') return `cannot stat ${quotedName(goal)}: ${error.message}`;
  }
  return undefined;
}

function refusedCopy(process: Process, source: string, goal: string, error: FileSystemError): string {
  const from = process.find(source);
  if (from === undefined) return `cannot stat ${quotedName(source)}`;
  if (error.code === 'EACCES' && !permits(from, process.credentials, 4))
    return `cannot open ${quotedName(source)} for reading`;
  return `cannot create regular file ${quotedName(goal)}`;
}

export const cp: Program = async (process) => {
  const options = parseOptions(
    process,
    'a archive x one-file-system r R recursive p preserve:: f force T no-target-directory t: target-directory= P d L H n no-clobber u v verbose i l s reflink:: sparse= b Z no-preserve=',
  );
  const { sources, target, missing } = goalOf(process, options);
  if (missing) throw missingOperand(options);
  const archive = options.has('a', 'archive');
  const kept = options.has('p')
    ? 'mode,ownership,timestamps'
    : (options.value('preserve') ?? (options.has('preserve') ? 'mode,ownership,timestamps' : ''));
  const keep: Keep = {
    recursive: archive || options.has('r', 'R', 'recursive'),
    links: archive || options.has('P', 'd') || (options.has('r', 'R', 'recursive') && !options.has('L', 'H')),
    mode: archive || /mode|all/.test(kept),
    owner: archive || /ownership|all/.test(kept),
    times: archive || /timestamps|all/.test(kept),
  };
  let status = 0;
  for (const source of sources) {
    const goal = target(source);
    if (options.has('n', 'no-clobber') && process.find(goal, false)) continue;
    try {
      const inode = process.find(source, !keep.links);
      if (inode?.kind === 'directory' && !keep.recursive)
        status = await process.fail(`-r not specified; omitting directory ${quotedName(source)}`);
      else if (inode && inode === process.find(goal))
        status = await process.fail(`${quotedName(source)} and ${quotedName(goal)} are the same file`);
      else {
        const refused = inode === undefined ? undefined : refusedGoal(process, goal);
        if (refused === undefined) copyEntry(process, source, goal, keep);
        else status = await process.fail(refused);
      }
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      status = await process.fail(`${refusedCopy(process, source, goal, error)}: ${error.message}`);
    }
  }
  return status;
};

export const mv: Program = async (process) => {
  const options = parseOptions(
    process,
    'f force n no-clobber T no-target-directory t: target-directory= v verbose i u b Z',
  );
  const { sources, target, missing } = goalOf(process, options);
  if (missing) throw missingOperand(options);
  let status = 0;
  for (const source of sources) {
    const goal = target(source);
    if (options.has('n', 'no-clobber') && process.find(goal, false)) continue;
    const refusal = refusedMove(process, source, goal) ?? move(process, source, goal);
    if (refusal !== undefined) status = await process.fail(refusal);
  }
  return status;
};

/** What GNU mv finds wrong before it asks the kernel. */
function refusedMove(process: Process, source: string, goal: string): string | undefined {
  try {
    const from = process.lookup(source, false);
    const unknown = refusedGoal(process, goal);
    if (unknown !== undefined) return unknown;
    const to = process.find(goal, false);
    const leadsThere = from.kind === 'symlink' && to?.kind === 'file' && process.find(source) === to;
    if (from === to || leadsThere) return `${quotedName(source)} and ${quotedName(goal)} are the same file`;
    if (from.kind === 'directory' && to !== undefined && to.kind !== 'directory')
      return `cannot overwrite non-directory ${quotedName(goal)} with directory ${quotedName(source)}`;
    if (from.kind !== 'directory' && to?.kind === 'directory')
      return `cannot overwrite directory ${quotedName(goal)} with non-directory`;
    if (/(?:^|\/)\.\.?\/*$/.test(source))
      return `cannot move ${quotedName(source)} to ${quotedName(goal)}: Device or resource busy`;
    return undefined;
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    return `cannot stat ${quotedName(source)}: ${error.message}`;
  }
}

function move(process: Process, source: string, goal: string): string | undefined {
  const plain = (path: string): string => process.path(path.replace(/(.)\/+$/, '$1'));
  try {
    process.kernel.tree.rename(plain(source), plain(goal), process.credentials);
    return undefined;
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    if (error.code === 'EINVAL')
      return `cannot move ${quotedName(source)} to a subdirectory of itself, ${quotedName(goal)}`;
    if (error.code !== 'EXDEV') return `cannot move ${quotedName(source)} to ${quotedName(goal)}: ${error.message}`;
  }
  // To another file system mv copies and removes.
  try {
    if (process.find(goal, false)?.kind === 'file') process.kernel.tree.unlink(plain(goal), process.credentials);
    copyEntry(process, source, goal, { recursive: true, links: true, mode: true, owner: true, times: true });
    removeTree(process, source);
    return undefined;
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    return `cannot move ${quotedName(source)} to ${quotedName(goal)}: ${error.message}`;
  }
}

/** Removes a file or a directory with everything in it. Throws FileSystemError. */
export function removeTree(process: Process, path: string): void {
  const { tree } = process.kernel;
  const full = process.path(path);
  if (process.lookup(path, false).kind !== 'directory') {
    tree.unlink(full, process.credentials);
    return;
  }
  for (const name of tree.list(full, process.credentials)) removeTree(process, `${full}/${name}`);
  tree.removeDirectory(full, process.credentials);
}

export const install: Program = async (process) => {
  const options = parseOptions(
    process,
    'd directory m: mode= o: owner= g: group= D T no-target-directory t: target-directory= v verbose p C compare s b Z c',
  );
  const owner = options.value('o', 'owner');
  const group = options.value('g', 'group');
  const ids = parseOwner(process, `${owner ?? ''}${group === undefined ? '' : `:${group}`}`, false);
  if (typeof ids === 'string') return process.fail(ids);
  const isFolder = options.has('d', 'directory');
  const mode = parseMode(options.value('m', 'mode') ?? '755', 0, isFolder);
  const finish = (path: string): void => {
    process.kernel.tree.chmod(process.path(path), mode, process.credentials);
    if (ids.uid !== undefined || ids.gid !== undefined)
      process.kernel.tree.chown(process.path(path), ids, process.credentials);
  };
  if (isFolder) {
    return forEachOperand(process, options.operands, 'cannot create directory', (path) => {
      makeParents(process, `${path}/x`);
      finish(path);
    });
  }
  const { sources, target, missing } = goalOf(process, options);
  if (missing) throw missingOperand(options);
  return forEachOperand(process, sources, 'cannot install', async (source) => {
    const goal = target(source);
    if (options.has('D')) makeParents(process, goal);
    const text = source === '/dev/stdin' || source === '-' ? await process.readAll() : await process.readFile(source);
    // GNU install unlinks first, so that a running program's file is not written to.
    if (process.find(goal, false)) process.kernel.tree.unlink(process.path(goal), process.credentials);
    process.writeFile(goal, text, 0o600);
    finish(goal);
    if (options.has('p'))
      process.kernel.tree.setTimes(process.path(goal), process.lookup(source).mtimeMs, process.credentials);
  });
};

function makeParents(process: Process, path: string): void {
  const parts = process.path(path).split('/').slice(1, -1);
  for (let count = 1; count <= parts.length; count += 1) {
    const part = `/${parts.slice(0, count).join('/')}`;
    if (!process.find(part)) process.kernel.tree.create(part, process.credentials, 'directory', 0o755);
  }
}
