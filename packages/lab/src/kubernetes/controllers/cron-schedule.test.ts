import { expect, test } from 'vitest';
import { isTimeZone, nextDue } from './cron-schedule.ts';

const after = Date.parse('2026-11-23T11:40:30Z'); // a Monday

function next(schedule: string): string | undefined {
  const due = nextDue(schedule, after);
  return due === undefined ? undefined : new Date(due).toISOString().slice(0, 16);
}

test('schedules are due at the next minute that all fields allow', () => {
  expect(next('* * * * *')).toBe('2026-11-23T11:41');
  expect(next('*/15 * * * *')).toBe('2026-11-23T11:45');
  expect(next('@daily')).toBe('2026-11-24T00:00');
  expect(next('30 3 * * 6,0')).toBe('2026-11-28T03:30');
  expect(next('0 5 1 jan *')).toBe('2027-01-01T05:00');
  expect(next('0 0 30 2 *')).toBeUndefined();
});

test('day of month and day of week join by "or" when both are given', () => {
  expect(next('0 0 13 * fri')).toBe('2026-11-27T00:00');
});

test('a schedule is read in its time zone, with summer time', () => {
  const at = (text: string): number | undefined => nextDue('30 6 * * *', Date.parse(text), 'Europe/Berlin');
  expect(at('2026-01-10T00:00:00Z')).toBe(Date.parse('2026-01-10T05:30:00Z'));
  expect(at('2026-07-10T00:00:00Z')).toBe(Date.parse('2026-07-10T04:30:00Z'));
  expect([isTimeZone('Europe/Berlin'), isTimeZone('Nowhere/Land')]).toEqual([true, false]);
});
