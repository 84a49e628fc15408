import type { RollbackReport, RunEvent, Step } from '@vmstation/core';
import { table } from './layout.ts';
import { mark, type Style } from './style.ts';

/** What a rollback of a run would put back, by machine and resource, as the run's events tell it. */
export function renderRollback(
  runId: string,
  events: readonly RunEvent[],
  nodes: readonly string[],
  style: Style,
): string {
  const rows = nodes.map((node) => [node, whatOf(events, node)]);
  return [
    `${runId} is taken back: what it changed there becomes again what it was before`,
    ...table(['', ''], rows, style),
  ].join('\n');
}

function whatOf(events: readonly RunEvent[], node: string): string {
  const steps = new Map<string, Step>();
  for (const event of events) {
    if (event.type !== 'plan-recorded') continue;
    for (const step of event.plan.steps)
      if (step.node === node && step.action?.type === 'host') steps.set(step.id, step);
  }
  const ends = events.flatMap((event) =>
    event.type === 'step-ended' && steps.has(event.result.stepId) ? [event.result] : [],
  );
  const ended = new Set(ends.map(({ stepId }) => stepId));
  const changed = new Set(ends.flatMap(({ changes }) => changes.map(({ target }) => target)));
  const broken = events.flatMap((event) => {
    const step = event.type === 'step-started' && !ended.has(event.stepId) ? steps.get(event.stepId) : undefined;
    return step?.action?.type === 'host' ? step.action.resources : [];
  });
  const perhaps = [...new Set(broken)].filter((resource) => !changed.has(resource));
  const parts = [
    ...(changed.size === 0 ? [] : [[...changed].join(', ')]),
    ...(perhaps.length === 0 ? [] : [`begun and broken off, so perhaps also: ${perhaps.join(', ')}`]),
  ];
  return parts.length === 0 ? 'nothing that the journal knows of' : parts.join('\n');
}

/** What a rollback put back and what it could not. */
export function renderRollbackReports(reports: readonly RollbackReport[], style: Style): string {
  const rows = reports.flatMap(({ node, restored, failed }) => [
    ...restored.map((id) => [`${mark('changed', style)} restored`, node, id]),
    ...failed.map(({ id, reason }) => [`${mark('failed', style)} failed`, node, `${id}: ${reason}`]),
  ]);
  return table(['', 'node', 'resource'], rows, style, '').join('\n');
}
