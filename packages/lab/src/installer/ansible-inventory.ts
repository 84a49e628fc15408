import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

/** Variables of a host or group. */
export type Variables = Readonly<Record<string, unknown>>;

interface Group {
  readonly hosts: Set<string>;
  readonly children: Set<string>;
  variables: Record<string, unknown>;
}

/** An inventory file with the group_vars and host_vars beside it. */
export interface AnsibleInventory {
  /** In the order of the file. */
  readonly hosts: readonly string[];
  /** Members of a group, with those of its children; empty for an unknown group. */
  groupMembers(group: string): readonly string[];
  /** What Ansible would give a host. */
  variablesOf(host: string): Variables;
}

/**
 * Reads a YAML inventory as Ansible does (docs.ansible.com: Using variables, "Where to set variables"). From low to high: `all` in the file, its other
 * groups, group_vars/all, group_vars of the groups (parents before children, then by name), the host in the file, host_vars.
 * Throws Error with Ansible's sort of message when the file is no inventory.
 */
export function readInventory(file: string): AnsibleInventory {
  const groups = new Map<string, Group>();
  const hostVariables = new Map<string, Record<string, unknown>>();
  const top = readYaml(file);
  for (const [name, body] of Object.entries(top)) addGroup(groups, hostVariables, name, body);
  const all = groupOf(groups, 'all');
  for (const name of groups.keys()) if (name !== 'all') all.children.add(name);
  const hosts = [...hostVariables.keys()];
  for (const host of hosts) all.hosts.add(host);

  const folder = dirname(file);
  const depths = depthsOf(groups);
  const variablesOf = (host: string): Variables => {
    const member = [...groups.keys()]
      .filter((name) => membersOf(groups, name).has(host))
      .sort((a, b) => (depths.get(a) ?? 0) - (depths.get(b) ?? 0) || a.localeCompare(b));
    return Object.assign(
      {},
      ...member.map((name) => groupOf(groups, name).variables),
      ...member.map((name) => besideVariables(folder, 'group_vars', name)),
      hostVariables.get(host),
      besideVariables(folder, 'host_vars', host),
    ) as Variables;
  };
  return { hosts, variablesOf, groupMembers: (group) => hosts.filter((host) => membersOf(groups, group).has(host)) };
}

function addGroup(
  groups: Map<string, Group>,
  hostVariables: Map<string, Record<string, unknown>>,
  name: string,
  body: unknown,
): void {
  const group = groupOf(groups, name);
  const { hosts, children, vars } = recordOf(body);
  group.variables = { ...group.variables, ...recordOf(vars) };
  for (const [host, variables] of Object.entries(recordOf(hosts))) {
    group.hosts.add(host);
    hostVariables.set(host, { ...hostVariables.get(host), ...recordOf(variables) });
  }
  for (const [child, childBody] of Object.entries(recordOf(children))) {
    group.children.add(child);
    addGroup(groups, hostVariables, child, childBody);
  }
}

function groupOf(groups: Map<string, Group>, name: string): Group {
  const known = groups.get(name);
  if (known !== undefined) return known;
  const made: Group = { hosts: new Set(), children: new Set(), variables: {} };
  groups.set(name, made);
  return made;
}

function membersOf(groups: ReadonlyMap<string, Group>, name: string): ReadonlySet<string> {
  const group = groups.get(name);
  if (group === undefined) return new Set();
  return new Set([...group.hosts, ...[...group.children].flatMap((child) => [...membersOf(groups, child)])]);
}

/** How far each group is below `all`; Ansible counts the longest way. */
function depthsOf(groups: ReadonlyMap<string, Group>): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  const visit = (name: string, depth: number): void => {
    if ((depths.get(name) ?? -1) >= depth) return;
    depths.set(name, depth);
    for (const child of groups.get(name)?.children ?? []) visit(child, depth + 1);
  };
  visit('all', 0);
  return depths;
}

/** Variables from `group_vars/NAME/*`, or from `group_vars/NAME.yml` when there is no such folder. */
function besideVariables(folder: string, kind: 'group_vars' | 'host_vars', name: string): Record<string, unknown> {
  const base = join(folder, kind, name);
  if (statSync(base, { throwIfNoEntry: false })?.isDirectory() === true) {
    const files = readdirSync(base).filter((file) => /\.(?:ya?ml|json)$|^[^.]+$/.test(file));
    return Object.assign({}, ...files.sort().map((file) => readYaml(join(base, file)))) as Record<string, unknown>;
  }
  const single = ['', '.yml', '.yaml', '.json'].map((ending) => base + ending).find((file) => existsSync(file));
  return single === undefined ? {} : readYaml(single);
}

function readYaml(file: string): Record<string, unknown> {
  const value: unknown = parse(readFileSync(file, 'utf8'), { version: '1.1' });
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error(`${file} is not a mapping`);
  return value as Record<string, unknown>;
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
