import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type DriftState, exitCodeOfDrift, exitCodeOfFindings, exitCodeOfRun, outcomes } from './outcome.ts';

test('a run is 0 only when every outcome is green or said to be not proved', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...outcomes)), (ended) => {
      const fine = ended.every((outcome) => ['unchanged', 'changed', 'not-proved'].includes(outcome));
      expect(exitCodeOfRun(ended) === 0).toBe(fine);
    }),
  );
});

test('drift: differences win over unreadable, unreadable over asleep', () => {
  const table: [DriftState[], number][] = [
    [['clean'], 0],
    [['clean', 'asleep'], 4],
    [['asleep', 'unreadable'], 3],
    [['drifted', 'unreadable', 'asleep'], 2],
  ];
  for (const [states, code] of table) expect(exitCodeOfDrift(states)).toBe(code);
});

test('findings: failed is 1, unreadable 3, asleep 4, warnings and not-proved are no failure', () => {
  expect(exitCodeOfFindings(['ok', 'warning', 'not-proved'])).toBe(0);
  expect(exitCodeOfFindings(['asleep', 'ok'])).toBe(4);
  expect(exitCodeOfFindings(['asleep', 'unreadable'])).toBe(3);
  expect(exitCodeOfFindings(['asleep', 'unreadable', 'failed'])).toBe(1);
});
