import type { AppliedResource, HostPort, Step } from '@vmstation/core';
import { expect, test } from 'vitest';
import { hostStepPerformer } from './host-step-performer.ts';

const motd = { kind: 'file', path: '/etc/motd', content: 'hi' } as const;
const drop = { kind: 'file', path: '/etc/ssh/sshd_config.d/10-vmstation.conf', content: '', guard: 'sshd' } as const;
const desired = {
  nodes: new Map([
    ['one', [motd, drop].map((resource) => ({ resource, phase: 'config' as const, role: 'r', origins: ['o'] }))],
  ]),
};

function step(id: string, path: string, guard?: 'sshd'): Step {
  return {
    id,
    phase: 'config',
    node: 'one',
    title: id,
    why: '',
    tags: [],
    effect: 'change',
    changes: [],
    reversible: true,
    needs: { steps: [], awake: [] },
    action: { type: 'host', resources: [`file:${path}`], guard },
    inputHash: '',
  };
}

function performer(resources: AppliedResource[], tryMode?: Parameters<typeof hostStepPerformer>[0]['tryMode']) {
  const asked: string[][] = [];
  const host = {
    apply: async (request) => {
      asked.push(request.resources.map((resource) => (resource.kind === 'file' ? resource.path : '')));
      return { node: request.node, resources, after: undefined };
    },
  } as Partial<HostPort> as HostPort;
  return { perform: hostStepPerformer({ host, desired, tryMode, signal: new AbortController().signal }), asked };
}

test('only the resources of the steps are applied, and their differences are what changed', async () => {
  const difference = { attribute: 'content', want: 'b', seen: 'a' };
  const { perform, asked } = performer([{ id: 'file:/etc/motd', outcome: 'changed', differences: [difference] }]);
  const [result] = await perform('one', [step('config/r/one', '/etc/motd')], 'run', () => undefined);
  expect(asked).toEqual([['/etc/motd']]);
  expect(result).toMatchObject({ outcome: 'changed', changes: [{ target: 'file:/etc/motd', ...difference }] });
});

test('a resource that the report is silent about did not run', async () => {
  const { perform } = performer([]);
  const [result] = await perform('one', [step('config/r/one', '/etc/motd')], 'run', () => undefined);
  expect(result).toMatchObject({ outcome: 'not-run', reason: expect.stringContaining('file:/etc/motd') });
});

test('guarded steps are blocked where no try mode is composed, and nothing is applied', async () => {
  const { perform, asked } = performer([]);
  const [result] = await perform('one', [step('config/r/one/sshd', drop.path, 'sshd')], 'run', () => undefined);
  expect(result).toMatchObject({ outcome: 'blocked', error: { code: 'host/try-mode-missing' } });
  expect(asked).toEqual([]);
});

test('guarded steps run inside the try mode', async () => {
  const attempts: string[] = [];
  const { perform } = performer([{ id: `file:${drop.path}`, outcome: 'changed', differences: [] }], {
    attempt: async ({ node, area }, change) => {
      attempts.push(`${node} ${area}`);
      return change();
    },
  });
  const [result] = await perform('one', [step('config/r/one/sshd', drop.path, 'sshd')], 'run', () => undefined);
  expect(attempts).toEqual(['one sshd']);
  expect(result?.outcome).toBe('changed');
});
