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
    node: Math.min(24, Math.max('every node'.length, ...shown.map((step) => placeOf(step).length))),
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
  const nodes = new Set(steps.flatMap((step) => step.node ?? []));
  const lines = view.detail === 'changes' ? linesByNode(work, columns) : linesOfAlike(work, nodes.size, columns);
  const rest = equal === 0 ? '' : `${dot(style)}${equal} more equal`;
  return [`${style.unicode ? '▸' : '>'} ${title}${rest}`, ...lines].join('\n');
}

/** One line a step, its changes below. */
function linesByNode(work: readonly Step[], columns: Columns): readonly string[] {
  return [...Map.groupBy(work, placeOf)].flatMap(([place, steps]) =>
    steps.flatMap((step, index) => [
      stepLine(step, index === 0 ? place : '', noteOf(step, 'changes'), columns),
      ...renderChanges(step.changes, columns.style, '        '),
    ]),
  );
}

/** Steps that do the same on several nodes share a line. */
function linesOfAlike(work: readonly Step[], nodes: number, columns: Columns): readonly string[] {
  const alike = Map.groupBy(work, (step) => [step.title, markOf(step), noteOf(step, 'steps')].join('\n'));
  const groups = [...alike.values()].flatMap((steps) =>
    steps.length === 1 || steps.length === nodes ? [steps] : steps.map((step) => [step]),
  );
  const placed = groups.map((steps) => ({
    step: steps[0] as Step,
    place: steps.length > 1 ? 'every node' : placeOf(steps[0] as Step),
  }));
  return [...Map.groupBy(placed, ({ place }) => place).values()].flatMap((group) =>
    group.map(({ step, place }, index) => stepLine(step, index === 0 ? place : '', noteOf(step, 'steps'), columns)),
  );
}

function stepLine(step: Step, place: string, note: string, { node, title, style }: Columns): string {
  const head = `    ${pad(place, node)}  ${mark(markOf(step), style)} ${pad(shorten(step.title, 40, style), title)}  `;
  const room = Math.max(16, style.columns - widthOf(head));
  return (head + paintNote(step, shorten(note, room, style), style)).trimEnd();
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
