/**
 * How a step ended; the words are the same in plan, run, drift, validation, JSON and dashboard.
 * - `unchanged`, `changed`: the only green ones
 * - `failed`; `blocked`: a need was not met; `queued`: waits for an optional sleeping node; `not-run`: never reached
 * - `unknown`: could not be read or predicted; `not-proved`: ran, but this place cannot prove it
 */
export type Outcome = 'unchanged' | 'changed' | 'failed' | 'blocked' | 'queued' | 'not-run' | 'unknown' | 'not-proved';

/** Every outcome, in the order in which summaries print them. */
export const outcomes: readonly Outcome[] = [
  'unchanged',
  'changed',
  'not-proved',
  'queued',
  'not-run',
  'unknown',
  'blocked',
  'failed',
];

/** Words of drift, per node. */
export type DriftState = 'clean' | 'drifted' | 'asleep' | 'unreadable';

/** Words of findings (validation, diagnosis). */
export type FindingState = 'ok' | 'warning' | 'failed' | 'asleep' | 'unreadable' | 'not-proved';

/** The one table that maps words of drift and of findings to outcomes. */
export const outcomeOf: Readonly<Record<DriftState | FindingState, Outcome>> = {
  clean: 'unchanged',
  drifted: 'changed',
  asleep: 'queued',
  unreadable: 'unknown',
  ok: 'unchanged',
  warning: 'unchanged',
  failed: 'failed',
  'not-proved': 'not-proved',
};

/** Exit codes of a command that ended without an error of its own. */
export const exitCodes = {
  done: 0,
  failed: 1,
  differences: 2,
  unreadable: 3,
  asleep: 4,
} as const;

/** Exit code of a run (`up`, a phase): the first of 1, 3, 4 that holds, else 0. `not-proved` is said, and is no failure. */
export function exitCodeOfRun(ended: Iterable<Outcome>): number {
  const seen = new Set(ended);
  if (seen.has('failed') || seen.has('blocked') || seen.has('not-run')) return exitCodes.failed;
  if (seen.has('unknown')) return exitCodes.unreadable;
  if (seen.has('queued')) return exitCodes.asleep;
  return exitCodes.done;
}

/** Exit code of drift over the nodes' states: the first of 2, 3, 4 that holds, else 0. */
export function exitCodeOfDrift(states: Iterable<DriftState>): number {
  const seen = new Set(states);
  if (seen.has('drifted')) return exitCodes.differences;
  if (seen.has('unreadable')) return exitCodes.unreadable;
  if (seen.has('asleep')) return exitCodes.asleep;
  return exitCodes.done;
}

/** Exit code of findings: the first of 1, 3, 4 that holds, else 0. */
export function exitCodeOfFindings(states: Iterable<FindingState>): number {
  const seen = new Set(states);
  if (seen.has('failed')) return exitCodes.failed;
  if (seen.has('unreadable')) return exitCodes.unreadable;
  if (seen.has('asleep')) return exitCodes.asleep;
  return exitCodes.done;
}
