import { type Outcome, outcomes, type RunSummary, type StepResult } from '@vmstation/core';
import { duration, labelled, wrap } from './layout.ts';
import { dot, mark, outcomeWord, type Style, toneOf } from './style.ts';

const verdicts: Readonly<Record<RunSummary['ended'], { readonly text: string; readonly outcome: Outcome }>> = {
  done: { text: 'Done', outcome: 'unchanged' },
  failed: { text: 'Failed', outcome: 'failed' },
  interrupted: { text: 'Interrupted', outcome: 'not-run' },
  queued: { text: 'Done as far as awake', outcome: 'queued' },
  unknown: { text: 'Ended, but something could not be read', outcome: 'unknown' },
};

/** How a run ended: verdict and counts, what needs attention with its reason, what this place could not prove, what to do next. */
export function renderSummary(summary: RunSummary, next: readonly string[], style: Style): string {
  const { text, outcome } = verdicts[summary.ended];
  const verdict = summary.ended === 'done' && summary.counts.changed === 0 ? 'Nothing to change' : text;
  const head = `${mark(outcome, style)} ${style.paint.strong(verdict)} in ${duration(summary.durationMs)}${dot(style)}${renderCounts(summary.counts, style)}`;
  const bad = summary.attention.filter((result) => result.outcome !== 'not-proved');
  const unproved = summary.attention.filter((result) => result.outcome === 'not-proved');
  return [
    head,
    ...section('Needs attention', withoutConsequences(bad), style),
    ...section('Not proved', unproved, style),
    ...(next.length === 0 ? [] : ['', style.paint.strong('Next'), ...next.map((line) => `  ${line}`)]),
  ].join('\n');
}

/** `57 changed · 12 unchanged`, without the outcomes that did not occur. */
export function renderCounts(counts: RunSummary['counts'], style: Style): string {
  return outcomes
    .filter((outcome) => counts[outcome] > 0)
    .map((outcome) => style.paint[toneOf(outcome)](`${counts[outcome]} ${outcomeWord(outcome)}`))
    .join(dot(style));
}

/** One result that is not green: where, why, what to try. */
export function renderResult(result: StepResult, style: Style): readonly string[] {
  const width = Math.max(30, style.columns - 4);
  const code = result.error?.code ?? result.findings.find((finding) => finding.state !== 'ok')?.code;
  const reason = result.reason ?? result.error?.message ?? '';
  const [first = '', ...rest] = wrap(reason, width);
  const advice = result.error?.tryThis ?? result.findings.find((finding) => finding.state !== 'ok')?.tryThis;
  const field = (label: string, text: string) => labelled(label, text, { indent: 4, width: 6, style });
  return [
    `${mark(result.outcome, style)} ${style.paint.strong(result.stepId)}  ${style.paint.quiet(outcomeWord(result.outcome))}`,
    ...[first, ...rest].filter((line) => line !== '').map((line) => `    ${line}`),
    ...(result.error?.cause === undefined || reason.includes(result.error.cause)
      ? []
      : [field('Cause', result.error.cause)]),
    ...(advice === undefined || advice === '' ? [] : [field('Try', advice)]),
    ...(code === undefined || result.outcome === 'not-proved' ? [] : [field('Docs', `vmstation explain ${code}`)]),
  ];
}

function section(title: string, results: readonly StepResult[], style: Style): readonly string[] {
  if (results.length === 0) return [];
  return [
    '',
    style.paint.strong(title),
    ...results.flatMap((result) => renderResult(result, style).map((line) => `  ${line}`)),
  ];
}

/** What never ran because of a failure that is listed is counted, not listed: the cause is what the operator can mend. */
function withoutConsequences(results: readonly StepResult[]): readonly StepResult[] {
  const causes = results.filter((result) => result.outcome !== 'not-run');
  return causes.length === 0 ? results : causes;
}
