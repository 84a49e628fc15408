import {
  AppError,
  exitCodes,
  type PhaseName,
  type Plan,
  type PlanScope,
  phaseNames,
  type RunSummary,
  type Step,
  toAppError,
} from '@vmstation/core';
import { phases } from '@vmstation/platform';
import type { Invocation } from '../command/invocation.ts';
import { openSession, type Session } from '../compose/session.ts';
import { jsonText } from '../render/json.ts';
import { renderPlan } from '../render/plan.ts';
import { type NextStep, renderSummary } from '../render/summary.ts';
import { showAddresses } from './addresses.ts';
import { requireApproval, saysYes } from './approval.ts';
import { deleteDataOf, requireRemovals } from './delete-data.ts';
import { type ProgressDisplay, progressDisplay } from './progress.ts';

/** Plans a scope, shows the plan, asks, carries it out and sums up: what every command that changes things does. Returns the exit code. */
export async function runPlan(
  invocation: Invocation,
  scopeIn: PlanScope | ((session: Session) => PlanScope),
): Promise<number> {
  const display = progressDisplay(invocation);
  const dryRun = invocation.flag('dry-run');
  const withDiff = dryRun || invocation.flag('diff');
  const session = await openSession(invocation, {
    withDiff,
    onEvent: (event) => display.hear(event),
    exclusive: !dryRun,
    deleteData: deleteDataOf(invocation),
  });
  try {
    display.say('Reading the machines');
    const scope = checkedScope(typeof scopeIn === 'function' ? scopeIn(session) : scopeIn, session);
    const plan = await session.platform.plan(scope);
    display.say(undefined);
    requireRemovals(deleteDataOf(invocation), plan);
    if (dryRun) return endDryRun(invocation, plan);
    showPlan(invocation, plan, invocation.flag('diff'));
    await approve(invocation, plan);
    const summary = await session.platform.execute(plan, {
      command: invocation.line,
      approveWidening: (steps) => approveWidening(invocation, display, steps),
    });
    display.close();
    await conclude(invocation, session, scope, summary);
    return summary.exitCode;
  } finally {
    display.close();
    await session.close();
  }
}

/** The phases that `--only`, `--from` and `--to` leave. Throws cli/no-phase, and cli/wrong-use for `--only` with one of the others. */
export function chosenPhases(invocation: Invocation): readonly PhaseName[] {
  const only = invocation.option('only');
  const range = ['from', 'to'].filter((name) => invocation.option(name) !== undefined);
  if (only !== undefined && range.length > 0) {
    throw new AppError({
      code: 'cli/wrong-use',
      kind: 'user',
      message: `--only names one phase, and ${range.map((name) => `--${name}`).join(' and ')} a range of them; nothing was done.`,
      tryThis: 'Leave one of the two out.',
    });
  }
  if (only !== undefined) return phaseNames.filter((name) => name === only);
  const position = (name: string | undefined, otherwise: number) =>
    name === undefined ? otherwise : phaseNames.findIndex((phase) => phase === name);
  const from = position(invocation.option('from'), 0);
  const to = position(invocation.option('to'), phaseNames.length - 1);
  if (from <= to) return phaseNames.slice(from, to + 1);
  throw new AppError({
    code: 'cli/no-phase',
    kind: 'user',
    message: `No phase lies from ${phaseNames[from]} to ${phaseNames[to]}.`,
    tryThis: `The order is ${phaseNames.join(', ')}.`,
  });
}

/** Exit code of a dry run: the first of 1 (something is blocked), 2 (something would change or is not known yet), 4 (only sleeping nodes) that holds. */
export function exitCodeOfPlan(plan: Plan): number {
  const asleep = plan.steps.filter((step) => step.blockedBy?.asleep === true);
  if (plan.steps.some((step) => step.blockedBy !== undefined && step.blockedBy.asleep !== true))
    return exitCodes.failed;
  const differing = plan.steps.some(
    (step) => step.effect === 'change' || (step.effect === 'unknown' && step.unknownUntil !== undefined),
  );
  if (differing) return exitCodes.differences;
  return asleep.length > 0 ? exitCodes.asleep : exitCodes.done;
}

function endDryRun(invocation: Invocation, plan: Plan): number {
  const { io, global } = invocation;
  if (global.json) io.out(`${jsonText(plan)}\n`);
  else showPlan(invocation, plan, true);
  return exitCodeOfPlan(plan);
}

function showPlan({ io, global, style }: Invocation, plan: Plan, changes: boolean): void {
  if (global.json || global.quiet) return;
  const titleOf = (name: PhaseName) => phases.find((phase) => phase.name === name)?.title ?? '';
  io.out(`${renderPlan(plan, { detail: changes ? 'changes' : 'steps', titleOf }, style)}\n\n`);
}

/** Asks when something would really be carried out. Throws what asking throws. */
async function approve(invocation: Invocation, plan: Plan): Promise<void> {
  const changing = plan.steps.some(
    (step) => step.action !== undefined && step.action.type !== 'check' && step.blockedBy === undefined,
  );
  if (!changing) return;
  await requireApproval(invocation, {
    question: 'Carry this out?',
    whenAlone: 'This plan changes machines, and nobody is here to approve it.',
    hasDryRun: true,
  });
}

async function approveWidening(
  invocation: Invocation,
  display: ProgressDisplay,
  steps: readonly Step[],
): Promise<boolean> {
  const { io, global } = invocation;
  // `--yes` approves what was shown, and these steps were not: only a person can say yes to them.
  if (io.ask === undefined || global.json) return false;
  display.close();
  const list = steps.map((step) => `  ${step.id}: ${step.why}`).join('\n');
  try {
    return await saysYes(io.ask, `These steps cannot be undone and were not in the plan:\n${list}\nCarry them out?`);
  } catch (thrown) {
    // The signal is aborted by now, so that the run ends as interrupted.
    if (toAppError(thrown).kind === 'interrupted') return false;
    throw thrown;
  }
}

async function conclude(
  invocation: Invocation,
  session: Session,
  scope: PlanScope,
  summary: RunSummary,
): Promise<void> {
  const { io, global, style } = invocation;
  if (global.json) return;
  io.out(`\n${renderSummary(summary, nextSteps(summary, scope), style)}\n`);
  const reached = summary.ended === 'done' || summary.ended === 'queued';
  if (reached && !global.quiet && scope.tags === undefined && scope.resources === undefined)
    await showAddresses(invocation, session, scope.phases);
}

function nextSteps(summary: RunSummary, scope: PlanScope): readonly NextStep[] {
  if (summary.ended === 'interrupted') return [['vmstation up', 'continues from what is there']];
  if (summary.ended === 'locked') return [['vmstation up', 'tries again, once the other operator is through']];
  if (summary.ended === 'failed' || summary.ended === 'unknown') {
    return [
      [`vmstation runs show ${summary.runId}`, 'what each step did'],
      ['vmstation up', 'tries again; what is done stays done'],
    ];
  }
  return scope.phases.at(-1) === 'tools' ? [] : [['vmstation verify all', 'is everything as it should be']];
}

/** Throws cli/unknown-node for a node that the cluster file does not have. */
function checkedScope(scope: PlanScope, session: Session): PlanScope {
  session.requireNodes(scope.nodes ?? []);
  return scope;
}
