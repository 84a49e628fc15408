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
  const exitCode = how.stopped ? 130 : exitCodeOfRun(all.map((result) => result.outcome));
  return {
    runId,
    ended: endedAs(exitCode),
    exitCode,
    counts,
    durationMs: how.durationMs,
    attention: all.filter((result) => result.outcome !== 'unchanged' && result.outcome !== 'changed'),
  };
}

function endedAs(exitCode: number): RunSummary['ended'] {
  if (exitCode === 0) return 'done';
  if (exitCode === 3) return 'unknown';
  if (exitCode === 4) return 'queued';
  return exitCode === 130 ? 'interrupted' : 'failed';
}
