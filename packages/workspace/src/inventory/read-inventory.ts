import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { AppError } from '@vmstation/core';
import { isMissing } from '../find-workspace.ts';
import { largestFileBytes } from '../read-folder.ts';
import { type EffectiveInventory, effectiveInventory, type VariablesFiles } from './effective-inventory.ts';
import { readIniInventory } from './ini-inventory.ts';
import { Inventory } from './inventory-model.ts';
import { isYamlInventory, readVariablesFile, readYamlInventory } from './yaml-inventory.ts';

const yamlExtensions = ['.yml', '.yaml', '.json'];

/**
 * Reads an Ansible inventory (INI, YAML or JSON by its extension, as Ansible decides it) with group_vars/ and host_vars/ beside it.
 * Runs nothing. Throws inventory/not-read where there is no such file, and inventory/no-hosts where it has no host.
 */
export async function readInventory(path: string): Promise<EffectiveInventory> {
  const file = basename(path);
  const text = await inventoryText(path);
  const inventory = new Inventory();
  const extension = extname(path);
  if (yamlExtensions.includes(extension) || (extension === '' && isYamlInventory(text))) {
    readYamlInventory(file, text, inventory);
  } else readIniInventory(file, text, inventory);
  if (inventory.hosts.size === 0) throw noHosts(path, inventory);
  const folder = dirname(path);
  return effectiveInventory(inventory, {
    groups: await variablesFiles(folder, 'group_vars', [...inventory.groups.keys()], inventory),
    hosts: await variablesFiles(folder, 'host_vars', [...inventory.hosts.keys()], inventory),
  });
}

async function inventoryText(path: string): Promise<string> {
  let found: Awaited<ReturnType<typeof stat>>;
  try {
    found = await stat(path);
  } catch (error) {
    throw notRead(path, isMissing(error) ? 'there is no such file' : 'it cannot be looked at', error);
  }
  if (found.isDirectory()) throw notRead(path, 'it is a folder; name the file of hosts in it');
  if (found.size > largestFileBytes) throw notRead(path, 'it is larger than 1 MiB');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw notRead(path, 'it cannot be read', error);
  });
  if (text.startsWith('#!'))
    throw notRead(path, 'it is a program; name a file with the output of ansible-inventory --list --yaml');
  return text.replace(/^\uFEFF/, '');
}

async function variablesFiles(
  folder: string,
  kind: 'group_vars' | 'host_vars',
  names: readonly string[],
  inventory: Inventory,
): Promise<VariablesFiles> {
  const found = new Map<string, ReturnType<typeof readVariablesFile>>();
  for (const name of names) {
    // Host names come out of the file: none may lead outside the folder.
    if (name.includes('/') || name === '.' || name === '..') continue;
    const variables: ReturnType<typeof readVariablesFile> = new Map();
    for (const path of await variablePaths(join(folder, kind), name)) {
      const shown = `${kind}/${path}`;
      const text = await readFile(join(folder, shown), 'utf8').catch(() => undefined);
      if (text === undefined) inventory.note({ file: shown, line: 1 }, 'The file cannot be read.');
      else for (const [key, value] of readVariablesFile(shown, text, inventory)) variables.set(key, value);
    }
    found.set(name, variables);
  }
  return found;
}

/** The files that Ansible reads for a name: the first of NAME, NAME.yml, NAME.yaml, NAME.json, or all in the folder NAME. */
async function variablePaths(folder: string, name: string): Promise<readonly string[]> {
  for (const extension of ['', ...yamlExtensions]) {
    const found = await stat(join(folder, name + extension)).catch(() => undefined);
    if (found?.isFile() === true) return [name + extension];
    if (found?.isDirectory() === true) return await filesBelow(folder, name + extension);
  }
  return [];
}

async function filesBelow(folder: string, below: string): Promise<readonly string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  const found: string[] = [];
  for (const { name } of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (name.startsWith('.') || name.endsWith('~')) continue;
    const path = `${below}/${name}`;
    const what = await stat(join(folder, path)).catch(() => undefined);
    if (what?.isDirectory() === true) found.push(...(await filesBelow(folder, path)));
    else if (what?.isFile() === true && ['', ...yamlExtensions].includes(extname(name))) found.push(path);
  }
  return found;
}

function notRead(path: string, why: string, cause?: unknown): AppError {
  return new AppError({
    code: 'inventory/not-read',
    kind: 'user',
    message: `The inventory ${path} cannot be read: ${why}. Nothing was written.`,
    tryThis: 'Name the file that you give to ansible-playbook -i.',
    context: { path },
    ...(cause === undefined ? {} : { cause }),
  });
}

function noHosts(path: string, { notes }: Inventory): AppError {
  return new AppError({
    code: 'inventory/no-hosts',
    kind: 'user',
    message: `The inventory ${path} has no host that could be understood. Nothing was written.`,
    tryThis: 'ansible-inventory -i FILE --graph shows what Ansible makes of it.',
    nextSteps: notes.map(({ file, line, message }) => `${file}:${line} ${message}`),
    context: { path },
  });
}
