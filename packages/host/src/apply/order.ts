import { AppError, type Resource, type ResourceId, resourceId } from '@vmstation/core';
import { kindOf } from '../kinds/registry.ts';

/** A resource at its place in an apply, with the places of those it waits for. */
export interface OrderedResource {
  readonly id: ResourceId;
  readonly resource: Resource;
  readonly dependsOn: readonly ResourceId[];
}

/**
 * Dependency order: what `after` names and what a resource stands on goes first, then the natural order of kinds, then the order of
 * declaration. Names of resources that are not in the list are ignored: they are right already. Pure.
 * @throws AppError host/order-cycle
 */
export function orderResources(resources: readonly Resource[]): readonly OrderedResource[] {
  const byId = new Map(resources.map((resource) => [resourceId(resource), resource]));
  const waiting = new Map(
    [...byId].map(([id, resource]) => [id, { id, resource, dependsOn: needsOf(id, resource, byId) }] as const),
  );
  const done = new Set<ResourceId>();
  const ordered: OrderedResource[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting.values()].filter(({ dependsOn }) => dependsOn.every((id) => done.has(id)));
    const next = ready.toSorted((a, b) => rankOf(a) - rankOf(b))[0];
    if (next === undefined) throw cycle([...waiting.keys()]);
    waiting.delete(next.id);
    done.add(next.id);
    ordered.push(next);
  }
  return ordered;
}

function rankOf(entry: OrderedResource): number {
  return kindOf(entry.resource).rank;
}

function needsOf(id: ResourceId, resource: Resource, byId: ReadonlyMap<ResourceId, Resource>): readonly ResourceId[] {
  const parents = 'path' in resource ? parentsOf(resource.path) : [];
  const all = [...(resource.after ?? []), ...kindOf(resource).standsOn(resource), ...parents, ...ownersOf(resource)];
  return [...new Set(all)].filter((other) => other !== id && byId.has(other));
}

/** Directories and mounts above a path carry what is below them. */
function parentsOf(path: string): readonly ResourceId[] {
  const parts = path.split('/').slice(1, -1);
  return parts.flatMap((_, index): ResourceId[] => {
    const above = `/${parts.slice(0, index + 1).join('/')}`;
    return [`directory:${above}`, `mount:${above}`];
  });
}

function ownersOf(resource: Resource): readonly ResourceId[] {
  if (resource.kind !== 'file' && resource.kind !== 'directory') return [];
  return [
    ...(resource.owner === undefined ? [] : [`user:${resource.owner}` as const]),
    ...(resource.group === undefined ? [] : [`group:${resource.group}` as const]),
  ];
}

function cycle(ids: readonly ResourceId[]): AppError {
  return new AppError({
    code: 'host/order-cycle',
    kind: 'user',
    message: `These resources wait for each other, so none can be first: ${ids.slice(0, 8).join(', ')}`,
    tryThis: 'Remove one of the `after` entries that close the circle.',
  });
}
