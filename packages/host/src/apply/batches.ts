import type { ResourceId } from '@vmstation/core';
import { type ApplyContext, type Fragment, type PackageBatch } from '../kinds/kind.ts';
import { packageTransaction } from '../kinds/package/transaction.ts';
import { kindOf } from '../kinds/registry.ts';
import type { Observations } from '../observe/observations.ts';
import { sh } from '../script/shell-text.ts';
import type { OrderedResource } from './order.ts';

/** One step of an apply script: a resource, or the packages that become one transaction. */
export interface ApplyStep {
  /** From 1; names the step on the node. */
  readonly number: number;
  readonly resources: readonly OrderedResource[];
  readonly fragment: Fragment;
  readonly dependsOn: readonly number[];
}

const nothing: Fragment = { keeps: [], change: sh`:` };

/**
 * Turns ordered resources into numbered steps; packages that stand next to each other become one transaction.
 * Resources of `onlyOwed` are right themselves, but a notification of theirs is still owed. Pure.
 */
export function applySteps(
  ordered: readonly OrderedResource[],
  seen: Observations,
  context: ApplyContext,
  onlyOwed: ReadonlySet<ResourceId>,
): readonly ApplyStep[] {
  const groups: { resources: OrderedResource[]; fragments: Fragment[] }[] = [];
  for (const entry of ordered) {
    const fragment = onlyOwed.has(entry.id) ? nothing : kindOf(entry.resource).apply(entry.resource, seen, context);
    const last = groups.at(-1);
    if (fragment.batch !== undefined && last?.fragments[0]?.batch !== undefined) {
      last.resources.push(entry);
      last.fragments.push(fragment);
    } else groups.push({ resources: [entry], fragments: [fragment] });
  }
  const numberOf = new Map<ResourceId, number>();
  return groups.map(({ resources, fragments }, index) => {
    const number = index + 1;
    const needed = resources.flatMap(({ dependsOn }) => dependsOn.map((id) => numberOf.get(id) ?? 0));
    for (const { id } of resources) numberOf.set(id, number);
    const batch = fragments.map((fragment) => fragment.batch).filter((one): one is PackageBatch => one !== undefined);
    const [first] = fragments as [Fragment];
    return {
      number,
      resources,
      fragment: batch.length === 0 ? first : packageTransaction(context.family, batch),
      dependsOn: [...new Set(needed)].filter((other) => other !== 0),
    };
  });
}
