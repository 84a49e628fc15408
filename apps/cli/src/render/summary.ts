import { type Finding, type Outcome, outcomes, type RunSummary, type StepResult } from '@vmstation/core';
import { count, duration, labelled, table, wrap } from './layout.ts';
import { dot, mark, outcomeWord, type Style, toneOf } from './style.ts';

const verdicts: Readonly<Record<RunSummary['ended'], { readonly text: string; readonly outcome: Outcome }>> = {
  done: { text: 'Done', outcome: 'unchanged' },
  failed: { text: 'Failed', outcome: 'failed' },
  locked: { text: 'Another operator is at work', outcome: 'blocked' },
  interrupted: { text: 'Interrupted', outcome: 'not-run' },
  queued: { text: 'Done as far as awake', outcome: 'queued' },
  unknown: { text: 'Ended, but something could not be read', outcome: 'unknown' },
};

/** A command line to type next, and what it does. */
export type NextStep = readonly [line: string, does: string];

/** How a run ended: verdict and counts, what needs attention with its reason, what this place could not prove, what to do next. */
export function renderSummary(summary: RunSummary, next: readonly NextStep[], style: Style): string {
  const width = Math.max(0, ...next.map(([line]) => line.length));
  const { text, outcome } = verdicts[summary.ended];
  const verdict = summary.ended === 'done' && summary.counts.changed === 0 ? 'Nothing to change' : text;
  const head = `${mark(outcome, style)} ${style.paint.strong(verdict)} in ${duration(summary.durationMs)}${dot(style)}${renderCounts(summary.counts, style)}`;
  const bad = summary.attention.filter((result) => result.outcome !== 'not-proved');
  const unproved = summary.attention.filter((result) => result.outcome === 'not-proved');
  return [
    head,
    ...renderAttention(bad, style),
    ...renderUnproved(unproved, style),
    ...(next.length === 0
      ? []
      : [
          '',
          style.paint.strong('Next'),
          ...next.map(([line, does]) => `  ${line.padEnd(width)}  ${style.paint.quiet(does)}`),
        ]),
  ].join('\n');
}

/** `57 changed · 12 unchanged`, without the outcomes that did not occur. */
export function renderCounts(counts: RunSummary['counts'], style: Style): string {
  return outcomes
    .filter((outcome) => counts[outcome] > 0)
    .map((outcome) => style.paint[toneOf(outcome)](`${counts[outcome]} ${outcomeWord(outcome)}`))
    .join(dot(style));
}

/** Causes, each once however many steps it stopped; their consequences are only counted, because nothing is to be mended there. */
function renderAttention(results: readonly StepResult[], style: Style): readonly string[] {
  if (results.length === 0) return [];
  const causes = causesOf(results);
  const alike = Map.groupBy(causes, (result) => [result.outcome, result.reason, codeOf(result)].join('\n'));
  const waiting = results.length - causes.length;
  return [
    '',
    style.paint.strong('Needs attention'),
    ...[...alike.values()].flatMap((group) => renderGroup(group, style).map((line) => `  ${line}`)),
    ...(waiting === 0
      ? []
      : [style.paint.quiet(`  ${count(waiting, 'more step')} ${waiting === 1 ? 'follows' : 'follow'} from these.`)]),
  ];
}

/** Results that something else explains are no causes: they waited for another step, or only found what another reason says. */
function causesOf(results: readonly StepResult[]): readonly StepResult[] {
  const own = results.filter((result) => result.consequenceOf === undefined && result.outcome !== 'not-run');
  const reasons = own.flatMap((result) => (badFindings(result).length === 0 ? (result.reason ?? []) : []));
  const isEcho = (finding: Finding): boolean => reasons.some((reason) => finding.evidence.includes(reason));
  const causes = own.filter((result) => badFindings(result).length === 0 || !badFindings(result).every(isEcho));
  return causes.length === 0 ? results : causes;
}

function renderGroup(group: readonly StepResult[], style: Style): readonly string[] {
  const [first, ...others] = group;
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : style.paint.quiet(` and ${count(others.length, 'more step')}`);
  const head = `${mark(first.outcome, style)} ${style.paint.strong(first.stepId)}${more}  ${style.paint.quiet(outcomeWord(first.outcome))}`;
  const bad = badFindings(first);
  return [
    head,
    ...(bad.length > 0 ? bad.flatMap((finding) => findingLines(finding, style)) : reasonLines(first, style)),
  ];
}

function reasonLines(result: StepResult, style: Style): readonly string[] {
  const reason = result.reason ?? result.error?.message ?? '';
  const code = codeOf(result);
  const advice = result.error?.tryThis ?? result.tryThis;
  const cause = result.error?.cause;
  return [
    ...wrap(reason, style.columns - 6).map((line) => `    ${line}`),
    ...(cause === undefined || reason.includes(cause) ? [] : [field('Cause', cause, style)]),
    ...(advice === undefined ? [] : [field('Try', advice, style)]),
    ...(code === undefined ? [] : [field('Docs', `vmstation explain ${code}`, style)]),
  ].filter((line) => line.trim() !== '');
}

function findingLines(finding: Finding, style: Style): readonly string[] {
  const [first = '', ...rest] = wrap(
    `${finding.node === undefined ? '' : `${finding.node}: `}${finding.evidence}`,
    style.columns - 6,
  );
  return [
    `    ${first}`,
    ...rest.map((line) => `    ${line}`),
    ...(finding.tryThis === undefined || finding.tryThis === '' ? [] : [field('Try', finding.tryThis, style)]),
    field('Docs', `vmstation explain ${finding.code}`, style),
  ];
}

/** What could not be proved here, one line each with the reason; the same thing found by two checks stands once. */
function renderUnproved(results: readonly StepResult[], style: Style): readonly string[] {
  if (results.length === 0) return [];
  const rows = results.flatMap((result) => {
    const findings = badFindings(result).filter((finding) => finding.state === 'not-proved');
    if (findings.length === 0) return [[result.stepId, result.reason ?? '']];
    return findings.map((finding) => [finding.title, finding.evidence]);
  });
  const unique = new Map(rows.map((row) => [row[1], row]));
  const lines = table(
    ['', ''],
    [...unique.values()].map(([title = '', why = '']) => [`${mark('not-proved', style)} ${title}`, why]),
    style,
  );
  return ['', style.paint.strong('Not proved here'), ...lines];
}

function badFindings(result: StepResult): readonly Finding[] {
  return result.findings.filter((finding) => finding.state !== 'ok' && finding.state !== 'warning');
}

function codeOf(result: StepResult): string | undefined {
  return result.error?.code ?? result.code ?? badFindings(result)[0]?.code;
}

function field(label: string, text: string, style: Style): string {
  return labelled(label, text, { indent: 4, width: 6, style });
}
