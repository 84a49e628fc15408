const nicknames: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const ranges: readonly (readonly [number, number])[] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
];
const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const months = ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

function valueOf(text: string, index: number): number {
  const words = index === 4 ? names : index === 3 ? months : [];
  const word = words.indexOf(text.toLowerCase());
  return word >= 0 && text !== '' ? word : Number(text);
}

function fieldValues(field: string, index: number): ReadonlySet<number> {
  const [low, high] = ranges[index] ?? [0, 59];
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const [span = '*', step = '1'] = part.split('/');
    const [from = '', to] = span.split('-');
    const isAll = span === '*' || span === '?';
    const first = isAll ? low : valueOf(from, index);
    const last = isAll || (to === undefined && part.includes('/')) ? high : valueOf(to ?? from, index);
    for (let value = first; value <= last; value += Math.max(1, Number(step)))
      values.add(index === 4 ? value % 7 : value);
  }
  return values;
}

/**
 * The first minute after `afterMs` (milliseconds since 1970) at which a cron schedule is due in a time zone; undefined when none is
 * within four years. As in cron, day of month and day of week join by "or" when both are given.
 */
export function nextDue(schedule: string, afterMs: number, timeZone = 'UTC'): number | undefined {
  if (timeZone === 'UTC') return nextDueUtc(schedule, afterMs);
  const local = nextDueUtc(schedule, afterMs + offsetMs(timeZone, afterMs));
  return local === undefined ? undefined : local - offsetMs(timeZone, local - offsetMs(timeZone, afterMs));
}

/** True for a name of the time zone database. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** How far a zone's clocks are ahead of UTC at an instant. */
function offsetMs(timeZone: string, atMs: number): number {
  const whole = Math.floor(atMs / 60_000) * 60_000;
  const options = {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  } as const;
  const parts = new Intl.DateTimeFormat('en', { ...options, hourCycle: 'h23' }).formatToParts(whole);
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute')) - whole;
}

function nextDueUtc(schedule: string, afterMs: number): number | undefined {
  const fields = (nicknames[schedule] ?? schedule).trim().split(/\s+/u);
  const [minutes, hours, days, monthNumbers, weekdays] = fields.map(fieldValues);
  if (!minutes || !hours || !days || !monthNumbers || !weekdays) return undefined;
  const eitherDay = !/^[*?]/u.test(fields[2] ?? '') && !/^[*?]/u.test(fields[4] ?? '');
  const date = new Date(Math.floor(afterMs / 60_000) * 60_000 + 60_000);
  const limit = afterMs + 4 * 366 * 86_400_000;
  while (date.getTime() <= limit) {
    const byDay = days.has(date.getUTCDate());
    const byWeekday = weekdays.has(date.getUTCDay());
    const isDay = eitherDay ? byDay || byWeekday : byDay && byWeekday;
    if (!monthNumbers.has(date.getUTCMonth() + 1) || !isDay) date.setUTCHours(24, 0, 0, 0);
    else if (!hours.has(date.getUTCHours())) date.setUTCMinutes(60, 0, 0);
    else if (!minutes.has(date.getUTCMinutes())) date.setUTCMinutes(date.getUTCMinutes() + 1);
    else return date.getTime();
  }
  return undefined;
}
