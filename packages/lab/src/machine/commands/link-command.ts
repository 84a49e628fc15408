import { FileSystemError } from '../../disk/file-system-error.ts';
import type { Inode } from '../../disk/inode.ts';
import type { Process, Program } from '../../shell/process.ts';
import { Complaint, forEachOperand } from './file-commands.ts';
import { parseOptions, UsageError } from './options.ts';
import { quotedName } from './quoted-name.ts';

/** ln -f replaces no folder. */
class FolderInTheWay extends Complaint {}

/** ln -f would replace the target by a link to itself. */
class SameFile extends Complaint {}

/** ln -f cannot look at what it is to replace. */
class Unreachable extends FileSystemError {}

/** ln(1). */
export const ln: Program = async (process) => {
  const options = parseOptions(process, 's symbolic f force n no-dereference T no-target-directory v r relative t: b');
  const { tree } = process.kernel;
  const operands = [...options.operands];
  const last = options.value('t') ?? (operands.length > 1 ? operands.pop() : undefined) ?? '.';
  const treatAsLink = options.has('n', 'no-dereference', 'T', 'no-target-directory');
  const isFolder = process.find(last, !treatAsLink)?.kind === 'directory' && !options.has('T', 'no-target-directory');
  if (operands.length === 0 || options.operands.length === 0) throw new UsageError('missing file operand');
  const symbolic = options.has('s', 'symbolic');
  const goalOf = (target: string): string =>
    isFolder ? `${last.replace(/\/$/, '')}/${target.split('/').filter(Boolean).pop()}` : last;
  const said = (error: FileSystemError, target: string): string => {
    const goal = goalOf(target);
    if (error instanceof FolderInTheWay) return `${goal}: cannot overwrite directory`;
    if (error instanceof SameFile) return `${quotedName(target)} and ${quotedName(goal)} are the same file`;
    if (error instanceof Unreachable) return `failed to access ${quotedName(goal)}`;
    return symbolic
      ? `failed to create symbolic link ${quotedName(goal)}`
      : `failed to create hard link ${quotedName(goal)} => ${quotedName(target)}`;
  };
  return forEachOperand(process, operands, said, (target) => {
    const path = process.path(goalOf(target));
    const force = options.has('f', 'force');
    const present = force ? presentAt(process, path, target) : undefined;
    if (present?.kind === 'directory') throw new FolderInTheWay('EISDIR', path);
    if (present) {
      // GNU ln -f replaces by rename, so that the name never vanishes.
      const temporary = `${path}.${process.pid}~`;
      makeLink(process, target, temporary, symbolic);
      tree.rename(temporary, path, process.credentials);
    } else makeLink(process, target, path, symbolic);
  });
};

/** What `ln -f` is to replace. Throws for what it cannot look at, and for the target itself. */
function presentAt(process: Process, path: string, target: string): Inode | undefined {
  let present: Inode;
  try {
    present = process.lookup(path, false);
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    if (error.code === 'ENOENT') return undefined;
    throw new Unreachable(error.code, path);
  }
  if (present.kind !== 'directory' && present === process.find(target)) throw new SameFile('EEXIST', path);
  return present;
}

function makeLink(process: Process, target: string, path: string, symbolic: boolean): void {
  if (symbolic) process.kernel.tree.symlink(target, path, process.credentials);
  else process.kernel.tree.link(process.path(target), path, process.credentials);
}
