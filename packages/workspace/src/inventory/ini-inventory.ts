import { expandHostPattern } from './host-range.ts';
import type { Inventory, InventoryPlace } from './inventory-model.ts';
import { pythonValue } from './python-literal.ts';
import { shellWords } from './shell-words.ts';

const section = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/;
const groupName = /^([^:\]\s]+)\s*(?:#.*)?$/;

/** What the lines below a header are. */
type Section = 'hosts' | 'children' | 'vars' | 'unknown';

interface Awaited {
  readonly group: string;
  readonly place: InventoryPlace;
  readonly says: string;
}

/**
 * Reads an inventory in Ansible's INI form into `inventory`. Lines at which Ansible would refuse the file are noted and left out.
 * After ansible.plugins.inventory.ini of ansible-core 2.14 to 2.19.
 */
export function readIniInventory(file: string, text: string, inventory: Inventory): void {
  const declared = new Set(['all', 'ungrouped']);
  const awaited: Awaited[] = [];
  let group = 'ungrouped';
  let kind: Section = 'hosts';
  for (const [index, raw] of text.split(/\r\n|\r|\n/).entries()) {
    const line = raw.trim();
    const place = { file, line: index + 1 };
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const [, name, state = 'hosts'] = section.exec(line) ?? [];
    if (name !== undefined) {
      group = name;
      kind = sectionOf(state);
      if (kind === 'unknown') inventory.note(place, `[${name}:${state}]: a section is of hosts, children or vars.`);
      else if (kind === 'vars')
        awaited.push({ group, place, says: `[${group}:vars] is of a group that stands nowhere.` });
      else {
        declared.add(group);
        inventory.group(group);
      }
    } else if (line.startsWith('[') && line.endsWith(']')) {
      kind = 'unknown';
      inventory.note(place, `${line} is no section: there may be no blanks in it.`);
    } else if (kind === 'hosts') readHosts(line, group, place, inventory);
    else if (kind === 'vars') readVariable(line, group, place, inventory);
    else if (kind === 'children') {
      const child = groupName.exec(line)?.[1];
      if (child === undefined) inventory.note(place, `A line below [${group}:children] is the name of one group.`);
      else {
        inventory.child(group, child, place);
        awaited.push({
          group: child,
          place,
          says: `[${group}:children] names the group ${child}, which stands nowhere.`,
        });
      }
    } else inventory.note(place, 'The line stands below a section that was not understood.');
  }
  for (const { group: name, place, says } of awaited) if (!declared.has(name)) inventory.note(place, says);
}

function sectionOf(state: string): Section {
  return state === 'hosts' || state === 'children' || state === 'vars' ? state : 'unknown';
}

function readHosts(line: string, group: string, place: InventoryPlace, inventory: Inventory): void {
  try {
    const [pattern, ...assignments] = shellWords(line);
    if (pattern === undefined) return;
    const { names, port } = expandHostPattern(pattern);
    const pairs = assignments.map((word) => {
      const at = word.indexOf('=');
      if (at === -1) throw new Error('after the name stand only key=value pairs');
      return [word.slice(0, at), { value: pythonValue(word.slice(at + 1)), place }] as const;
    });
    for (const name of names) {
      const isNew = !inventory.hosts.has(name);
      const { variables } = inventory.host(name, group, place);
      // Ansible gives a host that it knows already no port.
      if (isNew && port !== undefined) variables.set('ansible_port', { value: port, place });
      for (const [key, variable] of pairs) variables.set(key, variable);
    }
  } catch (error) {
    inventory.note(
      place,
      `The host line was not understood: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

function readVariable(line: string, group: string, place: InventoryPlace, inventory: Inventory): void {
  const at = line.indexOf('=');
  if (at === -1) {
    inventory.note(place, `A line below [${group}:vars] is written key=value.`);
    return;
  }
  const value = pythonValue(line.slice(at + 1).trim());
  inventory.groupVariable(group, line.slice(0, at).trim(), { value, place });
}
