import { isIgnoredAt, type PlanScope, phaseNames, resourceId } from '@vmstation/core';
import type { CommandHandler } from '../command/define-command.ts';
import type { Session } from '../compose/session.ts';
import { systemClock } from '../compose/system-clock.ts';
import { requireResource } from './require-resource.ts';
import { runPlan } from './run-plan.ts';

/** Puts back what is declared for some resources of one node, and touches nothing else. */
export const handleDriftRevert: CommandHandler = (invocation) =>
  runPlan(invocation, (session) => scopeOf(session, invocation.required('node'), invocation.rest('resource')));

/** The named resources, or without names all that are not ignored. Throws cli/unknown-node, drift/no-such-resource. */
function scopeOf(session: Session, node: string, named: readonly string[]): PlanScope {
  session.requireNodes([node]);
  for (const resource of named) requireResource(session, node, resource);
  const now = systemClock.now();
  const ignores = session.workspace.driftIgnores.filter((one) => one.node === node && isIgnoredAt(one, now));
  const chosen = (session.platform.desired.nodes.get(node) ?? []).filter(({ resource }) => {
    const id = resourceId(resource);
    return named.length > 0 ? named.includes(id) : !ignores.some((one) => one.resource === id);
  });
  const phases = new Set(chosen.map(({ phase }) => phase));
  return {
    phases: phaseNames.filter((name) => phases.has(name)),
    nodes: [node],
    tags: undefined,
    resources: chosen.map(({ resource }) => resourceId(resource)),
  };
}
