import type { Outcome } from '../outcome/outcome.ts';
import type { Step } from '../plan/step.ts';
import type { GuardArea } from '../resource/resource.ts';
import type { StepResult } from './step-result.ts';

/** Steps that are carried out together by one call. */
export interface StepUnit {
  /** `host:<node>`, `guarded:<node>:<area>` or `phase`. */
  readonly key: string;
  readonly node: string | undefined;
  /** The way in that the unit could close; undefined for the rest. */
  readonly guard: GuardArea | undefined;
  readonly steps: readonly Step[];
}

const green: ReadonlySet<Outcome> = new Set(['unchanged', 'changed', 'not-proved']);

/** True for outcomes that a later step may build on. */
export function mayBuildOn(outcome: Outcome): boolean {
  return green.has(outcome);
}

/** A step that needs no call: decided by what was observed, or by a need that was not met. Undefined when it has to be carried out. */
export function decideWithoutRunning(step: Step, results: ReadonlyMap<string, StepResult>): StepResult | undefined {
  if (step.blockedBy !== undefined) {
    const { asleep, ownFault, code, reason, tryThis } = step.blockedBy;
    const outcome = asleep === true ? 'queued' : ownFault === true ? 'failed' : 'blocked';
    const advice = tryThis === undefined ? {} : { tryThis };
    const waited = step.unknownUntil === undefined ? {} : { consequenceOf: step.unknownUntil };
    return { ...ended(step, outcome, reason), code, ...advice, ...waited };
  }
  for (const need of step.needs.steps) {
    const needed = results.get(need);
    if (needed === undefined || mayBuildOn(needed.outcome)) continue;
    const outcome = needed.outcome === 'queued' ? 'queued' : 'blocked';
    const reason = `${need} ended ${needed.outcome}${needed.reason === undefined ? '' : `: ${needed.reason}`}`;
    return { ...ended(step, outcome, reason), consequenceOf: need };
  }
  return step.action === undefined ? ended(step, 'unchanged', undefined) : undefined;
}

/** A result without changes. */
export function ended(step: Step, outcome: Outcome, reason: string | undefined): StepResult {
  return { stepId: step.id, outcome, ...(reason === undefined ? {} : { reason }), changes: [], findings: [] };
}

/** True when every needed step that is part of this run has ended. */
export function isReady(step: Step, open: ReadonlySet<string>): boolean {
  return step.needs.steps.every((need) => !open.has(need));
}

/**
 * Groups ready steps into units: the unguarded host steps of a node go in one apply; guarded ones each in an attempt of their
 * own; everything else of the phase in one call.
 */
export function unitsOf(steps: readonly Step[]): readonly StepUnit[] {
  const units = new Map<string, Step[]>();
  for (const step of steps) {
    const key = unitKey(step);
    const unit = units.get(key);
    if (unit === undefined) units.set(key, [step]);
    else unit.push(step);
  }
  return [...units].map(([key, list]) => ({
    key,
    node: key === 'phase' ? undefined : list[0]?.node,
    guard: list[0] === undefined ? undefined : guardOf(list[0]),
    steps: list,
  }));
}

/** The way in that a step could close; undefined for the rest. */
export function guardOf({ action }: Step): GuardArea | undefined {
  return action?.type === 'host' ? action.guard : undefined;
}

function unitKey(step: Step): string {
  if (step.action?.type !== 'host') return 'phase';
  return step.action.guard === undefined ? `host:${step.node}` : `guarded:${step.node}:${step.action.guard}`;
}
