import { expect, test } from 'vitest';
import type { Outcome } from '../outcome/outcome.ts';
import { summarise } from './run-summary.ts';
import type { StepResult } from './step-result.ts';

const result = (stepId: string, outcome: Outcome, more: Partial<StepResult> = {}): StepResult => ({
  stepId,
  outcome,
  changes: [],
  findings: [],
  ...more,
});
const how = { stopped: false, durationMs: 1 };
const error = (kind: 'locked' | 'remote', node = 'a') =>
  ({ code: 'host/locked', kind, message: '', nextSteps: [], context: { node }, retryable: true }) as const;
const locked = result('setup/a/x', 'failed', { error: error('locked') });
const missed = (node: string | undefined): StepResult => ({
  ...result('setup/verify', 'failed'),
  findings: [{ code: 'c', state: 'failed', evidence: '', title: '', ...(node === undefined ? {} : { node }) } as never],
});

test.each([
  ['alone', [locked], [], 75],
  ['with what waited for it', [locked, result('setup/a/y', 'blocked', { consequenceOf: 'setup/a/x' })], [], 75],
  ['with another machine that was changed', [locked, result('setup/b/x', 'changed')], [], 75],
  ['with a sleeping machine', [locked, result('setup/b/x', 'queued')], [], 75],
  ['with steps that were not reached', [locked, result('infra/x', 'not-run')], [], 75],
  ['and the verification misses something there', [locked], [missed('a')], 75],
  ['and the verification misses something elsewhere', [locked], [missed('b')], 1],
  ['and the verification misses something of the cluster', [locked], [missed(undefined)], 1],
  ['with another failure', [locked, result('setup/b/x', 'failed', { error: error('remote', 'b') })], [], 1],
  ['with a step blocked by itself', [locked, result('setup/b/x', 'blocked')], [], 1],
])('a machine that another operator holds, %s', (_, results, verifications, exitCode) => {
  expect(summarise('r', results, verifications, how)).toMatchObject({
    exitCode,
    ended: exitCode === 75 ? 'locked' : 'failed',
  });
});

test('an interrupted run is interrupted, whoever holds what', () => {
  expect(summarise('r', [locked], [], { ...how, stopped: true })).toMatchObject({
    exitCode: 130,
    ended: 'interrupted',
  });
});
