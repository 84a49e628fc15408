import type { Inventory, InventoryNote, InventoryPlace, InventoryVariables } from './inventory-model.ts';

/** Variables from files below group_vars or host_vars, by the name of the group or host. */
export type VariablesFiles = ReadonlyMap<string, InventoryVariables>;

/** A host with all that Ansible knows of it. */
export interface EffectiveHost {
  readonly name: string;
  readonly place: InventoryPlace;
  /** Names of its groups, `all` aside. */
  readonly groups: readonly string[];
  readonly variables: InventoryVariables;
}

/** An inventory with every variable decided. */
export interface EffectiveInventory {
  readonly hosts: readonly EffectiveHost[];
  readonly groups: readonly string[];
  readonly notes: readonly InventoryNote[];
}

/**
 * Decides every variable of every host, weakest first: `all`, the groups from the top down, group_vars of `all` (which is stronger than what the
 * inventory says of other groups), group_vars of the groups, the host, host_vars. Ansible's VARIABLE_PRECEDENCE with its default.
 */
export function effectiveInventory(
  inventory: Inventory,
  files: { readonly groups: VariablesFiles; readonly hosts: VariablesFiles },
): EffectiveInventory {
  const all = inventory.group('all');
  const hosts = [...inventory.hosts.values()].map((host): EffectiveHost => {
    const groups = inventory.groupsOf(host.name);
    const layers: readonly (InventoryVariables | undefined)[] = [
      all.variables,
      ...groups.map(({ variables }) => variables),
      files.groups.get('all'),
      ...groups.map(({ name }) => files.groups.get(name)),
      host.variables,
      files.hosts.get(host.name),
    ];
    const variables: InventoryVariables = new Map(layers.flatMap((layer) => [...(layer ?? [])]));
    return { name: host.name, place: host.place, groups: groups.map(({ name }) => name), variables };
  });
  return { hosts, groups: [...inventory.groups.keys()], notes: inventory.notes };
}
