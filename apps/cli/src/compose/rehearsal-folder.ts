import { createHash, randomBytes } from 'node:crypto';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { AppError } from '@vmstation/core';
import { clusterFileName, stateFolderName } from '@vmstation/workspace';

/** Below the state directory of a rehearsal: where it comes from, and what was copied. A folder without it is no rehearsal. */
export const rehearsalNote = 'rehearsal.json';

/** What never goes into a rehearsal: state, and version control. */
const leftOut = new Set([stateFolderName, '.git']);

/** The operator's key for secrets, below a state directory. */
const identityFile = 'age-identity.txt';

/** What a rehearsal remembers of its last copy. */
interface Note {
  readonly from: string;
  /** Relative path → what stood there: a digest, or the target of a link. */
  readonly files: Readonly<Record<string, string>>;
}

/** What a refresh did. Paths are relative to the workspace. */
export interface RehearsalCopy {
  readonly folder: string;
  readonly from: string;
  readonly isNew: boolean;
  readonly copied: readonly string[];
  readonly removed: readonly string[];
  /** Changed by hand in the rehearsal since the last copy, and where it was put. */
  readonly setAside: { readonly files: readonly string[]; readonly folder: string } | undefined;
  /** Links that lead nowhere or to folders outside, sockets and the like: no part of what the product reads. */
  readonly skipped: readonly string[];
}

/** The folder of the cluster file that is to be rehearsed; absolute, links followed. Throws lab/nothing-to-rehearse. */
export async function rehearsedRoot(given: string): Promise<string> {
  const found = await stat(given).catch(() => undefined);
  const folder = found?.isDirectory() === true ? given : dirname(given);
  const isNamed = found?.isDirectory() === true || basename(given) === clusterFileName;
  const file = await stat(join(folder, clusterFileName)).catch(() => undefined);
  if (found !== undefined && isNamed && file?.isFile() === true) return realpath(folder);
  throw new AppError({
    code: 'lab/nothing-to-rehearse',
    kind: 'user',
    message: `${given} is no ${clusterFileName}, and no folder that has one.`,
    tryThis: `Name the cluster file to rehearse: vmstation lab start --from my-cluster/${clusterFileName}`,
    context: { given },
  });
}

/** Where a workspace is rehearsed unless its operator says where: in the user's own state folder, one for each workspace. */
export function usualRehearsalFolder(from: string, env: Readonly<Record<string, string | undefined>>): string {
  const state = env['XDG_STATE_HOME'] ?? join(env['HOME'] ?? '/var/tmp', '.local', 'state');
  const mark = createHash('sha256').update(from).digest('hex').slice(0, 8);
  return join(state, 'vmstation', 'rehearsals', `${basename(from)}-${mark}`);
}

/**
 * Makes the rehearsal of a workspace, or brings it up to date: everything but state and version control is as in the original, whose key
 * opens the secrets here too. Nothing is written in the original.
 * Throws lab/not-a-rehearsal, lab/rehearsal-inside, lab/other-rehearsal.
 */
export async function refreshRehearsal(from: string, folder: string): Promise<RehearsalCopy> {
  const target = await placeOf(folder);
  refuseOverlap(from, target);
  const before = await noteOf(target);
  if (before === undefined) await refuseOccupied(target);
  else if (before.from !== from) throw otherRehearsal(target, before.from);
  await mkdir(join(target, stateFolderName), { recursive: true, mode: 0o700 });
  // It holds what the original's folder may keep from others.
  await chmod(target, 0o700);
  const { files, skipped } = await sourcesOf(from);
  const setAside = before === undefined ? undefined : await putAside(target, before);
  const copied: string[] = [];
  const marks: Record<string, string> = {};
  for (const source of files) {
    const mark = await markOf(source);
    marks[source.path] = mark;
    const isSame = before?.files[source.path] === mark && setAside?.files.includes(source.path) !== true;
    if (isSame && (await markAt(join(target, source.path))) === mark) continue;
    await put(source, target);
    copied.push(source.path);
  }
  const removed = Object.keys(before?.files ?? {}).filter((path) => marks[path] === undefined);
  for (const path of removed) await rm(join(target, path), { force: true });
  await linkIdentity(from, target);
  await writeNote(target, { from, files: marks });
  return { folder: target, from, isNew: before === undefined, copied, removed, setAside, skipped };
}

/** A file or link of the original as the rehearsal gets it. */
interface Source {
  readonly path: string;
  /** What the content is read from, absolute. */
  readonly content: string;
  /** For a link within the workspace: where it points, relative. */
  readonly link?: string;
}

/** Everything in the original that is copied. Links within it stay links; those that lead out of it become the file they lead to. */
async function sourcesOf(root: string): Promise<{ files: readonly Source[]; skipped: readonly string[] }> {
  const files: Source[] = [];
  const skipped: string[] = [];
  const visit = async (below: string): Promise<void> => {
    const entries = await readdir(join(root, below), { withFileTypes: true });
    for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
      if (below === '' && leftOut.has(entry.name)) continue;
      const path = join(below, entry.name);
      const content = join(root, path);
      if (entry.isDirectory()) await visit(path);
      else if (entry.isFile()) files.push({ path, content });
      else {
        const source = entry.isSymbolicLink() ? await linkSource(root, path) : undefined;
        if (source === undefined) skipped.push(path);
        else files.push(source);
      }
    }
  };
  await visit('');
  return { files, skipped };
}

async function linkSource(root: string, path: string): Promise<Source | undefined> {
  const content = join(root, path);
  const goal = await realpath(content).catch(() => undefined);
  if (goal === undefined) return undefined;
  const inside = relative(root, goal);
  if (inside !== '' && !isOutside(inside) && !leftOut.has(inside.split(sep)[0] ?? ''))
    return { path, content: goal, link: relative(dirname(content), goal) };
  return (await stat(goal)).isFile() ? { path, content: goal } : undefined;
}

async function markOf({ content, link }: Source): Promise<string> {
  if (link !== undefined) return `link ${link}`;
  const { mode } = await stat(content);
  const digest = createHash('sha256')
    .update(await readFile(content))
    .digest('hex');
  return `${(mode & 0o777).toString(8)} ${digest}`;
}

/** What stands at a path of the rehearsal, in the words of {@link markOf}. */
async function markAt(path: string): Promise<string | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSymbolicLink() === true) return `link ${await readlink(path)}`;
  return found?.isFile() === true ? markOf({ path, content: path }) : undefined;
}

async function put({ path, content, link }: Source, target: string): Promise<void> {
  const goal = join(target, path);
  await makeFolders(target, dirname(path));
  const beside = `${goal}.${randomBytes(4).toString('hex')}`;
  if (link === undefined) await copyFile(content, beside);
  else await symlink(link, beside);
  await rename(beside, goal);
}

/** Folders above a file; a file of the last copy that stands where a folder must be goes. */
async function makeFolders(target: string, below: string): Promise<void> {
  if (below === '.') return;
  await makeFolders(target, dirname(below));
  const folder = join(target, below);
  const found = await lstat(folder).catch(() => undefined);
  if (found?.isDirectory() === true) return;
  await rm(folder, { force: true });
  await mkdir(folder, { recursive: true });
}

/** Takes what was changed by hand in the rehearsal out of the way, so that the next copy loses nothing. */
async function putAside(target: string, { files }: Note): Promise<RehearsalCopy['setAside']> {
  const { files: present } = await sourcesOf(target);
  const changed: string[] = [];
  for (const source of present)
    if ((await markAt(join(target, source.path))) !== files[source.path]) changed.push(source.path);
  if (changed.length === 0) return undefined;
  const folder = join(target, stateFolderName, 'set-aside', new Date().toISOString().replaceAll(/[:.]/g, '-'));
  for (const path of changed) {
    await mkdir(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
    await rename(join(target, path), join(folder, path));
  }
  return { files: changed, folder };
}

/** The key stays where it is: a link to it opens the same secrets, and there is no second copy to lose. */
async function linkIdentity(from: string, target: string): Promise<void> {
  const key = join(from, stateFolderName, identityFile);
  const link = join(target, stateFolderName, identityFile);
  await rm(link, { force: true });
  if ((await stat(key).catch(() => undefined)) !== undefined) await symlink(key, link);
}

async function noteOf(target: string): Promise<Note | undefined> {
  const text = await readFile(join(target, stateFolderName, rehearsalNote), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Note);
}

async function writeNote(target: string, note: Note): Promise<void> {
  const file = join(target, stateFolderName, rehearsalNote);
  await writeFile(`${file}.new`, `${JSON.stringify(note, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** The absolute path of a folder that may not exist yet, with the links above it followed. */
async function placeOf(folder: string): Promise<string> {
  const absolute = resolve(folder);
  const found = await realpath(absolute).catch(() => undefined);
  if (found !== undefined) return found;
  return dirname(absolute) === absolute ? absolute : join(await placeOf(dirname(absolute)), basename(absolute));
}

function isOutside(path: string): boolean {
  return path === '..' || path.startsWith(`..${sep}`);
}

function refuseOverlap(from: string, target: string): void {
  const overlaps = !isOutside(relative(from, target)) || !isOutside(relative(target, from));
  if (!overlaps) return;
  throw new AppError({
    code: 'lab/rehearsal-inside',
    kind: 'user',
    message: `The rehearsal would be at ${target} and the original is at ${from}: one inside the other. A rehearsal writes nothing in its original.`,
    tryThis: 'Leave --workspace out, or name a folder beside the original.',
    context: { from, target },
  });
}

async function refuseOccupied(target: string): Promise<void> {
  const entries = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (entries.length === 0) return;
  throw new AppError({
    code: 'lab/not-a-rehearsal',
    kind: 'user',
    message: `${target} is not empty and no rehearsal, so nothing was copied there.`,
    tryThis: 'Name a folder that does not exist yet, or leave --workspace out.',
    context: { target },
  });
}

function otherRehearsal(target: string, from: string): AppError {
  return new AppError({
    code: 'lab/other-rehearsal',
    kind: 'user',
    message: `${target} is the rehearsal of ${from}, and a folder rehearses one workspace only.`,
    tryThis: 'Name another folder with --workspace, or leave it out.',
    context: { target, from },
  });
}
