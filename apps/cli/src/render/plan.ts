import { countEffects, type PhaseName, type Plan, type Step } from '@vmstation/core';
import { renderChanges } from './diff.ts';
import { count, pad, shorten, widthOf } from './layout.ts';
import { dot, mark, type Style } from './style.ts';

/** How much of a plan is shown: what changes in one line a step, or each change with its diff. */
export interface PlanView {
  readonly detail: 'steps' | 'changes';
  /** Title of a phase by name. */
  readonly titleOf: (phase: PhaseName) => string;
}

/** A plan grouped by phase and node. Steps that have nothing to do are only counted. */
export function renderPlan(plan: Plan, view: PlanView, style: Style): string {
  const phases = Map.groupBy(plan.steps, (step) => step.phase);
  const widths = columnWidths(plan.steps);
  const blocks = [...phases].map(([phase, steps]) => renderPhase(phase, steps, view, { ...widths, style }));
  return [heading(plan, style), ...blocks].join('\n\n');
}

interface Columns {
  readonly node: number;
  readonly title: number;
  readonly style: Style;
}

function columnWidths(steps: readonly Step[]): { node: number; title: number } {
  const shown = steps.filter(hasWork);
  return {
    node: Math.min(24, Math.max(0, ...shown.map((step) => placeOf(step).length))),
    title: Math.min(40, Math.max(0, ...shown.map((step) => step.title.length))),
  };
}

function heading(plan: Plan, style: Style): string {
  const effects = countEffects(plan);
  const nodes = new Set(plan.steps.flatMap((step) => step.node ?? []));
  const parts = [
    `${style.paint.strong('Plan')} for ${plan.cluster}`,
    count(nodes.size, 'node'),
    `${count(plan.steps.length, 'step')}: ${effects.change} to change, ${effects.unknown} not known yet, ${effects.none} equal`,
  ];
  return parts.join(dot(style));
}

function renderPhase(phase: PhaseName, steps: readonly Step[], view: PlanView, columns: Columns): string {
  const { style } = columns;
  const work = steps.filter(hasWork);
  const equal = steps.length - work.length;
  const title = `${style.paint.strong(phase)}  ${view.titleOf(phase)}`;
  if (work.length === 0) return `${mark('unchanged', style)} ${title}${dot(style)}${count(equal, 'step')} equal`;
  const byNode = [...Map.groupBy(work, placeOf).values()];
  const lines = byNode.flatMap((group) => group.flatMap((step, index) => renderStep(step, index === 0, view, columns)));
  const rest = equal === 0 ? '' : `${dot(style)}${equal} more equal`;
  return [`${style.unicode ? '▸' : '>'} ${title}${rest}`, ...lines].join('\n');
}

function renderStep(step: Step, namesNode: boolean, view: PlanView, columns: Columns): readonly string[] {
  const { style } = columns;
  const place = pad(namesNode ? placeOf(step) : '', columns.node);
  const title = pad(shorten(step.title, 40, style), columns.title);
  const head = `    ${place}  ${mark(markOf(step), style)} ${title}  `;
  const note = shorten(noteOf(step, view.detail), Math.max(16, style.columns - widthOf(head)), style);
  const line = (head + paintNote(step, note, style)).trimEnd();
  if (view.detail === 'steps') return [line];
  return [line, ...renderChanges(step.changes, style, '        ')];
}

function hasWork(step: Step): boolean {
  return step.effect !== 'none' || step.blockedBy !== undefined;
}

function placeOf(step: Step): string {
  return step.node ?? 'cluster';
}

function markOf(step: Step): 'queued' | 'blocked' | 'unknown' | 'changed' | 'unchanged' {
  if (step.blockedBy?.asleep === true) return 'queued';
  if (step.blockedBy !== undefined) return 'blocked';
  return step.effect === 'change' ? 'changed' : step.effect === 'unknown' ? 'unknown' : 'unchanged';
}

function noteOf(step: Step, detail: PlanView['detail']): string {
  if (step.blockedBy !== undefined) return `${step.blockedBy.code}: ${step.blockedBy.reason}`;
  const lasting = step.reversible ? '' : 'cannot be undone; ';
  if (step.effect === 'unknown') {
    return step.unknownUntil === undefined
      ? `${lasting}${step.why}`
      : `${lasting}unknown until ${step.unknownUntil} has run`;
  }
  const targets = [...new Set(step.changes.map((change) => change.target))];
  return lasting + (targets.length === 0 || detail === 'changes' ? step.why : targets.join(', '));
}

function paintNote(step: Step, note: string, style: Style): string {
  if (step.blockedBy !== undefined && step.blockedBy.asleep !== true) return style.paint.bad(note);
  return step.reversible ? style.paint.quiet(note) : style.paint.caution(note);
}
