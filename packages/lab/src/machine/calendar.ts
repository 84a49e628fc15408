/** A calendar expression of systemd.time(7): when something falls due, in a time zone's wall time. */
export interface CalendarExpression {
  /** 0 is Sunday. Undefined: every day. */
  readonly weekdays: ReadonlySet<number> | undefined;
  readonly years: readonly number[] | undefined;
  readonly months: readonly number[];
  readonly days: readonly number[];
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
  /** IANA name when the expression names one, else the machine's own counts. */
  readonly zone: string | undefined;
}

const dayMs = 86_400_000;
/** Expressions that fall due less often than this do not fall due at all. */
const longestSearchDays = 366 * 30;

/** Shorthands and what they stand for (systemd.time(7), "Calendar Events"). */
const shorthands: Readonly<Record<string, string>> = {
  minutely: '*-*-* *:*:00',
  hourly: '*-*-* *:00:00',
  daily: '*-*-* 00:00:00',
  monthly: '*-*-01 00:00:00',
  weekly: 'Mon *-*-* 00:00:00',
  yearly: '*-01-01 00:00:00',
  annually: '*-01-01 00:00:00',
  quarterly: '*-01,04,07,10-01 00:00:00',
  semiannually: '*-01,07-01 00:00:00',
};
const weekdayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** Reads an expression as `OnCalendar=` takes it; undefined when it is none. Days counted from a month's end (`~`) are not read. */
export function parseCalendar(text: string): CalendarExpression | undefined {
  const words = (shorthands[text.trim().toLowerCase()] ?? text.trim()).split(/\s+/);
  const weekdays =
    /^[A-Za-z]{3}/.test(words[0] ?? '') && !isZone(words[0] ?? '') ? readWeekdays(words.shift() ?? '') : 'all';
  if (weekdays === undefined) return undefined;
  const zone = isZone(words.at(-1) ?? '') ? words.pop() : undefined;
  const date = (words[0] ?? '').includes('-') ? (words.shift() ?? '') : '*-*-*';
  const time = words.shift() ?? '00:00:00';
  if (words.length > 0) return undefined;
  const dated = readDate(date);
  const timed = readTime(time);
  if (dated === undefined || timed === undefined) return undefined;
  return { weekdays: weekdays === 'all' ? undefined : weekdays, ...dated, ...timed, zone };
}

function isZone(word: string): boolean {
  return word === 'UTC' || /^[A-Z][A-Za-z]+\/[A-Za-z_/+-]+$/.test(word);
}

function readWeekdays(text: string): ReadonlySet<number> | undefined {
  const days = new Set<number>();
  for (const part of text.toLowerCase().split(',')) {
    const ends = part.split(/\.\.|-/).map((name) => weekdayNames.indexOf(name.slice(0, 3)));
    const [first = -1, last = first] = ends;
    if (first === -1 || last === -1 || ends.length > 2) return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return days;
}

function readDate(text: string): Pick<CalendarExpression, 'years' | 'months' | 'days'> | undefined {
  const parts = text.split('-');
  const [year, month, day] = parts.length === 2 ? ['*', ...parts] : parts;
  const years = year === '*' ? undefined : readField(year ?? '', 1970, 2199);
  const months = readField(month ?? '', 1, 12);
  const days = readField(day ?? '', 1, 31);
  if (months === undefined || days === undefined || (year !== '*' && years === undefined)) return undefined;
  return { years, months, days };
}

function readTime(text: string): Pick<CalendarExpression, 'hours' | 'minutes' | 'seconds'> | undefined {
  const [hour, minute, second = '00', ...more] = text.split(':');
  const hours = readField(hour ?? '', 0, 23);
  const minutes = readField(minute ?? '', 0, 59);
  const seconds = readField(second, 0, 59);
  if (hours === undefined || minutes === undefined || seconds === undefined || more.length > 0) return undefined;
  return { hours, minutes, seconds };
}

/** `*`, `5`, `1..7`, `6,18`, `0/15`, `*\/2`: the values in order. */
function readField(text: string, least: number, most: number): readonly number[] | undefined {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [, from = '', to, step] = /^(\*|\d+)(?:\.\.(\d+))?(?:\/(\d+))?$/.exec(part) ?? [];
    if (from === '') return undefined;
    const first = from === '*' ? least : Number(from);
    const last = to === undefined ? (from === '*' || step !== undefined ? most : first) : Number(to);
    if (first < least || last > most || step === '0') return undefined;
    for (let value = first; value <= last; value += Number(step ?? 1)) values.add(value);
  }
  return [...values].toSorted((a, b) => a - b);
}

/** Milliseconds that a zone's wall time is ahead of UTC at a moment. An unknown zone counts as UTC. */
export function zoneOffsetMs(zone: string, atMs: number): number {
  const parts = partsFormat(zone)?.formatToParts(atMs) ?? [];
  const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  const [, sign = '+', hours = '0', minutes = '0'] = /GMT([+-])(\d\d):?(\d\d)?/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

const formats = new Map<string, Intl.DateTimeFormat | undefined>();

function partsFormat(zone: string): Intl.DateTimeFormat | undefined {
  if (!formats.has(zone)) {
    try {
      formats.set(zone, new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      formats.set(zone, undefined);
    }
  }
  return formats.get(zone);
}

/** The first moment after `afterMs` (milliseconds since 1970) at which an expression falls due; undefined when there is none. */
export function nextElapse(expression: CalendarExpression, afterMs: number, zone: string): number | undefined {
  const own = expression.zone ?? zone;
  const wallMs = afterMs + zoneOffsetMs(own, afterMs);
  for (let day = 0; day <= longestSearchDays; day += 1) {
    const midnightMs = Math.floor(wallMs / dayMs) * dayMs + day * dayMs;
    if (!isDueOn(expression, new Date(midnightMs))) continue;
    const fromMs = day === 0 ? wallMs - midnightMs : -1;
    for (const timeMs of timesOf(expression, fromMs)) {
      const utcMs = utcOf(midnightMs + timeMs, own);
      // Where clocks go back an hour happens twice, and only the first counts.
      if (utcMs !== undefined && utcMs > afterMs) return utcMs;
    }
  }
  return undefined;
}

function isDueOn({ weekdays, years, months, days }: CalendarExpression, date: Date): boolean {
  return (
    months.includes(date.getUTCMonth() + 1) &&
    days.includes(date.getUTCDate()) &&
    (weekdays === undefined || weekdays.has(date.getUTCDay())) &&
    (years === undefined || years.includes(date.getUTCFullYear()))
  );
}

function* timesOf({ hours, minutes, seconds }: CalendarExpression, afterMs: number): Generator<number> {
  for (const hour of hours) {
    if ((hour + 1) * 3_600_000 <= afterMs) continue;
    for (const minute of minutes)
      for (const second of seconds) {
        const timeMs = ((hour * 60 + minute) * 60 + second) * 1000;
        if (timeMs > afterMs) yield timeMs;
      }
  }
}

/** The first moment with a wall time; undefined for one that a change to summer time skips: then nothing falls due that day. */
function utcOf(wallMs: number, zone: string): number | undefined {
  const offsets = [wallMs - dayMs, wallMs + dayMs].map((nearMs) => zoneOffsetMs(zone, nearMs));
  return offsets
    .map((offsetMs) => wallMs - offsetMs)
    .filter((utcMs) => utcMs + zoneOffsetMs(zone, utcMs) === wallMs)
    .toSorted((a, b) => a - b)[0];
}
