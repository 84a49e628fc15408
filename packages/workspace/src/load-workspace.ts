import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AppError,
  type Cluster,
  clusterFileSchema,
  type Fault,
  groupsOf,
  inputHash,
  nodeRoleNames,
  resolveCluster,
  secretReferences,
  validateClusterFile,
  type Workspace,
  writtenSecretReferences,
} from '@vmstation/core';
import { readAppFolders } from './app-folders.ts';
import { readDashboards } from './dashboards.ts';
import { driftIgnoreFileName, readDriftIgnores } from './drift-ignore-file.ts';
import { clusterFileName, findWorkspace } from './find-workspace.ts';
import { type LocatedFault, renderFaults, sortedFaults } from './located-fault.ts';
import { type OverlayTargets, readOverlays } from './overlays.ts';
import { missingPlaybooks, playbooksDigest } from './playbook-folder.ts';
import { entriesOf, textOf } from './read-folder.ts';
import { requireUsablePath } from './usable-path.ts';
import { readVersionsLock, versionsLockName } from './versions-lock-file.ts';
import { readYamlDocument, type YamlDocument } from './yaml-document.ts';

/** Folder of state below the workspace. */
export const stateFolderName = '.vmstation';

/** A workspace with the documents it was read from, for provenance. */
export interface LoadedWorkspace extends Workspace {
  /** By workspace-relative file name: the cluster file, versions.lock, every settings.yaml and app.yaml. */
  readonly documents: ReadonlyMap<string, YamlDocument>;
  /** What was noticed without being refused. */
  readonly warnings: readonly LocatedFault[];
}

/** A workspace, or everything that is wrong with it (warnings included), sorted by place. */
export type LoadResult =
  | { readonly workspace: LoadedWorkspace; readonly faults?: undefined }
  | { readonly workspace?: undefined; readonly faults: readonly LocatedFault[] };

const clusterFileCodes = { syntax: 'cluster-file/syntax', duplicateKey: 'cluster-file/duplicate-name' } as const;

/**
 * Reads and judges everything in a workspace; all faults at once.
 * @param root absolute path of the folder that has `vmstation.yaml`
 * Throws workspace/not-found when the cluster file is not there, workspace/path-unusable; other file system errors as they are.
 */
export async function loadWorkspace(root: string): Promise<LoadResult> {
  requireUsablePath(root);
  const text = await textOf(join(root, clusterFileName));
  if (text === undefined) await findWorkspace(root);
  const document = readYamlDocument(clusterFileName, text ?? '', clusterFileCodes);
  const targets = targetsOf(document);
  const [lockText, ignoreText, apps, overlays, dashboards] = await Promise.all([
    textOf(join(root, versionsLockName)),
    textOf(join(root, driftIgnoreFileName)),
    readAppFolders(root),
    readOverlays(root, targets),
    readDashboards(root),
  ]);
  const lock = readVersionsLock(lockText);
  const ignored = readDriftIgnores(ignoreText, targets?.nodes);
  const all = [
    document,
    ...(lock.document === undefined ? [] : [lock.document]),
    ...(ignored.document === undefined ? [] : [ignored.document]),
    ...overlays.documents,
    ...apps.documents,
  ];
  const documents = new Map(all.map((entry) => [entry.file, entry]));
  const locate = (fault: Fault): LocatedFault =>
    (documents.get(fault.document ?? clusterFileName) ?? document).locate(fault);

  const parts = [document.faults, lock.faults, apps.faults, overlays.faults, dashboards.faults, ignored.faults];
  const faults: LocatedFault[] = parts.flat();
  let cluster: Cluster | undefined;
  if (document.isReadable) {
    const verdict = validateClusterFile(document.value, lock.versions, apps.entries, document.unsure);
    faults.push(...verdict.faults.map(locate), ...(await secretFaults(root, document)).map(locate));
    faults.push(...(await missingPlaybooks(root, document.value)).map(locate));
    if (verdict.file !== undefined) cluster = resolveCluster(verdict.file, lock.versions, apps.entries);
  }
  const sorted = sortedFaults(faults);
  if (cluster === undefined || sorted.some((fault) => fault.severity === 'error')) return { faults: sorted };
  const inputs = {
    cluster,
    overlays: overlays.overlays,
    apps: apps.folders,
    dashboards: dashboards.dashboards,
    playbooksDigest: await playbooksDigest(root),
  };
  return {
    workspace: {
      root,
      stateDir: join(root, stateFolderName),
      ...inputs,
      driftIgnores: ignored.ignores,
      inputHash: inputHash({ ...inputs, secrets: await secretDigests(root) }),
      documents,
      warnings: sorted,
    },
  };
}

/**
 * The workspace that a folder is in. Throws workspace/not-found, or workspace/faulty with every fault in its message.
 * @param options.color whether the faults in the message are coloured
 */
export async function openWorkspace(
  from: string,
  options: { readonly color?: boolean } = {},
): Promise<LoadedWorkspace> {
  const root = await findWorkspace(from);
  const loaded = await loadWorkspace(root);
  if (loaded.workspace !== undefined) return loaded.workspace;
  const errors = loaded.faults.filter((fault) => fault.severity === 'error').length;
  throw new AppError({
    code: 'workspace/faulty',
    kind: 'user',
    message: `The workspace ${root} has ${errors} ${errors === 1 ? 'fault' : 'faults'}; nothing was done.\n\n${renderFaults(loaded.faults, { color: options.color ?? false })}`,
    tryThis: 'Mend them and run vmstation check.',
    context: { workspace: root, faults: errors },
  });
}

/** Names that overlays may have, from whatever of the cluster file can be read; undefined when nothing can. */
function targetsOf(document: YamlDocument): OverlayTargets | undefined {
  const value = document.value as { readonly nodes?: unknown } | null | undefined;
  const nodes = value?.nodes;
  if (typeof nodes !== 'object' || nodes === null) return undefined;
  const groups = Object.values(nodes).flatMap((node: unknown): readonly string[] => {
    const parsed = clusterFileSchema.shape.nodes.valueType.safeParse(node);
    return parsed.success ? groupsOf(parsed.data) : [];
  });
  return { nodes: Object.keys(nodes), groups: [...new Set(['common', ...nodeRoleNames, ...groups])] };
}

/** Every secret that the cluster file needs has its file. */
async function secretFaults(root: string, document: YamlDocument): Promise<readonly Fault[]> {
  const parsed = clusterFileSchema.safeParse(document.value);
  const needed = parsed.success ? secretReferences(parsed.data) : writtenSecretReferences(document.value);
  const names = (await secretFileNames(root)).map((name) => name.replace(/\.age$/, ''));
  const missing = needed.filter(({ name }) => !names.includes(name));
  return missing.map(({ name, path }) => ({
    code: 'secret/missing',
    severity: 'error',
    path,
    message: `The secret ${name} is needed, and there is no secrets/${name}.age.`,
    tryThis: `vmstation secret set ${name}`,
  }));
}

async function secretFileNames(root: string): Promise<readonly string[]> {
  const entries = await entriesOf(join(root, 'secrets'));
  return entries.filter((entry) => !entry.isFolder && entry.name.endsWith('.age')).map((entry) => entry.name);
}

/** Digests of the encrypted files: a changed secret changes the hash without being decrypted. */
async function secretDigests(root: string): Promise<Readonly<Record<string, string>>> {
  const digests: Record<string, string> = {};
  for (const name of await secretFileNames(root)) {
    digests[name] = createHash('sha256')
      .update(await readFile(join(root, 'secrets', name)))
      .digest('hex');
  }
  return digests;
}
