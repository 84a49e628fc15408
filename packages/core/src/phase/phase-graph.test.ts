import { expect, test } from 'vitest';
import { orderPhases } from './phase-graph.ts';

test('phases come after those they need', () => {
  const ordered = orderPhases([
    { name: 'config', needs: ['infra'] },
    { name: 'infra', needs: ['setup'] },
    { name: 'setup', needs: [] },
  ] as const);
  expect(ordered.map((phase) => phase.name)).toEqual(['setup', 'infra', 'config']);
});

test('a circle and a missing phase are refused by name', () => {
  expect(() =>
    orderPhases([
      { name: 'setup', needs: ['infra'] },
      { name: 'infra', needs: ['setup'] },
    ]),
  ).toThrow('setup needs infra; infra needs setup');
  expect(() => orderPhases([{ name: 'config', needs: ['infra'] }])).toThrow('config needs infra');
});
