import {
  hasHostBits,
  type NodeOs,
  type NodeRole,
  namePattern,
  nodeOsNames,
  parseCidr,
  parseIpv4,
} from '@vmstation/core';
import type { EffectiveHost, EffectiveInventory } from './effective-inventory.ts';
import { type GuessedPlace, guessPlace } from './guess-roles.ts';
import { HostReading } from './host-reading.ts';
import type { InventoryNote } from './inventory-model.ts';

/** A machine as an inventory describes it; what is undefined the operator has to fill in. */
export interface ImportedNode {
  readonly name: string;
  readonly address: string | undefined;
  /** What the inventory has instead of an address. */
  readonly reachedAs: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly local: boolean;
  readonly os: NodeOs | undefined;
  readonly mac: string | undefined;
  readonly roles: readonly NodeRole[];
  readonly groups: readonly string[];
  readonly power: GuessedPlace['power'];
}

/** What a cluster file can have from an inventory. */
export interface ImportedCluster {
  readonly nodes: readonly ImportedNode[];
  readonly pods: string | undefined;
  readonly services: string | undefined;
  readonly resolvers: readonly string[];
  /** What was not taken, by file and line. */
  readonly notes: readonly InventoryNote[];
}

/** Makes machines out of an inventory: names, addresses, logins, and roles guessed from the names of groups. Pure; no value of a variable that may be a secret comes along. */
export function importedCluster(inventory: EffectiveInventory): ImportedCluster {
  const notes: InventoryNote[] = [...inventory.notes];
  const names = new Set<string>();
  const readings: HostReading[] = [];
  const nodes: ImportedNode[] = [];
  for (const host of inventory.hosts) {
    const reading = new HostReading(host);
    if (host.name === 'localhost' || host.name === '127.0.0.1') {
      notes.push({ ...host.place, message: `${host.name} is where Ansible runs, not a machine of the cluster.` });
      continue;
    }
    const node = importedNode(host, inventory.groups, names, reading);
    nodes.push(node);
    readings.push(reading);
  }
  const shared = {
    pods: sharedValue(readings, 'kube_pods_subnet', notes, isRange),
    services: sharedValue(readings, 'kube_service_addresses', notes, isRange),
    resolvers: readings[0]?.addresses('upstream_dns_servers') ?? [],
  };
  for (const reading of readings) notes.push(...reading.remaining());
  return { nodes: withMonitoring(nodes), ...shared, notes: uniqueNotes(notes) };
}

function importedNode(
  host: EffectiveHost,
  allGroups: readonly string[],
  names: Set<string>,
  reading: HostReading,
): ImportedNode {
  const name = freeName(host.name, names);
  names.add(name);
  if (name !== host.name) reading.note(host.place, `The host ${host.name} is the node ${name}: names are DNS labels.`);
  const reachedAs = reading.text('ansible_ssh_host') ?? reading.text('ansible_host') ?? host.name;
  const candidates = [reachedAs, reading.text('ip'), reading.text('access_ip'), host.name];
  const place = guessPlace(host.groups, allGroups);
  for (const group of place.unnamed)
    reading.note(host.place, `The group ${group} cannot be a group of the cluster file.`);
  return {
    name,
    address: candidates.find((text) => text !== undefined && parseIpv4(text) !== undefined),
    reachedAs,
    user: reading.checked(['ansible_ssh_user', 'ansible_user'], /^[A-Za-z0-9_][A-Za-z0-9._-]{0,31}$/, 'a login name'),
    port: reading.port(),
    local: reading.text('ansible_connection') === 'local',
    os: nodeOsNames.find((os) => os === reading.text('vmstation_os')),
    mac: reading.checked(['vmstation_mac'], /^[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}$/, 'a MAC address'),
    roles: place.roles,
    groups: place.groups,
    power: place.power,
  };
}

/** A node name for a host name: itself, its first label, or all of it with dashes. */
function freeName(host: string, taken: ReadonlySet<string>): string {
  const dashed = host
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60);
  const first = parseIpv4(host) !== undefined ? `node-${dashed}` : (host.toLowerCase().split('.')[0] ?? '');
  const base = dashed === '' ? 'node' : dashed;
  const numbered = Array.from({ length: taken.size + 1 }, (_none, index) => `${base.slice(0, 55)}-${index + 2}`);
  return [host, first, base, ...numbered].find((name) => namePattern.test(name) && !taken.has(name)) ?? base;
}

const isRange = (text: string): boolean => parseCidr(text) !== undefined && !hasHostBits(text);

/** A value that belongs to the whole cluster: what all hosts that have it agree on. */
function sharedValue(
  readings: readonly HostReading[],
  name: string,
  notes: InventoryNote[],
  isValid: (text: string) => boolean,
): string | undefined {
  const found = readings.map((reading) => ({ text: reading.text(name), place: reading.placeOf(name) }));
  const texts = [...new Set(found.flatMap(({ text }) => (text === undefined ? [] : [text])))];
  const [text] = texts;
  if (text === undefined) return undefined;
  const place = found.find((one) => one.text !== undefined)?.place;
  if (texts.length === 1 && isValid(text)) return text;
  const says = texts.length > 1 ? 'differs between hosts' : 'is no IPv4 range';
  if (place !== undefined) notes.push({ ...place, message: `${name} ${says} and was not taken.` });
  return undefined;
}

/** Monitoring needs one place; where no group names it, it is the first control plane, which is always on. */
function withMonitoring(nodes: readonly ImportedNode[]): readonly ImportedNode[] {
  if (nodes.some(({ roles }) => roles.includes('monitoring'))) return nodes;
  const first = nodes.find(({ roles }) => roles.includes('control-plane'));
  return nodes.map((node) => (node === first ? { ...node, roles: [...node.roles, 'monitoring'] } : node));
}

function uniqueNotes(notes: readonly InventoryNote[]): readonly InventoryNote[] {
  const byText = new Map(notes.map((note) => [`${note.file}:${note.line} ${note.message}`, note]));
  return [...byText.values()].toSorted(
    (a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1) || (a.message < b.message ? -1 : 1),
  );
}
