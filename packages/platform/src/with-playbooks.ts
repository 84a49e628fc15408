import { performPlaybook, planPlaybooks, playbookOf } from '@vmstation/cluster-infra';
import type { AnyPhase, StepResult } from '@vmstation/core';

/** A phase followed by the operator's own playbooks that are to run after it: as steps of that phase, planned, run and told with it. */
export function withPlaybooks(phase: AnyPhase): AnyPhase {
  return {
    ...phase,
    async plan(context) {
      const own = await phase.plan(context);
      return [...own, ...(await planPlaybooks(phase.name, context, own))];
    },
    async perform(steps, context, runId, progress) {
      const results: StepResult[] = [];
      const own = steps.filter((step) => playbookOf(step) === undefined);
      if (own.length > 0) results.push(...(await phase.perform(own, context, runId, progress)));
      for (const [name, group] of Map.groupBy(steps, playbookOf))
        if (name !== undefined) results.push(...(await performPlaybook(name, group, context, runId, progress)));
      return results;
    },
  };
}
