import { randomBytes } from 'node:crypto';
import { link, mkdir, rm, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AppError } from '@vmstation/core';
import { clusterFileName } from './find-workspace.ts';
import type { ImportedCluster } from './inventory/imported-cluster.ts';
import { stateFolderName } from './load-workspace.ts';
import { textOf } from './read-folder.ts';
import { encryptFor, identityFileName, recipientsFileName } from './secrets.ts';
import {
  blankFiles,
  commonFiles,
  exampleFiles,
  generatedSecrets,
  ignoredState,
  importedFiles,
  type StarterFile,
} from './starter-files.ts';
import { requireUsablePath } from './usable-path.ts';
import { writeFileAtomically } from './write-file.ts';

/** A workspace that was just made. */
export interface NewWorkspace {
  /** Absolute. */
  readonly root: string;
  /** Workspace-relative names of the files that were written, sorted. */
  readonly files: readonly string[];
  /** The second key that opens the secrets. It is stored nowhere: print it once, for the operator to keep. */
  readonly recoveryKey: string;
}

/**
 * Makes a workspace in a folder (made when it is absent): the example cluster, the machines of an inventory, or a cluster file to fill in.
 * All files are made beside and then put in place, the cluster file last; when that fails, none of them stays.
 * Throws workspace/path-unusable, and workspace/exists when the folder is a workspace, or has a file that would be overwritten.
 */
export async function initWorkspace(
  folder: string,
  options: { readonly example: boolean; readonly imported?: ImportedCluster },
): Promise<NewWorkspace> {
  const root = resolve(folder);
  requireUsablePath(root);
  await refuseExisting(root, clusterFileName);
  const { secretFiles, recoveryKey } = await makeSecrets(options.example);
  const chosen = chosenFiles(clusterNameOf(root), options);
  const files = [...commonFiles(), ...chosen, ...secretFiles];
  const ignore = await textOf(join(root, '.gitignore'));
  const fresh = ignore === undefined ? files : files.filter((file) => file.path !== '.gitignore');
  for (const file of fresh) await refuseExisting(root, file.path);
  await placeAll(root, fresh);
  if (ignore !== undefined && !ignore.split(/\r?\n/).includes(ignoredState)) {
    const joint = ignore === '' || ignore.endsWith('\n') ? '' : '\n';
    const modes = { mode: 0o644, directoryMode: 0o755 };
    await writeFileAtomically(join(root, '.gitignore'), `${ignore}${joint}${ignoredState}\n`, modes);
  }
  return { root, files: files.map((file) => file.path).toSorted(), recoveryKey };
}

function chosenFiles(
  clusterName: string,
  { example, imported }: { readonly example: boolean; readonly imported?: ImportedCluster },
): readonly StarterFile[] {
  if (imported !== undefined) return importedFiles(clusterName, imported);
  return example ? exampleFiles() : blankFiles(clusterName);
}

/** A cluster name from the folder's: a DNS label. */
function clusterNameOf(root: string): string {
  const name = basename(root)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
  return name === '' ? 'homelab' : name;
}

async function makeSecrets(
  example: boolean,
): Promise<{ readonly secretFiles: readonly StarterFile[]; readonly recoveryKey: string }> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = await generateX25519Identity();
  const recoveryKey = await generateX25519Identity();
  const recipients = [await identityToRecipient(identity), await identityToRecipient(recoveryKey)];
  const keyFile = `# Opens the secrets of this workspace. Keep it out of git.\n# public key: ${recipients[0]}\n${identity}\n`;
  const recipientLines = `# The operator\n${recipients[0]}\n# The recovery key, printed once when the workspace was made\n${recipients[1]}\n`;
  const secretFiles: StarterFile[] = [
    { path: `${stateFolderName}/${identityFileName}`, content: keyFile, mode: 0o600 },
    { path: recipientsFileName, content: recipientLines, mode: 0o644 },
  ];
  for (const [name, value] of Object.entries(generatedSecrets(example))) {
    secretFiles.push({ path: `secrets/${name}.age`, content: await encryptFor(recipients, value), mode: 0o644 });
  }
  return { secretFiles, recoveryKey };
}

async function refuseExisting(root: string, path: string): Promise<void> {
  if ((await textOf(join(root, path)).catch(() => '')) === undefined) return;
  const isWorkspace = path === clusterFileName;
  throw new AppError({
    code: 'workspace/exists',
    kind: 'user',
    message: isWorkspace
      ? `${root} is a workspace already; nothing was written.`
      : `${join(root, path)} exists, and a new workspace would overwrite it; nothing was written.`,
    tryThis: isWorkspace
      ? 'Run vmstation check there, or name another folder.'
      : 'Move that file away, or name another folder.',
    context: { workspace: root, file: path },
  });
}

/** Writes all files into a folder beside their places, then links them there; undoes everything when one cannot be placed. */
async function placeAll(root: string, files: readonly StarterFile[]): Promise<void> {
  const madeRoot = await mkdir(root, { recursive: true });
  const staging = join(root, `.vmstation-init-${randomBytes(6).toString('hex')}`);
  const placed: string[] = [];
  const madeFolders: string[] = [];
  try {
    for (const file of files) {
      const modes = { mode: file.mode, directoryMode: 0o755 };
      await writeFileAtomically(join(staging, file.path), file.content, modes);
    }
    const clusterFileLast = files.toSorted(
      (a, b) => Number(a.path === clusterFileName) - Number(b.path === clusterFileName),
    );
    for (const { path } of clusterFileLast) {
      const mode = path.startsWith(`${stateFolderName}/`) ? 0o700 : 0o755;
      const made = await mkdir(dirname(join(root, path)), { recursive: true, mode });
      if (made !== undefined) madeFolders.push(made);
      // Unlike rename, link never replaces what somebody made meanwhile.
      await link(join(staging, path), join(root, path));
      placed.push(join(root, path));
    }
  } catch (error) {
    for (const path of placed) await unlink(path);
    for (const made of madeFolders) await rm(made, { recursive: true, force: true });
    if (madeRoot !== undefined) await rm(madeRoot, { recursive: true, force: true });
    throw initFailed(root, error);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

function initFailed(root: string, error: unknown): unknown {
  if (error instanceof AppError) return error;
  return new AppError({
    code: 'workspace/not-written',
    kind: 'environment',
    message: `The workspace ${root} could not be made; what was begun has been removed.`,
    tryThis:
      'Check that the folder can be written and that its file system knows hard links, then run the command again.',
    context: { workspace: root },
    cause: error,
  });
}
