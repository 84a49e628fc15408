import { count, duration, pad, shorten, widthOf } from './layout.ts';
import type { ProgressState, RunningStep } from './progress-state.ts';
import { dot, type Style } from './style.ts';

const spinnerFrames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const asciiFrames = ['|', '/', '-', '\\'];
const mostPlaces = 12;

/** The lines that are redrawn in place while a phase runs: the phase, then one line per node that works. Pure. */
export function renderRegion(state: ProgressState, nowMs: number, style: Style): readonly string[] {
  const { phase } = state;
  if (phase === undefined) return [];
  const done = `${state.ended.length} of ${count(state.stepsInPhase, 'step')}`;
  const head = `${spinner(nowMs, style)} ${style.paint.strong(phase.name)}  ${phase.title}${dot(style)}${done}${dot(style)}${elapsed(phase.startedAtMs, nowMs)}`;
  const places = Map.groupBy(state.running.values(), ({ step }) => step?.node ?? 'cluster');
  const width = Math.max(0, ...[...places.keys()].map((place) => place.length));
  const lines = [...places].slice(0, mostPlaces).map(([place, steps]) => placeLine(place, width, steps, nowMs, style));
  return [head, ...lines];
}

function placeLine(place: string, width: number, steps: readonly RunningStep[], nowMs: number, style: Style): string {
  const titles = steps.map(({ step, stepId }) => step?.title ?? stepId).join(', ');
  const since = Math.min(...steps.map((step) => step.startedAtMs));
  const told = steps.map(({ line }) => line).findLast((line) => line !== '') ?? '';
  const head = `    ${pad(place, width)}  ${elapsed(since, nowMs).padStart(7)}  `;
  const room = Math.max(10, style.columns - widthOf(head) - 1);
  const subject = shorten(titles, room, style);
  const rest = room - widthOf(subject) - 2;
  return head + subject + (told !== '' && rest > 12 ? `  ${style.paint.quiet(shorten(told, rest, style))}` : '');
}

/** A line for work that has no phase yet. */
export function spinning(what: string, sinceMs: number, nowMs: number, style: Style): string {
  return `${spinner(nowMs, style)} ${what}${dot(style)}${elapsed(sinceMs, nowMs)}`;
}

function spinner(nowMs: number, style: Style): string {
  const frames = style.unicode ? spinnerFrames : asciiFrames;
  return style.paint.accent(frames[Math.floor(nowMs / 100) % frames.length] ?? '');
}

function elapsed(sinceMs: number, nowMs: number): string {
  return duration(Math.max(0, nowMs - sinceMs));
}
