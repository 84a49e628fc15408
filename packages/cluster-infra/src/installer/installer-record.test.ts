import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAnsibleLine } from './ansible-events.ts';
import { InstallerRecord, judgeInstaller } from './installer-record.ts';

const hosts = ['masternode', 'homelab'];

function recordOf(...lines: readonly unknown[]): { record: InstallerRecord; said: string[] } {
  const said: string[] = [];
  const record = new InstallerRecord((line) => said.push(line));
  for (const line of lines) record.read(typeof line === 'string' ? line : JSON.stringify(line));
  return { record, said };
}

function stats(
  counts: Record<string, Partial<Record<'ok' | 'changed' | 'failures' | 'unreachable', number>>>,
): unknown {
  return { _event: 'v2_playbook_on_stats', _timestamp: '2026-11-23T09:00:00.000000Z', stats: counts, custom_stats: {} };
}

const failed = {
  _event: 'v2_runner_on_failed',
  _timestamp: '2026-11-23T09:00:00.000000Z',
  hosts: { homelab: { action: 'assert', changed: false, failed: true, msg: 'swap is on' } },
  task: { name: 'kubernetes/preinstall : Stop if swap is on', id: '1', duration: { start: 'x' } },
};

test('a green recap of every host is the only good end, and counts what changed', () => {
  const { record } = recordOf(stats({ masternode: { ok: 9, changed: 3 }, homelab: { ok: 8, changed: 0 } }));
  expect(judgeInstaller(record, 0, hosts)).toEqual({
    green: true,
    changed: new Map([
      ['masternode', 3],
      ['homelab', 0],
    ]),
  });
});

test('a failed host is named with its task and reason', () => {
  const { record, said } = recordOf(failed, stats({ masternode: { ok: 9 }, homelab: { ok: 2, failures: 1 } }));
  const verdict = judgeInstaller(record, 2, hosts);
  expect(verdict).toEqual({
    green: false,
    reason: 'homelab failed at "kubernetes/preinstall : Stop if swap is on": swap is on',
  });
  expect(said[0]).toContain('swap is on');
});

test('an exit code of 0 without a recap installed nothing, and Ansible’s own words are told', () => {
  const { record } = recordOf('ERROR! the playbook: kubernetes_sigs.kubespray.cluster could not be found');
  expect(judgeInstaller(record, 0, hosts)).toMatchObject({
    green: false,
    reason: expect.stringMatching(/without a recap.*could not be found/) as unknown,
  });
});

test('a host that no task ran on, an exit code other than 0 and an unreachable host are each red', () => {
  const untouched = recordOf(stats({ masternode: { ok: 9 } })).record;
  expect(judgeInstaller(untouched, 0, hosts)).toMatchObject({
    green: false,
    reason: expect.stringContaining('homelab') as unknown,
  });
  const fine = recordOf(stats({ masternode: { ok: 9 }, homelab: { ok: 9 } })).record;
  expect(judgeInstaller(fine, 4, hosts).green).toBe(false);
  const lost = recordOf(stats({ masternode: { ok: 9 }, homelab: { ok: 1, unreachable: 1 } })).record;
  expect(judgeInstaller(lost, 0, hosts).green).toBe(false);
});

test('the items of a loop and what a command wrote to stderr are part of the message', () => {
  const { record } = recordOf({
    ...failed,
    hosts: {
      homelab: {
        failed: true,
        msg: 'One or more items failed',
        results: [{ failed: false }, { failed: true, msg: 'br_netfilter: not found' }],
      },
    },
  });
  expect(record.failures[0]?.message).toBe('One or more items failed; br_netfilter: not found');
});

test('no line, whatever it holds, is an exception', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((json) => `{"_event":"v2_runner_on_failed","hosts":${json}}`),
      ),
      (line) => {
        expect(() => parseAnsibleLine(line)).not.toThrow();
      },
    ),
  );
});
