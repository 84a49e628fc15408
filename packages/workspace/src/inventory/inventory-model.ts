/** A place in a file of an inventory; the line counts from 1. */
export interface InventoryPlace {
  /** Relative to the inventory's folder. */
  readonly file: string;
  readonly line: number;
}

/** Something in an inventory that was not taken, and why. Never has the value of a variable. */
export interface InventoryNote extends InventoryPlace {
  readonly message: string;
}

/** A variable with the place that set it. */
export interface InventoryVariable {
  /** As Ansible would have it: text, number, boolean, null, list or mapping; {@link vaultedValue} where it is encrypted. */
  readonly value: unknown;
  readonly place: InventoryPlace;
}

/** Variables by name. */
export type InventoryVariables = Map<string, InventoryVariable>;

/** What stands for a value that ansible-vault encrypted: it is never read. */
export const vaultedValue: unique symbol = Symbol('encrypted by ansible-vault');

/** A host of an inventory. */
export interface InventoryHost {
  readonly name: string;
  readonly place: InventoryPlace;
  readonly variables: InventoryVariables;
}

/** A group of an inventory. */
export interface InventoryGroup {
  readonly name: string;
  readonly hosts: Set<string>;
  readonly children: Set<string>;
  readonly variables: InventoryVariables;
  /** `ansible_group_priority`: of groups of one depth the higher one wins. */
  priority: number;
}

/** An inventory as it is being read; every group is below `all`. */
export class Inventory {
  readonly hosts = new Map<string, InventoryHost>();
  readonly groups = new Map<string, InventoryGroup>();
  readonly notes: InventoryNote[] = [];

  constructor() {
    this.group('all');
    this.group('ungrouped');
  }

  /** The group of a name, made when it is new. */
  group(name: string): InventoryGroup {
    const known = this.groups.get(name);
    if (known !== undefined) return known;
    const made = { name, hosts: new Set<string>(), children: new Set<string>(), variables: new Map(), priority: 1 };
    this.groups.set(name, made);
    return made;
  }

  /** The host of a name, made when it is new, as a member of a group. */
  host(name: string, group: string, place: InventoryPlace): InventoryHost {
    const host = this.hosts.get(name) ?? { name, place, variables: new Map() };
    this.hosts.set(name, host);
    this.group(group).hosts.add(name);
    return host;
  }

  /** Puts a group below another; a circle is noted instead, as Ansible refuses it. */
  child(parent: string, child: string, place: InventoryPlace): void {
    if (parent === child || this.#descendants(child).has(parent)) {
      this.note(place, `The group ${child} cannot stand below ${parent}: that would be a circle.`);
      return;
    }
    this.group(parent).children.add(this.group(child).name);
  }

  /** Sets a variable of a group; `ansible_group_priority` is a property of the group instead. */
  groupVariable(group: string, name: string, variable: InventoryVariable): void {
    if (name !== 'ansible_group_priority') this.group(group).variables.set(name, variable);
    else if (Number.isInteger(Number(variable.value))) this.group(group).priority = Number(variable.value);
    else this.note(variable.place, 'ansible_group_priority is a whole number.');
  }

  note({ file, line }: InventoryPlace, message: string): void {
    this.notes.push({ file, line, message });
  }

  /** Groups that a host is in, itself or through their children: nearest to `all` first, then by priority, then by name. */
  groupsOf(host: string): readonly InventoryGroup[] {
    const depths = this.#depths();
    const holds = (group: InventoryGroup): boolean =>
      group.hosts.has(host) || [...group.children].some((child) => holds(this.group(child)));
    const depth = (group: InventoryGroup): number => depths.get(group.name) ?? 1;
    return [...this.groups.values()]
      .filter((group) => group.name !== 'all' && holds(group))
      .toSorted(
        (a, b) => depth(a) - depth(b) || a.priority - b.priority || (a.name < b.name ? -1 : Number(a.name > b.name)),
      );
  }

  /** Longest way from `all` to each group. */
  #depths(): ReadonlyMap<string, number> {
    const depths = new Map<string, number>();
    const sink = (name: string, depth: number): void => {
      if ((depths.get(name) ?? 0) >= depth) return;
      depths.set(name, depth);
      for (const child of this.group(name).children) sink(child, depth + 1);
    };
    for (const name of this.groups.keys()) if (name !== 'all') sink(name, 1);
    return depths;
  }

  #descendants(name: string): ReadonlySet<string> {
    const found = new Set<string>();
    const visit = (group: string): void => {
      for (const child of this.groups.get(group)?.children ?? []) {
        if (found.has(child)) continue;
        found.add(child);
        visit(child);
      }
    };
    visit(name);
    return found;
  }
}
