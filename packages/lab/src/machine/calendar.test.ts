import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextElapse, parseCalendar } from './calendar.ts';

function next(text: string, after: string, zone = 'UTC'): string | undefined {
  const expression = parseCalendar(text);
  if (expression === undefined) return 'no expression';
  const found = nextElapse(expression, Date.parse(after), zone);
  return found === undefined ? undefined : new Date(found).toISOString().replace('.000Z', 'Z');
}

// What `systemd-analyze calendar --base-time=…` of systemd says of the same.
test.each([
  ['daily', '2026-03-02T08:00:00Z', '2026-03-03T00:00:00Z'],
  ['weekly', '2026-03-04T08:00:00Z', '2026-03-09T00:00:00Z'],
  ['monthly', '2026-03-04T08:00:00Z', '2026-04-01T00:00:00Z'],
  ['hourly', '2026-03-04T08:00:00Z', '2026-03-04T09:00:00Z'],
  ['*-*-* 6,18:00', '2026-03-02T08:00:00Z', '2026-03-02T18:00:00Z'],
  ['*-*-* 6:00', '2026-03-02T08:00:00Z', '2026-03-03T06:00:00Z'],
  ['Sun *-*-* 03:10:00', '2026-03-02T08:00:00Z', '2026-03-08T03:10:00Z'],
  ['Sun *-*-1..7 1:00:00', '2026-03-02T08:00:00Z', '2026-04-05T01:00:00Z'],
  ['Mon..Fri 22:30', '2026-03-06T23:00:00Z', '2026-03-09T22:30:00Z'],
  ['*:0/15', '2026-03-02T08:14:59Z', '2026-03-02T08:15:00Z'],
  ['2026-12-24 18:00', '2026-03-02T08:14:59Z', '2026-12-24T18:00:00Z'],
  ['*-02-29 00:00:00', '2026-03-02T08:14:59Z', '2028-02-29T00:00:00Z'],
  ['*-*-* 12:00:00 America/New_York', '2026-03-02T08:00:00Z', '2026-03-02T17:00:00Z'],
])('%s after %s is due at %s', (text, after, due) => {
  expect(next(text, after)).toBe(due);
});

test('an expression that lies in the past is never due; what is no expression is none', () => {
  expect(next('2020-01-01 00:00', '2026-03-02T08:00:00Z')).toBeUndefined();
  for (const text of ['tomorrow-ish', '25:00', '*-13-01', 'Foo 10:00', '*-*-* 1:2:3:4'])
    expect(next(text, '2026-03-02T08:00:00Z')).toBe('no expression');
});

test('calendar times are wall times: summer time moves them, and does not lose a day', () => {
  expect(next('daily', '2026-03-28T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-28T23:00:00Z');
  expect(next('daily', '2026-03-29T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-29T22:00:00Z');
  expect(next('*-*-* 02:30:00', '2026-10-24T12:00:00Z', 'Europe/Berlin')).toBe('2026-10-25T00:30:00Z');
  // Half past two does not exist on the day that summer time begins.
  expect(next('*-*-* 02:30:00', '2026-03-28T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-30T00:30:00Z');
});

test('property: what is due next is later than now, and nothing lies between', () => {
  const minute = fc.integer({ min: 0, max: 59 });
  const from = fc.integer({ min: Date.parse('2025-01-01T00:00:00Z'), max: Date.parse('2030-01-01T00:00:00Z') });
  fc.assert(
    fc.property(minute, fc.integer({ min: 0, max: 23 }), from, (minutes, hours, afterMs) => {
      const expression = parseCalendar(`*-*-* ${hours}:${minutes}:00`);
      const due = expression === undefined ? undefined : nextElapse(expression, afterMs, 'UTC');
      expect(due).toBeGreaterThan(afterMs);
      expect((due ?? 0) - afterMs).toBeLessThanOrEqual(86_400_000);
      expect(new Date(due ?? 0).getUTCHours()).toBe(hours);
      expect(new Date(due ?? 0).getUTCMinutes()).toBe(minutes);
    }),
  );
});
