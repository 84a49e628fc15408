import { expect, test } from 'vitest';
import { AppError } from '../errors/app-error.ts';
import { missing, type Observed, type PhaseFacts, present } from '../phase/facts.ts';
import type { PhaseName } from '../phase/phase-name.ts';
import type { PlanScope, Step } from '../plan/step.ts';
import { executeRun } from './execute-run.ts';
import { planRun } from './plan-run.ts';
import type { RunEvent } from './run-event.ts';
import type { AnyPhase, RunPorts } from './run-ports.ts';
import type { StepResult } from './step-result.ts';
import { ended } from './step-schedule.ts';

const everything: PlanScope = { phases: ['setup', 'infra'], nodes: undefined, tags: undefined };

function step(id: string, extra: Partial<Step> = {}): Step {
  const phase = id.split('/')[0] as PhaseName;
  return {
    id,
    phase,
    node: undefined,
    title: id,
    why: '',
    tags: [],
    effect: 'change',
    changes: [],
    reversible: true,
    needs: { steps: [], awake: [] },
    action: { type: 'task', task: id },
    inputHash: 'h',
    ...extra,
  };
}

interface FakePhase {
  name: PhaseName;
  needs?: PhaseName[];
  steps: () => Step[];
  fact?: () => Observed<PhaseFacts[PhaseName]>;
  perform?: (steps: readonly Step[]) => readonly StepResult[];
  findings?: () => ReturnType<AnyPhase['verify']>;
}

function fake(spec: FakePhase): AnyPhase {
  return {
    name: spec.name,
    title: spec.name,
    needs: spec.needs ?? [],
    observe: async () => spec.fact?.() ?? present({ nodes: [], asleep: [] }),
    plan: async () => spec.steps(),
    perform: async (steps) => spec.perform?.(steps) ?? steps.map((one) => ended(one, 'changed', undefined)),
    verify: async () => spec.findings?.() ?? [],
  };
}

function ports(phases: AnyPhase[], extra: { signal?: AbortSignal; host?: RunPorts['performHostSteps'] } = {}) {
  const events: RunEvent[] = [];
  let count = 0;
  const nothing = () => undefined;
  const made = {
    phases,
    context: {
      workspace: { cluster: { name: 'test' } },
      desired: { nodes: new Map() },
      readings: { read: async () => ({ state: 'asleep' }), refresh: nothing, forget: nothing },
      clock: { now: () => new Date(1_700_000_000_000 + count++), sleep: async () => undefined },
      signal: extra.signal ?? new AbortController().signal,
    } as unknown as RunPorts['context'],
    performHostSteps: extra.host ?? (async (_node, steps) => steps.map((one) => ended(one, 'changed', undefined))),
    journal: { begin: nothing, end: nothing } as unknown as RunPorts['journal'],
    ids: { runId: () => `run-${count++}`, nonce: () => 'n' },
    versions: {},
    emit: (event: RunEvent) => void events.push(event),
  } satisfies RunPorts;
  return { made, events };
}

async function run(
  phases: AnyPhase[],
  extra: Parameters<typeof ports>[1] & { scope?: PlanScope; approve?: boolean } = {},
) {
  const { made, events } = ports(phases, extra);
  const plan = await planRun(made, extra.scope ?? everything);
  const summary = await executeRun(made, plan, {
    runId: 'r1',
    command: 'up',
    approveWidening: async () => extra.approve ?? false,
  });
  const outcomes = Object.fromEntries(
    events.filter((event) => event.type === 'step-ended').map((event) => [event.result.stepId, event.result.outcome]),
  );
  return { summary, outcomes, events, plan };
}

test('a step without an action is unchanged and nothing is called', async () => {
  const phase = fake({
    name: 'setup',
    steps: () => [step('setup/a', { action: undefined, effect: 'none' })],
    perform: () => expect.unreachable(),
  });
  const { summary, outcomes } = await run([phase]);
  expect(outcomes).toEqual({ 'setup/a': 'unchanged' });
  expect(summary).toMatchObject({ exitCode: 0, ended: 'done' });
});

test('what depends on a failed step is blocked and says why; the rest goes on', async () => {
  const phase = fake({
    name: 'setup',
    steps: () => [step('setup/a'), step('setup/b', { needs: { steps: ['setup/a'], awake: [] } }), step('setup/c')],
    perform: (steps) => steps.map((one) => ended(one, one.id === 'setup/a' ? 'failed' : 'changed', 'disk full')),
  });
  const { summary, outcomes } = await run([phase]);
  expect(outcomes).toEqual({ 'setup/a': 'failed', 'setup/b': 'blocked', 'setup/c': 'changed' });
  expect(summary.exitCode).toBe(1);
  expect(summary.attention.find((result) => result.stepId === 'setup/b')?.reason).toBe(
    'setup/a ended failed: disk full',
  );
});

test('a step that its performer does not answer for is failed, never green', async () => {
  const phase = fake({ name: 'setup', steps: () => [step('setup/a')], perform: () => [] });
  expect((await run([phase])).outcomes).toEqual({ 'setup/a': 'failed' });
});

test('a phase whose verification fails makes the run red although every step was green', async () => {
  const phase = fake({
    name: 'setup',
    steps: () => [step('setup/a')],
    findings: async () => [{ code: 'x/y', state: 'failed' as const, title: 't', evidence: 'pods are elsewhere' }],
  });
  const { summary } = await run([phase]);
  expect(summary.exitCode).toBe(1);
  expect(summary.attention[0]).toMatchObject({ stepId: 'setup/verify', reason: 'x/y: pods are elsewhere' });
});

test('what waits for an earlier phase is unknown in the plan and known after that phase ran', async () => {
  let prepared = false;
  const setup = fake({
    name: 'setup',
    steps: () => [step('setup/a')],
    fact: () => (prepared ? present({ nodes: [], asleep: [] }) : missing('setup', 'setup/unprepared', 'bare')),
    perform: (steps) => {
      prepared = true;
      return steps.map((one) => ended(one, 'changed', undefined));
    },
  });
  const infra = fake({
    name: 'infra',
    needs: ['setup'],
    steps: () => [prepared ? step('infra/b') : step('infra/b', { effect: 'unknown', unknownUntil: 'setup' })],
  });
  const { plan, outcomes, events } = await run([setup, infra]);
  expect(plan.steps[1]).toMatchObject({ effect: 'unknown', unknownUntil: 'setup' });
  expect(plan.steps[1]?.blockedBy).toBeUndefined();
  expect(outcomes['infra/b']).toBe('changed');
  const plans = events.filter((event) => event.type === 'plan-recorded').map((event) => event.plan);
  expect(plans[1]?.parent).toBe(plan.id);
});

test('when the earlier phase fails, what waited for it is blocked with the reason', async () => {
  const setup = fake({
    name: 'setup',
    steps: () => [step('setup/a', { blockedBy: { code: 'ssh/unreachable', reason: 'no answer' } })],
    fact: () => missing('setup', 'setup/unprepared', 'masternode does not answer'),
  });
  const infra = fake({
    name: 'infra',
    needs: ['setup'],
    steps: () => [step('infra/b', { effect: 'unknown', unknownUntil: 'setup' })],
  });
  const { summary, outcomes } = await run([setup, infra]);
  expect(outcomes).toEqual({ 'setup/a': 'blocked', 'infra/b': 'blocked' });
  expect(summary.attention.at(-1)?.reason).toContain('masternode does not answer');
});

test('a phase that waits for another in part is red without telling its consequences again', async () => {
  let verified = 0;
  const infra = fake({
    name: 'infra',
    steps: () => [step('infra/deploy', { blockedBy: { code: 'infra/installer-missing', reason: 'no installer' } })],
    fact: () => missing('infra', 'infra/api', 'no cluster'),
  });
  const monitor = fake({
    name: 'monitor-stack',
    needs: ['infra'],
    steps: () => [step('monitor-stack/data'), step('monitor-stack/grafana', { unknownUntil: 'infra' })],
    findings: async () => {
      verified += 1;
      return [{ code: 'monitoring/endpoint', state: 'failed' as const, title: 't', evidence: 'connection refused' }];
    },
  });
  const { summary, outcomes } = await run([infra, monitor], {
    scope: { ...everything, phases: ['infra', 'monitor-stack'] },
  });
  expect(outcomes).toEqual({
    'infra/deploy': 'blocked',
    'monitor-stack/data': 'changed',
    'monitor-stack/grafana': 'blocked',
  });
  expect(summary.exitCode).toBe(1);
  expect(verified).toBe(0);
});

test('a child plan may not widen by an irreversible step without approval', async () => {
  let late = false;
  const setup = fake({
    name: 'setup',
    steps: () => [step('setup/a')],
    perform: (steps) => {
      late = true;
      return steps.map((one) => ended(one, 'changed', undefined));
    },
  });
  const infra = fake({ name: 'infra', steps: () => (late ? [step('infra/wipe', { reversible: false })] : []) });
  expect((await run([setup, infra])).outcomes['infra/wipe']).toBe('blocked');
  late = false;
  expect((await run([setup, infra], { approve: true })).outcomes['infra/wipe']).toBe('changed');
});

test('a tag that selects nothing is refused by name, with those that exist', async () => {
  const phase = fake({ name: 'setup', steps: () => [step('setup/a', { tags: ['ntp'] })] });
  const asked = run([phase], { scope: { ...everything, tags: ['npt'] } });
  await expect(asked).rejects.toMatchObject({ code: 'plan/no-such-tag', tryThis: 'Choose from: ntp.' });
});

test('a sleeping node queues its steps and the exit code says so', async () => {
  const phase = fake({
    name: 'setup',
    steps: () => [step('setup/a', { blockedBy: { code: 'node/asleep', reason: 'asleep', asleep: true } })],
  });
  const { summary, outcomes } = await run([phase]);
  expect(outcomes).toEqual({ 'setup/a': 'queued' });
  expect(summary.exitCode).toBe(4);
});

test('stopping ends the step in hand and leaves the others not-run, exit 130', async () => {
  const stop = new AbortController();
  const phase = fake({
    name: 'setup',
    steps: () => [step('setup/a'), step('setup/b', { needs: { steps: ['setup/a'], awake: [] } })],
    perform: (steps) => {
      stop.abort();
      return steps.map((one) => ended(one, 'changed', undefined));
    },
  });
  const { summary, outcomes } = await run([phase], { signal: stop.signal });
  expect(outcomes).toEqual({ 'setup/a': 'changed', 'setup/b': 'not-run' });
  expect(summary).toMatchObject({ exitCode: 130, ended: 'interrupted' });
});

test('host steps of a node go in one call, nodes side by side, guarded ones last and one host first', async () => {
  const calls: string[] = [];
  const host = (guard?: 'sshd') => ({ type: 'host', resources: [], guard }) as const;
  const phase = fake({
    name: 'setup',
    steps: () => [
      step('setup/ssh/one', { node: 'one', action: host('sshd') }),
      step('setup/ssh/two', { node: 'two', action: host('sshd') }),
      step('setup/ssh/three', { node: 'three', action: host('sshd') }),
      step('setup/a/one', { node: 'one', action: host() }),
      step('setup/b/one', { node: 'one', action: host() }),
      step('setup/a/two', { node: 'two', action: host() }),
    ],
  });
  await run([phase], {
    host: async (node, steps) => {
      calls.push(`+${node}:${steps.map((one) => one.id).join(',')}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      calls.push(`-${node}`);
      return steps.map((one) => ended(one, 'changed', undefined));
    },
  });
  expect(calls.slice(0, 2)).toEqual(['+one:setup/a/one,setup/b/one', '+two:setup/a/two']);
  expect(calls.slice(4)).toEqual([
    '+one:setup/ssh/one',
    '-one',
    '+two:setup/ssh/two',
    '+three:setup/ssh/three',
    '-two',
    '-three',
  ]);
});

test('what fails on the first host is tried on no other', async () => {
  const action = { type: 'host', resources: [], guard: 'sshd' } as const;
  const phase = fake({
    name: 'setup',
    steps: () => ['one', 'two', 'three'].map((node) => step(`setup/ssh/${node}`, { node, action })),
  });
  const whenRefusedOn = async (refused: string) => {
    const host: RunPorts['performHostSteps'] = async (node, steps) => {
      if (node === refused)
        throw new AppError({ code: 'host/not-confirmed', kind: 'remote', message: 'nobody came in' });
      return steps.map((one) => ended(one, 'changed', undefined));
    };
    return run([phase], { host });
  };
  const { outcomes, events } = await whenRefusedOn('one');
  expect(outcomes).toEqual({ 'setup/ssh/one': 'failed', 'setup/ssh/two': 'blocked', 'setup/ssh/three': 'blocked' });
  expect(events).toContainEqual(
    expect.objectContaining({
      result: expect.objectContaining({ stepId: 'setup/ssh/three', consequenceOf: 'setup/ssh/one' }),
    }),
  );
  expect((await whenRefusedOn('two')).outcomes).toEqual({
    'setup/ssh/one': 'changed',
    'setup/ssh/two': 'failed',
    'setup/ssh/three': 'changed',
  });
});
