import type { Process } from '../../shell/process.ts';
import type { Machine } from '../machine.ts';
import type { Options } from './options.ts';
import { stamp } from './unit-properties.ts';

interface TimerRow {
  readonly unit: string;
  readonly goal: string;
  readonly nextMs: number | undefined;
  readonly lastMs: number | undefined;
}

/** `systemctl list-timers`: when each active timer falls due, the soonest first. */
export async function listTimers(
  process: Process,
  machine: Machine,
  names: readonly string[],
  options: Options,
): Promise<number> {
  const rows = timerRows(machine).filter(({ unit }) => names.length === 0 || names.includes(unit));
  const nowMs = machine.now();
  const cells = rows.map(({ unit, goal, nextMs, lastMs }) => [
    nextMs === undefined ? '-' : stamp(nextMs),
    nextMs === undefined ? '-' : relative(nextMs - nowMs, 'left'),
    lastMs === undefined ? '-' : stamp(lastMs),
    lastMs === undefined ? '-' : relative(nowMs - lastMs, 'ago'),
    unit,
    goal,
  ]);
  const bare = options.has('no-legend', 'q', 'quiet') || options.value('legend') === 'false';
  const table = bare ? cells : [['NEXT', 'LEFT', 'LAST', 'PASSED', 'UNIT', 'ACTIVATES'], ...cells];
  await process.out(
    aligned(table)
      .map((line) => `${line}\n`)
      .join(''),
  );
  if (bare) return 0;
  await process.out(`\n${rows.length} timers listed.\n`);
  if (!options.has('a', 'all')) await process.out('Pass --all to see loaded but inactive timers, too.\n');
  return 0;
}

function timerRows(machine: Machine): TimerRow[] {
  return Object.entries(machine.state.units)
    .filter(([unit, { active }]) => unit.endsWith('.timer') && active === 'active')
    .map(([unit]) => {
      const times = machine.systemd.timers.times(unit);
      const goal = times?.goal ?? unit.replace(/\.timer$/, '.service');
      return { unit, goal, nextMs: times?.nextMs, lastMs: times?.lastMs };
    })
    .toSorted((a, b) => (a.nextMs ?? Infinity) - (b.nextMs ?? Infinity) || (a.unit < b.unit ? -1 : 1));
}

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** A span as systemd prints it (src/basic/time-util.c, format_timestamp_relative). */
function relative(spanMs: number, word: 'left' | 'ago'): string {
  const ms = Math.abs(spanMs);
  const whole = (unitMs: number): number => Math.floor(ms / unitMs);
  const rest = (unitMs: number, smallerMs: number): number => Math.floor((ms % unitMs) / smallerMs);
  const many = (count: number, name: string): string => `${count} ${name}${count === 1 ? '' : 's'}`;
  if (ms >= 7 * dayMs) {
    const days = rest(7 * dayMs, dayMs);
    return `${many(whole(7 * dayMs), 'week')}${days === 0 ? '' : ` ${many(days, 'day')}`} ${word}`;
  }
  if (ms >= 2 * dayMs) return `${many(whole(dayMs), 'day')} ${word}`;
  if (ms >= 25 * hourMs) return `1 day ${rest(dayMs, hourMs)}h ${word}`;
  if (ms >= 6 * hourMs) return `${whole(hourMs)}h ${word}`;
  if (ms >= hourMs) return `${whole(hourMs)}h ${rest(hourMs, minuteMs)}min ${word}`;
  if (ms >= 5 * minuteMs) return `${whole(minuteMs)}min ${word}`;
  if (ms >= minuteMs) return `${whole(minuteMs)}min ${rest(minuteMs, secondMs)}s ${word}`;
  return ms >= secondMs ? `${whole(secondMs)}s ${word}` : `${Math.floor(ms)}ms ${word}`;
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(' ')
      .trimEnd(),
  );
}
