import type { NodeReadings } from '../desired/node-readings.ts';
import { AppError } from '../errors/app-error.ts';
import type { PhaseName } from '../phase/phase-name.ts';
import { narrowedHostStep } from '../plan/host-steps.ts';
import type { Plan, PlanScope, Step } from '../plan/step.ts';
import type { ResourceId } from '../resource/resource.ts';
import { blockOnEarlierSlice } from './earlier-slice.ts';
import { type FactStore, factStore } from './fact-store.ts';
import type { AnyPhase, RunPorts } from './run-ports.ts';

/** Plans the phases of a scope from what is observed now. Reads only. */
export async function planRun(ports: RunPorts, scope: PlanScope, facts: FactStore = factStore(ports)): Promise<Plan> {
  const steps: Step[] = [];
  for (const phase of ports.phases) {
    if (!scope.phases.includes(phase.name)) continue;
    steps.push(...(await planPhase(phase, scope, facts)).map((step) => asForeseen(step, scope)));
  }
  if (steps.length === 0 && scope.tags !== undefined) throw await nothingTagged(ports, scope, scope.tags, facts);
  return planOf(ports, scope, steps, undefined);
}

/** A tag that selects nothing would end as "nothing to change", which is not what was asked. */
async function nothingTagged(
  ports: RunPorts,
  scope: PlanScope,
  tags: readonly string[],
  facts: FactStore,
): Promise<AppError> {
  const known = new Set<string>();
  for (const phase of ports.phases.filter((one) => scope.phases.includes(one.name))) {
    for (const step of await planPhase(phase, { ...scope, tags: undefined }, facts))
      for (const tag of step.tags) known.add(tag);
  }
  return new AppError({
    code: 'plan/no-such-tag',
    kind: 'user',
    message: `Nothing in ${scope.phases.join(', ')} carries the tag ${tags.join(', ')}, so nothing was done.`,
    tryThis: `Choose from: ${[...known].toSorted().join(', ')}.`,
    context: { tags: tags.join(',') },
  });
}

/** The steps of one phase within a scope, from what is observed now. */
export async function planPhase(phase: AnyPhase, scope: PlanScope, facts: FactStore): Promise<readonly Step[]> {
  const context = await facts.contextFor(phase);
  const steps = await phase.plan(context);
  const inScope = steps.filter((step) => isInScope(step, scope));
  if (scope.resources !== undefined) return narrowed(inScope, scope.resources, context.readings);
  return Promise.all(
    inScope.map(async (step) => blockWithoutFact(await blockOnEarlierSlice(step, scope, context), facts)),
  );
}

/** Somebody named these resources: what else the phase or an earlier one would do is left out, and does not hold them up. */
async function narrowed(
  steps: readonly Step[],
  resources: readonly ResourceId[],
  readings: NodeReadings,
): Promise<readonly Step[]> {
  const wanted = new Set(resources);
  const parts = steps.map(async (step) =>
    step.node === undefined ? [] : (narrowedHostStep(step, wanted, await readings.read(step.node)) ?? []),
  );
  return (await Promise.all(parts)).flat();
}

/** Makes a plan of steps. */
export function planOf(ports: RunPorts, scope: PlanScope, steps: readonly Step[], parent: string | undefined): Plan {
  return {
    id: ports.ids.runId(),
    parent,
    cluster: ports.context.workspace.cluster.name,
    createdAt: ports.context.clock.now().toISOString(),
    scope,
    steps,
  };
}

/** Irreversible steps of a child plan that its parent did not announce: a child refines, it may not widen. */
export function stepsThatWiden(parent: Plan, child: readonly Step[]): readonly Step[] {
  const announced = new Set(parent.steps.filter((step) => step.effect !== 'none').map((step) => step.id));
  return child.filter(
    (step) => !step.reversible && step.action !== undefined && step.effect !== 'none' && !announced.has(step.id),
  );
}

function isInScope(step: Step, scope: PlanScope): boolean {
  if (scope.nodes !== undefined && step.node !== undefined && !scope.nodes.includes(step.node)) return false;
  return scope.tags === undefined || step.tags.some((tag) => scope.tags?.includes(tag));
}

/** While the phase that a step waits for is still to run, the step is unknown, not blocked. */
function asForeseen(step: Step, scope: PlanScope): Step {
  const until: PhaseName | undefined = step.unknownUntil;
  if (until === undefined || !scope.phases.includes(until) || step.blockedBy?.asleep === true) return step;
  const { blockedBy: _blocked, ...foreseen } = step;
  return foreseen;
}

async function blockWithoutFact(step: Step, facts: FactStore): Promise<Step> {
  if (step.unknownUntil === undefined || step.blockedBy !== undefined) return step;
  const fact = await facts.fact(step.unknownUntil);
  if (!fact.missing) return step;
  const tryThis = `Run vmstation up --from ${step.unknownUntil}, which does that first.`;
  return {
    ...step,
    blockedBy: { code: fact.code, reason: `${step.unknownUntil} is not done: ${fact.because}`, tryThis },
  };
}
