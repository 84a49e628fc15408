import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Fault, namePattern } from '@vmstation/core';
import { entriesOf, textOf } from './read-folder.ts';

/** Folder of the operator's playbooks below the workspace, with the roles and files that they use. */
const playbooksFolder = 'playbooks';

/** Playbooks that a cluster file, whatever else is wrong with it, names without their file being there. */
export async function missingPlaybooks(root: string, document: unknown): Promise<readonly Fault[]> {
  const faults = namesIn(document).map(async (name): Promise<readonly Fault[]> => {
    if ((await textOf(join(root, playbooksFolder, `${name}.yml`))) !== undefined) return [];
    return [
      {
        code: 'playbook/no-file',
        severity: 'error',
        path: ['playbooks', name],
        message: `There is no ${playbooksFolder}/${name}.yml.`,
        tryThis: 'Put the playbook there, or remove the entry.',
        atKey: true,
      },
    ];
  });
  return (await Promise.all(faults)).flat();
}

/** sha256 over names and content of all below `playbooks/`; empty where there is nothing. What is no file counts by its name. */
export async function playbooksDigest(root: string): Promise<string> {
  const hash = createHash('sha256');
  let count = 0;
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await entriesOf(join(root, folder))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isFolder) {
        await visit(path);
        continue;
      }
      count += 1;
      // A pipe would never end, and a link that leads nowhere is none of our faults: Ansible judges it.
      const isFile = await stat(join(root, path)).then(
        (status) => status.isFile(),
        () => false,
      );
      const content = isFile ? await readFile(join(root, path)) : Buffer.alloc(0);
      hash.update(`${path}\0${content.length}\0`).update(content);
    }
  };
  await visit(playbooksFolder);
  return count === 0 ? '' : hash.digest('hex');
}

/** Names below `playbooks:` that could be names of files. */
function namesIn(document: unknown): readonly string[] {
  if (typeof document !== 'object' || document === null || !('playbooks' in document)) return [];
  const { playbooks } = document;
  if (typeof playbooks !== 'object' || playbooks === null) return [];
  return Object.keys(playbooks).filter((name) => namePattern.test(name));
}
