import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InstallerRecord } from '../installer/installer-record.ts';
import { judgeHost } from './judge-playbook.ts';

function recordOf(...lines: readonly unknown[]): InstallerRecord {
  const record = new InstallerRecord(() => undefined);
  for (const line of lines) record.read(typeof line === 'string' ? line : JSON.stringify(line));
  return record;
}

type Counts = Partial<Record<'ok' | 'changed' | 'failures' | 'unreachable', number>>;
const stats = (hosts: Record<string, Counts>) => ({ _event: 'v2_playbook_on_stats', stats: hosts });
const task = { name: 'write it' };
const changed = {
  _event: 'v2_runner_on_ok',
  hosts: { a: { changed: true, diff: [{ before: 'x\n', after: 'y\n', after_header: '/etc/x' }] } },
  task,
};
const failed = { _event: 'v2_runner_on_failed', hosts: { a: { msg: 'no room' } }, task };

test('a host is changed, unchanged or failed by its own line of the recap', () => {
  const record = recordOf(changed, stats({ a: { ok: 2, changed: 1 }, b: { ok: 1 } }));
  expect(judgeHost(record, 0, 'a')).toEqual({
    outcome: 'changed',
    changes: [expect.objectContaining({ target: 'write it', diff: expect.stringContaining('+y') })],
  });
  expect(judgeHost(record, 0, 'b')).toEqual({ outcome: 'unchanged', changes: [] });
});

test('a failed task is named with its host, and another host keeps its own end', () => {
  const record = recordOf(failed, stats({ a: { ok: 1, failures: 1 }, b: { ok: 2 } }));
  expect(judgeHost(record, 2, 'a')).toEqual({ outcome: 'failed', reason: 'a failed at "write it": no room' });
  expect(judgeHost(record, 2, 'b')).toMatchObject({ outcome: 'unchanged' });
});

test('a failure that ends the play for all leaves the others unknown', () => {
  const stopped = { _event: 'v2_playbook_on_no_hosts_remaining' };
  const record = recordOf(failed, stopped, stats({ a: { failures: 1 }, b: { ok: 2 } }));
  expect(judgeHost(record, 2, 'b')).toMatchObject({ outcome: 'unknown' });
});

test.each<[string, InstallerRecord, number, RegExp]>([
  ['no recap', recordOf('ERROR! the playbook could not be found'), 1, /without a recap.*could not be found/],
  ['no host', recordOf(stats({})), 0, /ran no task on a/],
  ['another host', recordOf(stats({ b: { ok: 3 } })), 0, /ran no task on a/],
  ['only skipped', recordOf(stats({ a: {} })), 0, /ran no task on a/],
  [
    'unreachable',
    recordOf({ ...failed, _event: 'v2_runner_on_unreachable' }, stats({ a: { unreachable: 1 } })),
    4,
    /a could not be reached at "write it": no room/,
  ],
  ['exit code alone', recordOf(stats({ a: { ok: 1 } })), 250, /exit code 250, though its recap has no failure/],
])('%s is a failure', (_what, record, exitCode, reason) => {
  expect(judgeHost(record, exitCode, 'a')).toEqual({ outcome: 'failed', reason: expect.stringMatching(reason) });
});

test('whatever is printed, a host is green only with a task in the recap and no failure', () => {
  const count = fc.nat({ max: 3 });
  fc.assert(
    fc.property(
      fc.option(fc.record({ ok: count, changed: count, failures: count, unreachable: count })),
      fc.constantFrom(0, 1, 2, 4, 250),
      (own, exitCode) => {
        const verdict = judgeHost(recordOf(stats(own === null ? {} : { a: own })), exitCode, 'a');
        const green = own !== null && own.ok > 0 && own.failures + own.unreachable === 0 && exitCode === 0;
        expect(['changed', 'unchanged'].includes(verdict.outcome)).toBe(green);
      },
    ),
  );
});
