import { errorKindTable } from '../errors/error-kind.ts';
import type { Finding } from '../finding/finding.ts';
import { exitCodeOfRun, type Outcome, outcomeOf, outcomes } from '../outcome/outcome.ts';
import type { PhaseName } from '../phase/phase-name.ts';
import type { RunSummary } from './run-event.ts';
import type { StepResult } from './step-result.ts';

/** Findings of a phase's verification that are not fine, as results of a step `phase/verify`, one per outcome. */
export function verificationResults(phase: PhaseName, findings: readonly Finding[]): readonly StepResult[] {
  const bad = findings.filter((finding) => finding.state !== 'ok' && finding.state !== 'warning');
  return [...Map.groupBy(bad, (finding) => outcomeOf[finding.state])].map(([outcome, group]) => ({
    stepId: `${phase}/verify`,
    outcome,
    reason: group
      .map((finding) => `${finding.code}${finding.node === undefined ? '' : ` ${finding.node}`}: ${finding.evidence}`)
      .join('; '),
    changes: [],
    findings: group,
  }));
}

/** Sums a run up; the exit code comes from the one table. */
export function summarise(
  runId: string,
  results: readonly StepResult[],
  verifications: readonly StepResult[],
  how: { readonly stopped: boolean; readonly durationMs: number },
): RunSummary {
  const counts = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  for (const result of results) counts[result.outcome] += 1;
  const all = [...results, ...verifications];
  const exitCode = how.stopped
    ? 130
    : waitsForAnotherOperator(all)
      ? errorKindTable.locked.exitCode
      : exitCodeOfRun(all.map((result) => result.outcome));
  return {
    runId,
    ended: endedAs(exitCode),
    exitCode,
    counts,
    durationMs: how.durationMs,
    attention: all.filter((result) => result.outcome !== 'unchanged' && result.outcome !== 'changed'),
  };
}

/**
 * Nothing went wrong but that another operator was at work: every step that failed found its machine locked. What only follows from these is no failure
 * of its own, nor is what the verification misses on such a machine.
 */
function waitsForAnotherOperator(results: readonly StepResult[]): boolean {
  const bad = results.filter(({ outcome }) => outcome === 'failed' || outcome === 'blocked');
  const locked = bad.filter(({ error }) => error?.kind === 'locked');
  const nodes = new Set(locked.map(({ error }) => error?.context['node']));
  const follows = ({ consequenceOf, findings }: StepResult): boolean =>
    consequenceOf !== undefined || (findings.length > 0 && findings.every(({ node }) => nodes.has(node)));
  return locked.length > 0 && bad.every((result) => locked.includes(result) || follows(result));
}

function endedAs(exitCode: number): RunSummary['ended'] {
  if (exitCode === 0) return 'done';
  if (exitCode === 3) return 'unknown';
  if (exitCode === 4) return 'queued';
  if (exitCode === errorKindTable.locked.exitCode) return 'locked';
  return exitCode === 130 ? 'interrupted' : 'failed';
}
