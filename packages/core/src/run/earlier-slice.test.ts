import { expect, test } from 'vitest';
import type { DesiredResource } from '../desired/desired-state.ts';
import type { NodeReading } from '../desired/node-readings.ts';
import { planHostSteps } from '../plan/host-steps.ts';
import type { PlanScope, Step } from '../plan/step.ts';
import type { NodeCheck, ResourceState } from '../ports/host.ts';
import { blockOnEarlierSlice } from './earlier-slice.ts';

const differs: ResourceState = {
  state: 'differs',
  differences: [{ attribute: 'state', want: 'there', seen: 'absent' }],
};
const list: readonly DesiredResource[] = [
  { resource: { kind: 'package', name: 'nftables' }, phase: 'setup', role: 'dependencies', origins: ['o'] },
  {
    resource: { kind: 'file', path: '/etc/rules.nft', after: ['package:nftables'] },
    phase: 'config',
    role: 'networking',
    origins: ['o'],
  },
];
const desired = { nodes: new Map([['one', list]]) };

async function blocked(scope: Partial<PlanScope>, program: ResourceState): Promise<Step['blockedBy']> {
  const resources = new Map<string, ResourceState>([
    ['package:nftables', program],
    ['file:/etc/rules.nft', differs],
  ]);
  const reading: NodeReading = { state: 'read', check: { resources } as unknown as NodeCheck };
  const [step] = planHostSteps({ phase: 'config', desired, readings: new Map([['one', reading]]) });
  const readings = { read: async () => reading, refresh: async () => reading, forget: () => undefined };
  const all: PlanScope = { phases: ['config'], nodes: undefined, tags: undefined };
  return (await blockOnEarlierSlice(step as Step, { ...all, ...scope }, { desired, readings })).blockedBy;
}

test('what an earlier phase has not brought blocks the step that comes after it, and says which phase', async () => {
  expect(await blocked({}, differs)).toEqual({
    code: 'plan/earlier-phase',
    reason: 'one does not have package:nftables yet, which setup brings',
    tryThis: 'vmstation up --only setup --node one',
  });
});

test('where the earlier phase runs first, or has run, nothing is blocked', async () => {
  expect(await blocked({ phases: ['setup', 'config'] }, differs)).toBeUndefined();
  expect(await blocked({}, { state: 'equal' })).toBeUndefined();
});

test('a tag that leaves the earlier role out blocks too', async () => {
  const phases = ['setup', 'config'] as const;
  expect(await blocked({ phases, tags: ['networking'] }, differs)).toMatchObject({ code: 'plan/earlier-phase' });
  expect(await blocked({ phases, tags: ['networking', 'dependencies'] }, differs)).toBeUndefined();
});
