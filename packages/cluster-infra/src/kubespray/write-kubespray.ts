import type { StepChange, WorkspaceFiles } from '@vmstation/core';
import { unifiedDiff } from '@vmstation/host';
import { inventoryDirectory, type KubesprayAccess, type RenderedFile } from './render-kubespray.ts';

/** Folders in which Ansible would read a stray file as variables. */
const variableFolders = ['group_vars/all', 'group_vars/k8s_cluster', 'host_vars'];

/** What writing the rendered files would change, by comparison with what lies there. Reads only. */
export async function compareRendered(
  files: WorkspaceFiles,
  rendered: readonly RenderedFile[],
): Promise<readonly StepChange[]> {
  const changes: StepChange[] = [];
  for (const file of rendered) {
    const seen = await files.read(`${inventoryDirectory}/${file.path}`);
    if (seen === file.content) continue;
    const target = `${inventoryDirectory}/${file.path}`;
    if (seen === undefined) changes.push({ target, attribute: 'content', want: 'a new file', seen: 'absent' });
    else {
      const diff = unifiedDiff(target, seen, file.content);
      changes.push({ target, attribute: 'content', want: 'other lines', seen: 'other lines', diff });
    }
  }
  for (const stray of await strayFiles(files, rendered)) {
    changes.push({ target: stray, attribute: 'content', want: 'absent', seen: 'a file that Ansible would read' });
  }
  return changes;
}

/** Writes the rendered files and removes strays among the variables; returns the paths that changed, relative to the state directory. */
export async function writeRendered(
  files: WorkspaceFiles,
  rendered: readonly RenderedFile[],
): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const file of rendered) {
    const path = `${inventoryDirectory}/${file.path}`;
    if (await files.write(path, file.content, { mode: 0o600 })) changed.push(path);
  }
  for (const stray of await strayFiles(files, rendered)) {
    await files.remove(stray);
    changed.push(stray);
  }
  return changed;
}

/** What of the workspace's state Ansible shall use to reach the machines. */
export async function accessOf(files: WorkspaceFiles): Promise<KubesprayAccess> {
  const there = async (path: string) => ((await files.read(path)) === undefined ? undefined : path);
  return {
    knownHostsFile: 'known_hosts',
    configFile: await there('ssh_config'),
    identityFile: await there('ssh/id_ed25519'),
  };
}

async function strayFiles(files: WorkspaceFiles, rendered: readonly RenderedFile[]): Promise<readonly string[]> {
  const ours = new Set(rendered.map((file) => `${inventoryDirectory}/${file.path}`));
  const strays: string[] = [];
  for (const folder of variableFolders) {
    const names = await files.list(`${inventoryDirectory}/${folder}`);
    for (const name of names) {
      const path = `${inventoryDirectory}/${folder}/${name}`;
      if (!ours.has(path)) strays.push(path);
    }
  }
  return strays;
}
