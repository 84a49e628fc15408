import { type GuardArea, type Resource, type ResourceId, resourceId } from '@vmstation/core';

/** Resources apart by what may close the way in. */
export interface GuardedParts {
  readonly free: readonly Resource[];
  readonly guarded: ReadonlyMap<GuardArea, readonly Resource[]>;
}

/**
 * Differing guarded resources go last, by area; what waits for one of them goes with it. A guarded resource that is right already
 * needs no guard, nor does one of the area that is being tried already. Pure.
 */
export function guardedParts(
  resources: readonly Resource[],
  differs: (id: ResourceId) => boolean,
  tried: GuardArea | undefined,
): GuardedParts {
  const areaOf = new Map<ResourceId, GuardArea>();
  for (const resource of resources) {
    if (resource.guard !== undefined && resource.guard !== tried && differs(resourceId(resource)))
      areaOf.set(resourceId(resource), resource.guard);
  }
  let grew = true;
  while (grew) {
    grew = false;
    for (const resource of resources) {
      const id = resourceId(resource);
      const area = areaOf.has(id) ? undefined : (resource.after ?? []).map((other) => areaOf.get(other)).find(Boolean);
      if (area === undefined || !differs(id)) continue;
      areaOf.set(id, area);
      grew = true;
    }
  }
  const guarded = Map.groupBy(
    resources.filter((resource) => areaOf.has(resourceId(resource))),
    (resource) => areaOf.get(resourceId(resource)) as GuardArea,
  );
  return { free: resources.filter((resource) => !areaOf.has(resourceId(resource))), guarded };
}
