import type { Outcome, RunEvent, RunRecord } from '@vmstation/core';
import { duration, table } from './layout.ts';
import { beforeFirstEvent, linesOf } from './progress-lines.ts';
import { mark, type Style } from './style.ts';
import { renderCounts, renderSummary } from './summary.ts';

/** Runs, newest first. */
export function renderRuns(runs: readonly RunRecord[], style: Style): string {
  if (runs.length === 0) return 'Nothing ran yet: `vmstation up` starts with a plan.';
  const rows = runs.map((run) => [
    `${mark(markOf(run), style)} ${run.summary?.ended ?? 'broken off'}`,
    run.runId,
    localTime(run.startedAt),
    run.summary === undefined ? '' : duration(run.summary.durationMs),
    run.summary === undefined ? run.command : `${run.command}\n${renderCounts(run.summary.counts, style)}`,
  ]);
  return table(['ended', 'run', 'started', 'took', 'command and steps'], rows, style, '').join('\n');
}

/** One run as its journal tells it: what each step did, then the summary. */
export function renderRun(run: RunRecord, events: readonly RunEvent[], style: Style): string {
  let state = beforeFirstEvent;
  const lines = events.flatMap((event) => {
    const next = linesOf(state, event, 'active', style);
    state = next.state;
    return next.lines;
  });
  const versions = Object.entries(run.versions).map(([tool, version]) => `${tool} ${version}`);
  return [
    `${style.paint.strong(run.runId)}  ${run.command}`,
    style.paint.quiet(
      `${run.cluster}, started ${localTime(run.startedAt)}${versions.length === 0 ? '' : `, ${versions.join(', ')}`}`,
    ),
    '',
    ...lines,
    ...(lines.length === 0 ? [] : ['']),
    run.summary === undefined
      ? `${mark('unknown', style)} Broken off: the process ended before the run did. The next \`vmstation up\` continues from what is there.`
      : renderSummary(run.summary, [], style),
  ].join('\n');
}

function markOf(run: RunRecord): Outcome {
  const marks = {
    done: 'unchanged',
    failed: 'failed',
    locked: 'blocked',
    interrupted: 'not-run',
    queued: 'queued',
    unknown: 'unknown',
  } as const;
  return run.summary === undefined ? 'unknown' : marks[run.summary.ended];
}

/** `2026-11-23 09:15:00` in the operator's time zone. */
function localTime(date: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}
