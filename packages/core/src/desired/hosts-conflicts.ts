import type { HostsEntry } from '../resource/resource.ts';
import { resourceId } from '../resource/resource.ts';
import type { DesiredResource } from './desired-state.ts';

/**
 * Addresses that two declarations of a node give different names in /etc/hosts, or one declaration twice: each run would write the other line. One
 * message each, naming both places.
 */
export function hostsConflicts(node: string, list: Iterable<DesiredResource>): readonly string[] {
  const parts = [...list].flatMap((desired) => {
    const { resource } = desired;
    if (resource.kind === 'hosts-entries') return [{ desired, entries: resource.entries }];
    return resource.kind === 'hosts-entry' ? [{ desired, entries: [resource] }] : [];
  });
  // Nodes of a wide cluster share one list: what is wrong within it is looked for once.
  const conflicts = parts.flatMap(({ desired, entries }) =>
    repeatedAddresses(entries).map(
      (address) => `${node}: ${resourceId(desired.resource)}: ${desired.origins.join(', ')} names ${address} twice`,
    ),
  );
  if (parts.length < 2) return conflicts;
  const first = new Map<string, { readonly desired: DesiredResource; readonly names: string }>();
  for (const { desired, entries } of parts) {
    for (const entry of entries) {
      const names = entry.names.join(' ');
      const other = first.get(entry.address);
      if (other === undefined) first.set(entry.address, { desired, names });
      else if (other.desired !== desired && other.names !== names)
        conflicts.push(
          `${node}: /etc/hosts ${entry.address}: ${other.desired.origins.join(', ')} asks for ${other.names}, ${desired.origins.join(', ')} for ${names}`,
        );
    }
  }
  return conflicts;
}

const repeated = new WeakMap<readonly HostsEntry[], readonly string[]>();

function repeatedAddresses(entries: readonly HostsEntry[]): readonly string[] {
  const known = repeated.get(entries);
  if (known !== undefined) return known;
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { address } of entries) (seen.has(address) ? twice : seen).add(address);
  const found = [...twice];
  repeated.set(entries, found);
  return found;
}
