import type { DesiredResource } from '../desired/desired-state.ts';
import type { PhaseContext } from '../phase/phase.ts';
import type { PlanScope, Step } from '../plan/step.ts';
import { resourceId } from '../resource/resource.ts';

/**
 * Blocks a host step whose resources come after others that are not right yet and that this scope leaves out: the slice of an earlier phase, or
 * of a role without the wanted tag. Tried all the same it would fail on the machine, with words that lead nowhere.
 */
export async function blockOnEarlierSlice(
  step: Step,
  scope: PlanScope,
  { desired, readings }: Pick<PhaseContext, 'desired' | 'readings'>,
): Promise<Step> {
  const { node, action } = step;
  if (node === undefined || action?.type !== 'host' || step.effect !== 'change') return step;
  const reading = await readings.read(node);
  if (reading.state !== 'read') return step;
  const all = new Map((desired.nodes.get(node) ?? []).map((one) => [resourceId(one.resource), one]));
  const needed = new Set(action.resources.flatMap((id) => all.get(id)?.resource.after ?? []));
  const unmet = [...needed]
    .filter((id) => !action.resources.includes(id) && reading.check.resources.get(id)?.state === 'differs')
    .flatMap((id) => all.get(id) ?? [])
    .filter((one) => one.phase !== step.phase && !isSelected(one, scope));
  const [first] = unmet;
  if (first === undefined) return step;
  const names = unmet.map((one) => resourceId(one.resource)).join(', ');
  return {
    ...step,
    blockedBy: {
      code: 'plan/earlier-phase',
      reason: `${node} does not have ${names} yet, which ${first.phase} brings`,
      tryThis: `vmstation up --only ${first.phase} --node ${node}`,
    },
  };
}

function isSelected(one: DesiredResource, { phases, tags }: PlanScope): boolean {
  return phases.includes(one.phase) && (tags === undefined || tags.includes(one.role));
}
