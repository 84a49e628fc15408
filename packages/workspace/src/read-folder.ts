import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Fault } from '@vmstation/core';
import { isMissing } from './find-workspace.ts';
import { faultOfFile, type LocatedFault } from './located-fault.ts';

/** Largest file that is taken from a workspace folder. */
export const largestFileBytes = 1024 * 1024;

/** A text file below a folder of the workspace. */
export interface FoundFile {
  /** Workspace-relative, with `/`. */
  readonly origin: string;
  /** Parts of the path below the folder. */
  readonly parts: readonly string[];
  readonly content: string;
  readonly executable: boolean;
}

/** What a folder holds, and what in it cannot be taken. */
export interface FoundFiles {
  readonly files: readonly FoundFile[];
  readonly faults: readonly LocatedFault[];
}

/** Codes for files that are refused. */
export interface FileFaultCodes {
  readonly unsafePath: Fault['code'];
  readonly unsafeLink: Fault['code'];
  readonly binaryFile: Fault['code'];
  readonly tooLarge: Fault['code'];
}

/** Read side by side in one folder: a start is shorter, and open files stay few. */
const filesAtOnce = 16;

const ignoredNames = new Set(['.gitkeep', '.DS_Store']);

/** Entries of a folder, sorted; empty when it does not exist. */
export async function entriesOf(
  folder: string,
): Promise<readonly { readonly name: string; readonly isFolder: boolean }[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => !ignoredNames.has(entry.name))
      .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** The text of a file; undefined when it is absent. */
export async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Reads every text file below a folder of the workspace. Files that cannot be taken are faults, never skipped silently. */
export async function readTextFiles(root: string, folder: string, codes: FileFaultCodes): Promise<FoundFiles> {
  const realRoot = await realpath(root);
  type Taken = FoundFile | LocatedFault;
  const visit = async (parts: readonly string[]): Promise<readonly Taken[]> => {
    const entries = await entriesOf(join(root, folder, ...parts));
    const taken: Taken[] = [];
    for (let first = 0; first < entries.length; first += filesAtOnce) {
      const some = entries.slice(first, first + filesAtOnce).map(async ({ name, isFolder }) => {
        const below = [...parts, name];
        return isFolder ? visit(below) : [await readTextFile(root, realRoot, folder, below, codes)];
      });
      taken.push(...(await Promise.all(some)).flat());
    }
    return taken;
  };
  const all = await visit([]);
  return {
    files: all.filter((one): one is FoundFile => !('code' in one)),
    faults: all.filter((one): one is LocatedFault => 'code' in one),
  };
}

async function readTextFile(
  root: string,
  realRoot: string,
  folder: string,
  parts: readonly string[],
  codes: FileFaultCodes,
): Promise<FoundFile | LocatedFault> {
  const origin = [folder, ...parts].join('/');
  const path = join(root, origin);
  // oxlint-disable-next-line no-control-regex -- names with control characters are what is refused
  if (parts.some((part) => /[\u0000-\u001F\u007F\\]/.test(part))) {
    return faultOfFile(
      codes.unsafePath,
      origin,
      'The name has control characters or a backslash in it.',
      'Rename the file.',
    );
  }
  const link = await lstat(path);
  if (link.isSymbolicLink()) {
    const refused = await refusedLink(path, realRoot, origin, codes);
    if (refused !== undefined) return refused;
  }
  const status = link.isSymbolicLink() ? await stat(path) : link;
  if (!status.isFile()) {
    return faultOfFile(codes.unsafePath, origin, 'This is neither a file nor a folder.', 'Remove it.');
  }
  if (status.size > largestFileBytes) {
    const size = (status.size / 1024 / 1024).toFixed(1);
    return faultOfFile(
      codes.tooLarge,
      origin,
      `The file has ${size} MiB; at most 1 MiB is sent with a check of a node.`,
      'Install it as a package, or fetch it on the node.',
    );
  }
  const bytes = await readFile(path);
  const content = textFrom(bytes);
  if (content === undefined) {
    return faultOfFile(
      codes.binaryFile,
      origin,
      'The file is not UTF-8 text, so no difference could be shown and compared.',
      'Keep binary files out of the workspace: install them as a package, or fetch them on the node.',
    );
  }
  return { origin, parts, content, executable: (status.mode & 0o100) !== 0 };
}

async function refusedLink(
  path: string,
  realRoot: string,
  origin: string,
  codes: FileFaultCodes,
): Promise<LocatedFault | undefined> {
  let target: string;
  try {
    target = await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP')
      return faultOfFile(codes.unsafeLink, origin, 'The link leads back to itself.', 'Remove the link.');
    if (!isMissing(error)) throw error;
    return faultOfFile(codes.unsafeLink, origin, 'The link points at nothing.', 'Mend or remove the link.');
  }
  const inside = relative(realRoot, target);
  if (inside === '..' || inside.startsWith(`..${sep}`) || inside === '') {
    return faultOfFile(
      codes.unsafeLink,
      origin,
      'The link leads out of the workspace.',
      'Put a copy of the file here.',
    );
  }
  if (inside.split(sep)[0] === '.vmstation') {
    return faultOfFile(
      codes.unsafeLink,
      origin,
      'The link leads into the workspace’s state, which holds keys.',
      'Put a copy of the file here.',
    );
  }
  if ((await stat(target)).isDirectory()) {
    return faultOfFile(
      codes.unsafeLink,
      origin,
      'The link leads to a folder.',
      'Link single files, or copy the folder.',
    );
  }
  return undefined;
}

/** UTF-8 text of bytes; undefined when they are none, or hold a NUL. */
export function textFrom(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
