import { countEffects, type PhaseName, type Plan, type Step, type StepChange } from '@vmstation/core';
import { renderChanges } from './diff.ts';
import { count, pad, shorten, widthOf, wrap } from './layout.ts';
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
  const nodes = new Set(plan.steps.flatMap((step) => step.node ?? []));
  const parts = [
    `${style.paint.strong('Plan')} for ${plan.cluster}`,
    ...(nodes.size === 0 ? [] : [count(nodes.size, 'node')]),
    `${count(plan.steps.length, 'step')}: ${effectCounts(plan)}`,
  ];
  return parts.join(dot(style));
}

/** `18 to change, 4 not known yet, 20 equal, 4 checks`, without what is zero. A check changes nothing, so it is neither. */
function effectCounts(plan: Plan): string {
  const working = plan.steps.filter((step) => !isCheck(step));
  const effects = countEffects({ ...plan, steps: working });
  const parts: readonly (readonly [number, string])[] = [
    [effects.change, 'to change'],
    [effects.unknown, 'not known yet'],
    [effects.none, 'equal'],
    [plan.steps.length - working.length, 'to check'],
  ];
  return parts.flatMap(([number, what]) => (number === 0 ? [] : [`${number} ${what}`])).join(', ');
}

function isCheck(step: Step): boolean {
  return step.action?.type === 'check';
}

function restOf(steps: readonly Step[]): string {
  const checks = steps.filter(isCheck).length;
  const equal = steps.length - checks;
  return [...(equal === 0 ? [] : [`${equal} equal`]), ...(checks === 0 ? [] : [`${checks} to check`])].join(', ');
}

function renderPhase(phase: PhaseName, steps: readonly Step[], view: PlanView, columns: Columns): string {
  const { style } = columns;
  const work = steps.filter(hasWork);
  const rest = restOf(steps.filter((step) => !hasWork(step)));
  const title = `${style.paint.strong(phase)}  ${view.titleOf(phase)}`;
  if (work.length === 0) return `${mark('unchanged', style)} ${title}${dot(style)}${rest}`;
  const nodes = new Set(steps.flatMap((step) => step.node ?? []));
  const lines = view.detail === 'changes' ? linesByNode(work, columns) : linesOfAlike(work, nodes.size, columns);
  return [`${style.unicode ? '▸' : '>'} ${title}${rest === '' ? '' : dot(style) + rest}`, ...lines].join('\n');
}

/** One line a step, its changes below; what the same thing stops stands together. */
function linesByNode(work: readonly Step[], columns: Columns): readonly string[] {
  return [...Map.groupBy(work, placeOf)].flatMap(([place, steps]) => {
    const stopped = steps.filter((step) => isStopped(step) && step.changes.length === 0);
    const lines = [
      ...steps
        .filter((step) => !stopped.includes(step))
        .map((step) => (name: string) => [
          ...(step.blockedBy === undefined
            ? [stepLine(step, name, noteOf(step, 'changes'), columns)]
            : stoppedLines([step], name, noteOf(step, 'changes'), columns)),
          ...renderChanges(step.changes, columns.style, '        '),
        ]),
      ...linesOfStopped(stopped, 'changes', columns),
    ];
    return lines.flatMap((line, index) => line(index === 0 ? place : ''));
  });
}

function linesOfStopped(
  steps: readonly Step[],
  detail: PlanView['detail'],
  columns: Columns,
): readonly ((place: string) => readonly string[])[] {
  const alike = Map.groupBy(steps, (step) => noteOf(step, detail));
  return [...alike].map(
    ([note, list]) =>
      (place) =>
        stoppedLines(list, place, note, columns),
  );
}

/** Steps that do the same on every node share a line, and so do steps of one node that the same thing stops. */
function linesOfAlike(work: readonly Step[], nodes: number, columns: Columns): readonly string[] {
  const alike = Map.groupBy(work, (step) => [step.title, markOf(step), noteOf(step, 'steps')].join('\n'));
  const placed = [...alike.values()].flatMap((steps) =>
    nodes > 1 && steps.length === nodes
      ? steps.slice(0, 1).map((step) => ({ step, place: 'every node' }))
      : steps.map((step) => ({ step, place: placeOf(step) })),
  );
  return [...Map.groupBy(placed, ({ place }) => place)].flatMap(([place, members]) => {
    const steps = members.map(({ step }) => step);
    const lines = [
      ...steps
        .filter((step) => !isStopped(step))
        .map((step) => (name: string) => [stepLine(step, name, noteOf(step, 'steps'), columns)]),
      ...linesOfStopped(steps.filter(isStopped), 'steps', columns),
    ];
    return lines.flatMap((line, index) => line(index === 0 ? place : ''));
  });
}

/** Steps that cannot run now, or are not known yet. */
function isStopped(step: Step): boolean {
  return step.blockedBy !== undefined || step.unknownUntil !== undefined;
}

function stoppedLines(steps: readonly Step[], place: string, note: string, columns: Columns): readonly string[] {
  const [first] = steps;
  if (first === undefined) return [];
  if (steps.length === 1 && first.blockedBy === undefined) return [stepLine(first, place, note, columns)];
  const { node, style } = columns;
  const head = `    ${pad(place, node)}  ${mark(markOf(first), style)} `;
  const indent = ' '.repeat(widthOf(head));
  const room = style.columns - indent.length;
  const titles = wrap(steps.map((step) => step.title).join(', '), room);
  const notes = wrap(note, room).map((line) => indent + paintNote(first, line, style));
  const advice = first.blockedBy?.tryThis;
  const tried = advice === undefined ? [] : wrap(`Try ${advice}`, room).map((line) => indent + style.paint.quiet(line));
  return [...titles.map((line, index) => (index === 0 ? head : indent) + line), ...notes, ...tried];
}

function stepLine(step: Step, place: string, note: string, { node, title, style }: Columns): string {
  const head = `    ${pad(place, node)}  ${mark(markOf(step), style)} ${pad(shorten(step.title, 40, style), title)}  `;
  const room = Math.max(16, style.columns - widthOf(head));
  return (head + paintNote(step, shorten(note, room, style), style)).trimEnd();
}

function hasWork(step: Step): boolean {
  return step.effect === 'change' || step.blockedBy !== undefined || (step.effect === 'unknown' && !isCheck(step));
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
  if (detail === 'changes') return lasting + step.why;
  // Of a restart the reason is told: what it interrupts matters more than which object brings it about.
  const restarts = step.changes.filter(isRestart).map(({ want }) => want);
  const targets = step.changes.filter((change) => !isRestart(change)).map(({ target }) => target);
  return lasting + ([...restarts, ...new Set(targets)].join(', ') || step.why);
}

function isRestart(change: StepChange): boolean {
  return change.attribute === 'restart';
}

function paintNote(step: Step, note: string, style: Style): string {
  if (step.blockedBy !== undefined && step.blockedBy.asleep !== true) return style.paint.bad(note);
  return step.reversible ? style.paint.quiet(note) : style.paint.caution(note);
}
