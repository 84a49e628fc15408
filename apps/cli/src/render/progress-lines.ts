import type { Outcome, RunEvent } from '@vmstation/core';
import { duration, pad, shorten, widthOf } from './layout.ts';
import { advance, noProgress, type ProgressState } from './progress-state.ts';
import { dot, mark, outcomeWord, type Style, toneOf } from './style.ts';

/** Which ended steps get a line of their own: in a log all that did something, above a live region only those that need attention. */
export type StepLines = 'active' | 'attention';

/** Outcomes that a step line is left out for. */
const silent: Readonly<Record<StepLines, ReadonlySet<Outcome>>> = {
  active: new Set<Outcome>(['unchanged', 'not-run']),
  attention: new Set<Outcome>(['unchanged', 'changed', 'not-run', 'not-proved']),
};

/** The lines that stay on the screen for an event, and the state after it. Pure. */
export function linesOf(
  state: ProgressState,
  event: RunEvent,
  show: StepLines,
  style: Style,
): { readonly state: ProgressState; readonly lines: readonly string[] } {
  const next = advance(state, event);
  if (event.type === 'step-ended' && !silent[show].has(event.result.outcome)) {
    const { reason, consequenceOf } = event.result;
    if (consequenceOf !== undefined || (reason !== undefined && state.reasons.has(reason)))
      return { state: next, lines: [] };
    return { state: next, lines: [stepLine(state, event, style)] };
  }
  if (event.type === 'phase-ended') return { state: next, lines: [phaseLine(state, event, style)] };
  return { state: next, lines: [] };
}

/** Where a reader of a log begins. */
export const beforeFirstEvent = noProgress;

function stepLine(state: ProgressState, event: Extract<RunEvent, { type: 'step-ended' }>, style: Style): string {
  const { result, durationMs } = event;
  const step = state.steps.get(result.stepId);
  const head = `    ${pad(step?.node ?? 'cluster', 16)}  ${mark(result.outcome, style)} ${pad(outcomeWord(result.outcome), 10)}  ${step?.title ?? result.stepId}`;
  const time = `  ${style.paint.quiet(duration(durationMs))}`;
  const reason = result.reason?.split('\n', 1)[0] ?? '';
  const room = style.columns - widthOf(head) - widthOf(time) - 2;
  return head + time + (reason === '' || room < 16 ? '' : `  ${style.paint.quiet(shorten(reason, room, style))}`);
}

function phaseLine(state: ProgressState, event: Extract<RunEvent, { type: 'phase-ended' }>, style: Style): string {
  const counts = [...Map.groupBy(state.ended, (outcome) => outcome)]
    .map(([outcome, list]) => style.paint[toneOf(outcome)](`${list.length} ${outcomeWord(outcome)}`))
    .join(dot(style));
  const proved = event.findings.filter((finding) => finding.state === 'ok').length;
  const checks = event.findings.length === 0 ? '' : `${proved} of ${event.findings.length} checks ok`;
  const facts = [counts, checks, style.paint.quiet(duration(event.durationMs))].filter((fact) => fact !== '');
  return `${mark(event.outcome, style)} ${pad(style.paint.strong(event.phase), 18)} ${facts.join(dot(style))}`;
}
