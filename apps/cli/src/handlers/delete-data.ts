import { AppError, type Plan } from '@vmstation/core';
import type { Invocation } from '../command/invocation.ts';

/** Names given with `--delete-data`; none for commands without it. */
export function deleteDataOf(invocation: Invocation): readonly string[] {
  return invocation.options('delete-data') ?? [];
}

/** Throws app/no-data-to-delete for a name whose removal the plan does not have: a declared application, a wrong name, or nothing left of it. */
export function requireRemovals(names: readonly string[], plan: Plan): void {
  const removed = new Set(plan.steps.filter((step) => !step.reversible).flatMap((step) => step.tags));
  const wrong = names.find((name) => !removed.has(name));
  if (wrong === undefined) return;
  throw new AppError({
    code: 'app/no-data-to-delete',
    kind: 'user',
    message: `--delete-data ${wrong}: nothing of a removed ${wrong} is left in the cluster, so nothing was done.`,
    tryThis:
      'Data goes only with an application that is taken out of the workspace first: its entry under apps: or its folder below apps/. Check the name.',
    context: { name: wrong },
  });
}
