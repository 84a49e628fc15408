import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DesiredResource } from '../desired/desired-state.ts';
import type { NodeReading } from '../desired/node-readings.ts';
import type { NodeCheck, ResourceState } from '../ports/host.ts';
import { type ResourceId, resourceId } from '../resource/resource.ts';
import { narrowedHostStep, planHostSteps } from './host-steps.ts';

function read(states: ReadonlyMap<string, ResourceState>): NodeReading {
  return { state: 'read', check: { resources: states } as unknown as NodeCheck };
}

function sysctl(key: string, role = 'system'): DesiredResource {
  return { resource: { kind: 'sysctl', key, value: '1' }, phase: 'config', role, origins: ['o'] };
}

const differs: ResourceState = { state: 'differs', differences: [{ attribute: 'runtime', want: '1', seen: '0' }] };

function plan(desired: readonly DesiredResource[], reading: NodeReading) {
  return planHostSteps({
    phase: 'config',
    desired: { nodes: new Map([['one', desired]]) },
    readings: new Map([['one', reading]]),
  });
}

test('a role whose resources are equal has nothing to do, one that differs says what', () => {
  const states = new Map<string, ResourceState>([
    ['sysctl:a', { state: 'equal' }],
    ['sysctl:b', differs],
  ]);
  const steps = plan([sysctl('a', 'quiet'), sysctl('b', 'loud')], read(states));
  expect(steps.map(({ id, effect, action }) => ({ id, effect, acts: action !== undefined }))).toEqual([
    { id: 'config/quiet/one', effect: 'none', acts: false },
    { id: 'config/loud/one', effect: 'change', acts: true },
  ]);
  expect(steps[1]?.changes).toEqual([{ target: 'sysctl:b', attribute: 'runtime', want: '1', seen: '0' }]);
});

test('a step that is narrowed to some resources is judged by these alone', () => {
  const states = new Map<string, ResourceState>([
    ['sysctl:a', differs],
    ['sysctl:b', { state: 'unreadable', reason: 'no' }],
    ['sysctl:c', { state: 'equal' }],
  ]);
  const reading = read(states);
  const [step] = plan([sysctl('a'), sysctl('b'), sysctl('c')], reading);
  if (step === undefined) throw new Error('no step');
  expect(step.blockedBy).toBeDefined();
  const narrow = (...ids: readonly ResourceId[]) => narrowedHostStep(step, new Set(ids), reading);
  const narrowed = narrow('sysctl:a', 'sysctl:c');
  expect(narrowed).toMatchObject({ effect: 'change', action: { resources: ['sysctl:a', 'sysctl:c'] } });
  expect(narrowed?.changes.map(({ target }) => target)).toEqual(['sysctl:a']);
  expect(narrowed).not.toHaveProperty('blockedBy');
  expect(narrowed?.inputHash).not.toBe(step.inputHash);
  expect(narrow('sysctl:b')).toMatchObject({ effect: 'unknown', blockedBy: { code: 'host/unreadable' } });
  expect([narrow('sysctl:c'), narrow('sysctl:z')]).toEqual([undefined, undefined]);
});

test('guarded resources of a role are a step of their own', () => {
  const guarded: DesiredResource = { ...sysctl('a'), resource: { kind: 'file', path: '/etc/ssh/x', guard: 'sshd' } };
  const states = new Map<string, ResourceState>([
    ['sysctl:a', differs],
    ['file:/etc/ssh/x', differs],
  ]);
  expect(plan([sysctl('a'), guarded], read(states)).map((step) => step.id)).toEqual([
    'config/system/one',
    'config/system/one/sshd',
  ]);
});

test('resources of other phases are not in the plan', () => {
  expect(plan([{ ...sysctl('a'), phase: 'setup' }], read(new Map()))).toEqual([]);
});

test('a sleeping node queues, an unreadable one blocks with its own reason', () => {
  const asleep = plan([sysctl('a')], { state: 'asleep', evidence: 'suspended', since: undefined });
  expect(asleep[0]?.blockedBy).toMatchObject({ asleep: true, reason: 'one is asleep (suspended)' });
  const error = {
    code: 'ssh/unreachable',
    kind: 'unreachable',
    message: 'no route',
    nextSteps: [],
    context: {},
    retryable: true,
  } as const;
  expect(plan([sysctl('a')], { state: 'unreadable', error })[0]?.blockedBy).toEqual({
    code: 'ssh/unreachable',
    reason: 'no route',
  });
});

test('no mixture of states is planned as nothing to do unless every resource was seen equal', () => {
  const state = fc.constantFrom<ResourceState | undefined>(
    { state: 'equal' },
    differs,
    { state: 'unreadable', reason: 'x' },
    undefined,
  );
  fc.assert(
    fc.property(fc.array(state, { minLength: 1, maxLength: 6 }), (states) => {
      const desired = states.map((_, index) => sysctl(`k${index}`));
      const seen = new Map<string, ResourceState>();
      states.forEach(
        (one, index) => one !== undefined && seen.set(resourceId((desired[index] as DesiredResource).resource), one),
      );
      const [step] = plan(desired, read(seen));
      expect(step?.effect === 'none').toBe(states.every((one) => one?.state === 'equal'));
    }),
  );
});

test('planning is a pure function: the same input gives the same steps and hashes', () => {
  const states = new Map<string, ResourceState>([['sysctl:a', differs]]);
  expect(plan([sysctl('a')], read(states))).toEqual(plan([sysctl('a')], read(states)));
});
