import type { Difference, Resource, ResourceId, ResourceState } from '@vmstation/core';
import { resourceId } from '@vmstation/core';
import { type DiffContext, difference } from '../kinds/kind.ts';
import { kindOf } from '../kinds/registry.ts';
import { type Observations, Unreadable } from '../observe/observations.ts';

/** What each resource is, compared with what it should be. Pure. */
export function compareAll(
  resources: readonly Resource[],
  seen: Observations,
  context: DiffContext,
): ReadonlyMap<ResourceId, ResourceState> {
  return new Map(resources.map((resource) => [resourceId(resource), compareOne(resource, seen, context)]));
}

function compareOne(resource: Resource, seen: Observations, context: DiffContext): ResourceState {
  try {
    const differences = [...kindOf(resource).compare(resource, seen, context), ...owedBy(resource, seen)];
    return differences.length === 0 ? { state: 'equal' } : { state: 'differs', differences };
  } catch (error) {
    if (error instanceof Unreadable) return { state: 'unreadable', reason: error.message };
    throw error;
  }
}

/** A notification that an earlier run owes makes its resource differ, or nobody would ever pay it. */
function owedBy(resource: Resource, seen: Observations): readonly Difference[] {
  return (resource.notifies ?? [])
    .filter((action) => seen.isOwed(action))
    .map((action) =>
      difference('notification', `${action.unit} ${pastOf[action.action]}`, 'owed since an interrupted run'),
    );
}

const pastOf = { restart: 'restarted', reload: 'reloaded' } as const;
