import { effectiveSettings, exampleCluster, nodeOf, type Resource } from '@vmstation/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { audit } from '../../packages/cluster-config/src/roles/system/audit.ts';
import { onNode } from '../hosts/two-node-workspace.ts';
import { applied, deviations, type FreshGuests, freshGuests, restart } from './fresh-guests.ts';

// The audit of the system role, in a kernel that has one: what is recorded now, after a start, and when somebody takes a rule out.

const node = 'masternode';
let guests: FreshGuests;
beforeAll(async () => {
  guests = await freshGuests();
});
afterAll(() => guests?.close());

const asked = (script: string) => onNode(guests.transport, node, script);
const ours = 'auditctl -l | grep -F vmstation- || true';

const wanted: readonly Resource[] = (() => {
  const example = exampleCluster();
  const cluster = { ...example, system: { ...example.system, audit: true } };
  return audit(nodeOf(cluster, node), { cluster, settings: effectiveSettings([], nodeOf(cluster, node)) });
})();
const rules = wanted.flatMap((one) => (one.kind === 'file' ? (String(one.content).match(/^-.*/gm) ?? []) : []));

let run: string;

test('rules are loaded as declared, and what they watch is recorded', async () => {
  expect(await asked(ours)).toBe('');
  run = await applied(guests, node, wanted);
  expect(await deviations(guests, node, wanted)).toEqual({});
  const loaded = (await asked(ours)).trim().split('\n');
  expect(loaded).toHaveLength(rules.length);
  // auditctl writes a path without its last slash, and the other rules in its own order of fields.
  const watches = rules.filter((rule) => rule.startsWith('-w ')).map((rule) => rule.replace('/ -p', ' -p'));
  expect(loaded.filter((rule) => rule.startsWith('-w ')).toSorted()).toEqual(watches.toSorted());
  await asked('touch /etc/passwd');
  await expect
    .poll(() =>
      asked('ausearch --input-logs -k vmstation-accounts -f /etc/passwd --raw 2>/dev/null | grep -c type=PATH || true'),
    )
    .not.toBe('0\n');
});

test('they are loaded again after a start, and applied again nothing changes', async () => {
  const before = await asked(ours);
  await restart(guests, [node]);
  await expect.poll(() => deviations(guests, node, wanted), { timeout: 300_000, interval: 2_000 }).toEqual({});
  expect(await asked(ours)).toBe(before);
  const report = await guests.host.apply({ node, runId: 'guests-audit-again', resources: wanted });
  expect(report.resources.filter(({ outcome }) => outcome !== 'unchanged')).toEqual([]);
});

test('a rule that somebody took out of the kernel is told, and comes back; rules of others are none of its business', async () => {
  const before = await asked(ours);
  await asked('auditctl -w /opt -p wa -k others');
  expect(await deviations(guests, node, wanted)).toEqual({});
  await asked('auditctl -W /etc/shadow -p wa -k vmstation-accounts');
  expect(await asked(ours)).not.toContain('/etc/shadow');
  expect(await deviations(guests, node, wanted)).toEqual({ 'command:audit-rules-in-force': ['check'] });
  await applied(guests, node, wanted);
  expect(await asked(ours)).toBe(before);
  expect(await deviations(guests, node, wanted)).toEqual({});
});

test('a rollback takes the rules out of the kernel', async () => {
  expect(await guests.host.rollback(node, run)).toMatchObject({ failed: [] });
  expect(await asked(ours)).toBe('');
});
