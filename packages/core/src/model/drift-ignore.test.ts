import { expect, test } from 'vitest';
import { isDate, isIgnoredAt } from './drift-ignore.ts';

test('a difference is ignored to the end of its last day, and counts again from the next', () => {
  const one = { until: '2027-01-31' };
  expect(isIgnoredAt(one, new Date('2027-01-31T23:59:59Z'))).toBe(true);
  expect(isIgnoredAt(one, new Date('2027-02-01T00:00:00Z'))).toBe(false);
});

test.each(['2027-02-30', '2027-1-1', 'tomorrow', '', '2027-01-31T00:00'])('%j is no date', (text) => {
  expect(isDate(text)).toBe(false);
});
