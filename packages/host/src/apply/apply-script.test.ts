import type { GuardArea, Resource } from '@vmstation/core';
import { expect, test } from 'vitest';
import { kindOf } from '../kinds/registry.ts';
import { mergeProbes } from '../observe/probe.ts';
import { observationsOf } from '../testing/fake-node.ts';
import { applyScript } from './apply-script.ts';
import { applySteps } from './batches.ts';
import { orderResources } from './order.ts';

function scriptOf(guard?: GuardArea): string {
  const file: Resource = { kind: 'file', path: '/etc/ssh/sshd_config.d/a.conf', content: 'x\n' };
  const resources: readonly Resource[] = [guard === undefined ? file : { ...file, guard }];
  const seen = observationsOf({}, mergeProbes(resources.flatMap((one) => kindOf(one).probes(one))));
  const context = { family: 'debian', delimiter: 'CONTENT', beside: (path: string) => `${path}.new` } as const;
  const steps = applySteps(orderResources(resources), seen, context, new Set());
  const lock = { waitSeconds: 1, holder: 'ops@station' };
  return applyScript({
    runId: 'r1',
    nonce: '01',
    folders: { state: '/var/lib/vmstation' },
    steps,
    seen,
    settleSeconds: 1,
    lock,
  });
}

// What the next start takes back after a failure of the current is what is on the disk by then; the guest suite proves it.
test('what a change of the way in is taken back with is on the disk before the change', () => {
  const script = scriptOf('sshd');
  const prepared = script.slice(script.indexOf('\nprepare() {'), script.indexOf('\nmain() {'));
  expect(prepared.trimEnd()).toMatch(/\nsync -f "\$RUN"\n\}$/);
  const change = script.slice(script.indexOf('change_1() {'));
  expect(change).toMatch(/^change_1\(\) \{\nsync "\$RUN\/order"\n/);
});

test('other changes do not wait for the disk', () => {
  expect(scriptOf()).not.toMatch(/sync -f "\$RUN"|sync "\$RUN\/order"/);
});
