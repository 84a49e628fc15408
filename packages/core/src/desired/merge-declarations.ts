import { AppError } from '../errors/app-error.ts';
import { type PhaseName, phaseNames } from '../phase/phase-name.ts';
import { type Resource, type ResourceId, resourceId } from '../resource/resource.ts';
import type { Declaration, DesiredResource, DesiredState } from './desired-state.ts';
import { hostsConflicts } from './hosts-conflicts.ts';
import { kernelSettingConflicts } from './kernel-setting-conflicts.ts';
import { partConflicts } from './part-conflicts.ts';

/** Attributes that add up over declarations instead of having to be equal. */
const additive = new Set(['after', 'notifies', 'groups']);

/**
 * Merges declarations to one list per node. Equal declarations merge, attributes that only one side speaks of are joined, the
 * earliest phase wins. Throws plan/conflicting-declarations that names all conflicts with both places.
 */
export function mergeDeclarations(nodes: readonly string[], declarations: readonly Declaration[]): DesiredState {
  const conflicts: string[] = [];
  const merged = new Map<string, Map<ResourceId, DesiredResource>>(nodes.map((node) => [node, new Map()]));
  for (const declaration of declarations) {
    const list = merged.get(declaration.node);
    if (list === undefined) continue;
    const id = resourceId(declaration.resource);
    const earlier = list.get(id);
    list.set(id, earlier === undefined ? asDesired(declaration) : join(earlier, declaration, conflicts));
  }
  for (const [node, list] of merged)
    conflicts.push(
      ...pathConflicts(node, list),
      ...partConflicts(node, list.values()),
      ...hostsConflicts(node, list.values()),
      ...kernelSettingConflicts(node, list.values()),
    );
  if (conflicts.length > 0) {
    throw new AppError({
      code: 'plan/conflicting-declarations',
      kind: 'user',
      message: `Two places ask for different things:\n${conflicts.map((line) => `  - ${line}`).join('\n')}`,
      tryThis: 'Change one of the two places that each line names, or remove it.',
    });
  }
  return { nodes: new Map([...merged].map(([node, list]) => [node, [...list.values()]])) };
}

function asDesired(declaration: Declaration): DesiredResource {
  const { resource, phase, role, origin } = declaration;
  return { resource, phase, role, origins: [origin] };
}

function join(earlier: DesiredResource, later: Declaration, conflicts: string[]): DesiredResource {
  const first = earlier.resource as unknown as Record<string, unknown>;
  const second = later.resource as unknown as Record<string, unknown>;
  const joined: Record<string, unknown> = { ...first };
  for (const [attribute, value] of Object.entries(second)) {
    const before = first[attribute];
    if (value === undefined || sameValue(before, value)) continue;
    if (before === undefined) joined[attribute] = value;
    else if (additive.has(attribute)) joined[attribute] = unite(before, value);
    else conflicts.push(describeConflict(earlier, later, attribute, before, value));
  }
  const phase = earliest(earlier.phase, later.phase);
  return {
    resource: joined as unknown as Resource,
    phase,
    role: phase === earlier.phase ? earlier.role : later.role,
    origins: [...new Set([...earlier.origins, later.origin])],
  };
}

function describeConflict(
  earlier: DesiredResource,
  later: Declaration,
  attribute: string,
  before: unknown,
  after: unknown,
): string {
  const id = resourceId(later.resource);
  const hide = attribute === 'content';
  const show = (value: unknown) => (hide ? 'one content' : JSON.stringify(value));
  return `${later.node}: ${id} ${attribute}: ${earlier.origins.join(', ')} asks for ${show(before)}, ${later.origin} for ${hide ? 'another' : show(after)}`;
}

/** A path can be one thing only: a file here and a directory there is a conflict as well. */
function pathConflicts(node: string, list: ReadonlyMap<ResourceId, DesiredResource>): string[] {
  const ownerByPath = new Map<string, DesiredResource>();
  const conflicts: string[] = [];
  for (const desired of list.values()) {
    for (const path of ownPaths(desired.resource)) {
      const other = ownerByPath.get(path);
      if (other === undefined) ownerByPath.set(path, desired);
      else
        conflicts.push(
          `${node}: ${path}: ${other.origins.join(', ')} asks for a ${other.resource.kind}, ${desired.origins.join(', ')} for a ${desired.resource.kind}`,
        );
    }
  }
  return conflicts;
}

/** Paths whose whole content a resource decides. */
function ownPaths(resource: Resource): readonly string[] {
  switch (resource.kind) {
    case 'file':
    case 'directory':
    case 'symlink':
      return [resource.path];
    case 'unit':
      return [`/etc/systemd/system/${resource.name}`];
    case 'link':
      return [`/etc/systemd/system/vmstation-link-${resource.name}.service`];
    case 'package-repository':
      return [`/etc/apt/sources.list.d/${resource.name}.sources`, `/etc/yum.repos.d/${resource.name}.repo`];
    default:
      return [];
  }
}

function unite(before: unknown, after: unknown): unknown {
  const all = [...(before as readonly unknown[]), ...(after as readonly unknown[])];
  return all.filter((item, index) => all.findIndex((other) => sameValue(other, item)) === index);
}

function earliest(a: PhaseName, b: PhaseName): PhaseName {
  return phaseNames.indexOf(a) <= phaseNames.indexOf(b) ? a : b;
}

function sameValue(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
