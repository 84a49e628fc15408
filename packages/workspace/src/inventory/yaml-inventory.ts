import { type Document, isCollection, isMap, LineCounter, parseDocument, visit } from 'yaml';
import { rangeOf } from '../yaml-position.ts';
import { expandHostPattern } from './host-range.ts';
import { type Inventory, type InventoryPlace, type InventoryVariables, vaultedValue } from './inventory-model.ts';

type Path = readonly (string | number)[];

/** A YAML text of Ansible's with the lines of its parts. */
interface AnsibleYaml {
  readonly value: unknown;
  line(path: Path): number;
}

const encrypted = /^\$ANSIBLE_VAULT;/;

/** YAML as Ansible reads it (1.1: `yes` is a boolean), or undefined with notes of why not. Keys that stand twice count by their last, as in Ansible. */
function readYaml(file: string, text: string, inventory: Inventory): AnsibleYaml | undefined {
  if (encrypted.test(text)) {
    inventory.note({ file, line: 1 }, 'The file is encrypted by ansible-vault; nothing of it was read.');
    return undefined;
  }
  const lineCounter = new LineCounter();
  const document = parse(text, lineCounter);
  const lineAt = (offset: number): number => Math.max(1, lineCounter.linePos(offset).line);
  for (const { code, pos, message } of document.errors) {
    const twice = code === 'DUPLICATE_KEY';
    const says = twice
      ? 'A key stands here twice; the last one counts.'
      : `This is no YAML: ${message.split('\n')[0]}.`;
    inventory.note({ file, line: lineAt(pos[0]) }, says.replace(/\.\.$/, '.'));
  }
  if (document.errors.some(({ code }) => code !== 'DUPLICATE_KEY')) return undefined;
  const endless = endlessAlias(document);
  if (endless !== undefined) {
    inventory.note({ file, line: lineAt(endless) }, 'An alias stands inside the very value that it repeats.');
    return undefined;
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return { value, line: (path) => lineAt(rangeOf(document, path, true).start) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    inventory.note({ file, line: 1 }, `The file cannot be read: ${reason}.`);
    return undefined;
  }
}

/** What YAML 1.1 reads as a boolean or number, and PyYAML, which Ansible uses, as text. */
const pythonText = {
  tag: 'tag:yaml.org,2002:str',
  default: true,
  test: /^(?:[yYnN]|[-+]?[\d_]*(?:\.[\d_]*)?[eE]\d+|[-+]?[\d_]*[eE][-+]?\d*|[-+]\.[\d_]*(?:[eE][-+]?\d+)?|\.|[-+]?0[\d_]*[89][\d_]*)$/,
  resolve: (text: string): string => text,
} as const;

function parse(text: string, lineCounter: LineCounter): Document {
  return parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    version: '1.1',
    customTags: (tags) => [
      pythonText,
      ...tags,
      { tag: '!vault', resolve: () => vaultedValue },
      { tag: '!vault-encrypted', resolve: () => vaultedValue },
      { tag: '!unsafe', resolve: (value: string) => value },
    ],
  });
}

/** Where an alias stands that has no end. */
function endlessAlias(document: Document): number | undefined {
  let found: number | undefined;
  visit(document, {
    Alias: (_key, alias, ancestors) => {
      if (!ancestors.some((node) => isCollection(node) && node.anchor === alias.source)) return undefined;
      found = alias.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return found;
}

/** True when a text may be an inventory in YAML: files without an extension are tried as such first. */
export function isYamlInventory(text: string): boolean {
  const document = parse(text, new LineCounter());
  if (document.errors.length > 0 || endlessAlias(document) !== undefined) return false;
  return isMap(document.contents);
}

/** Reads an inventory in Ansible's YAML form into `inventory`; what Ansible would skip or refuse is noted. After ansible.plugins.inventory.yaml. */
export function readYamlInventory(file: string, text: string, inventory: Inventory): void {
  const read = readYaml(file, text, inventory);
  if (read === undefined) return;
  const place = (path: Path): InventoryPlace => ({ file, line: read.line(path) });
  if (!isMapping(read.value)) {
    inventory.note(place([]), 'An inventory in YAML is a mapping of groups.');
    return;
  }
  if (typeof read.value['plugin'] === 'string') {
    const says = `This sets up the inventory plugin ${read.value['plugin']}, which would have to be run; name the output of ansible-inventory --list --yaml instead.`;
    inventory.note(place(['plugin']), says);
    return;
  }
  for (const [name, content] of Object.entries(read.value)) readGroup(name, content, [name], { inventory, place });
}

interface Reading {
  readonly inventory: Inventory;
  readonly place: (path: Path) => InventoryPlace;
}

/** Reads one group with all below it; false when it is none. */
function readGroup(name: string, content: unknown, path: Path, reading: Reading): boolean {
  const { inventory, place } = reading;
  if (content !== null && content !== undefined && !isMapping(content)) {
    inventory.note(place(path), `${name} is no group: a group is a mapping with hosts, children or vars.`);
    return false;
  }
  inventory.group(name);
  for (const [key, given] of Object.entries(content ?? {})) {
    const at = [...path, key];
    const isPart = key === 'hosts' || key === 'children' || key === 'vars';
    const part = isPart && typeof given === 'string' ? { [given]: null } : given;
    if (!isPart)
      inventory.note(place(at), `The group ${name} has the key ${key}; a group has hosts, children and vars.`);
    else if (part === null || part === undefined) continue;
    else if (!isMapping(part)) inventory.note(place(at), `${key} of the group ${name} is no mapping.`);
    else if (key === 'vars') {
      for (const [variable, entry] of variablesOf(part, at, place)) inventory.groupVariable(name, variable, entry);
    } else if (key === 'children') {
      for (const [child, below] of Object.entries(part)) {
        if (readGroup(child, below, [...at, child], reading)) inventory.child(name, child, place([...at, child]));
      }
    } else readHosts(name, part, at, reading);
  }
  return true;
}

function readHosts(group: string, hosts: Record<string, unknown>, path: Path, { inventory, place }: Reading): void {
  for (const [pattern, content] of Object.entries(hosts)) {
    const at = [...path, pattern];
    const isEmpty = content === null || content === undefined;
    if (!isEmpty && !isMapping(content)) {
      inventory.note(place(at), `The variables of the host ${pattern} are no mapping.`);
      continue;
    }
    try {
      const { names, port } = expandHostPattern(pattern);
      for (const name of names) {
        const isNew = !inventory.hosts.has(name);
        const { variables } = inventory.host(name, group, place(at));
        if (isNew && port !== undefined) variables.set('ansible_port', { value: port, place: place(at) });
        if (isEmpty) continue;
        for (const [key, variable] of variablesOf(content, at, place)) variables.set(key, variable);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      inventory.note(place(at), `The host ${pattern} was not understood: ${reason}.`);
    }
  }
}

/** Reads a file below group_vars or host_vars; empty when it has none. */
export function readVariablesFile(file: string, text: string, inventory: Inventory): InventoryVariables {
  const read = readYaml(file, text, inventory);
  if (read === undefined || read.value === null || read.value === undefined) return new Map();
  if (!isMapping(read.value)) {
    inventory.note({ file, line: read.line([]) }, 'A file of variables is a mapping.');
    return new Map();
  }
  return variablesOf(read.value, [], (path) => ({ file, line: read.line(path) }));
}

function variablesOf(
  values: Record<string, unknown>,
  path: Path,
  place: (path: Path) => InventoryPlace,
): InventoryVariables {
  return new Map(Object.entries(values).map(([key, value]) => [key, { value, place: place([...path, key]) }]));
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
