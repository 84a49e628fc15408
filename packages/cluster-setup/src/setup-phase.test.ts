import {
  AppError,
  type DesiredState,
  errorRecord,
  exampleContext,
  exampleReading,
  exampleWorkspace,
  fixedReadings,
  mergeDeclarations,
  type NodeReading,
  type PhaseContext,
  type Step,
} from '@vmstation/core';
import { expect, test } from 'vitest';
import { declareSetup } from './declare-setup.ts';
import { prerequisitesStepId, setupPhase } from './setup-phase.ts';

const workspace = exampleWorkspace();
const names = workspace.cluster.nodes.map((node) => node.name);
const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexampleexampleexampleexampleexampleexample vmstation';

async function desiredState(): Promise<DesiredState> {
  return mergeDeclarations(names, await declareSetup(workspace, { operatorPublicKey: publicKey }));
}

function readingsOf(
  desired: DesiredState,
  special: Readonly<Record<string, NodeReading>> = {},
): Map<string, NodeReading> {
  return new Map(
    workspace.cluster.nodes.map((node) => [node.name, special[node.name] ?? exampleReading(node, desired)]),
  );
}

async function contextWith(
  special: (desired: DesiredState) => Readonly<Record<string, NodeReading>>,
): Promise<PhaseContext> {
  const desired = await desiredState();
  return exampleContext({
    workspace,
    desired,
    readings: fixedReadings(readingsOf(desired, special(desired))),
    facts: {},
  });
}

const homelab = workspace.cluster.nodes.find((node) => node.name === 'homelab') ?? workspace.cluster.nodes[0];
if (homelab === undefined) throw new Error('the example has nodes');

test('prepared machines are the fact, and nothing is to be done but the check', async () => {
  const context = await contextWith(() => ({}));
  expect(await setupPhase.observe(context)).toMatchObject({ missing: false, fact: { asleep: [] } });
  const steps = await setupPhase.plan(context);
  expect(steps.every((step) => step.effect === 'none')).toBe(true);
  expect(steps.filter((step) => step.action !== undefined).map((step) => step.id)).toEqual(
    names.map(prerequisitesStepId),
  );
});

test('a difference becomes a change of that role on that node only', async () => {
  const context = await contextWith((desired) => ({
    homelab: exampleReading(homelab, desired, {
      resources: {
        'sysctl:net.ipv4.ip_forward': {
          state: 'differs',
          differences: [{ attribute: 'runtime', want: '1', seen: '0' }],
        },
      },
    }),
  }));
  const steps = await setupPhase.plan(context);
  expect(steps.filter((step) => step.effect === 'change').map((step) => step.id)).toEqual([
    'setup/node-preparation/homelab',
  ]);
  const findings = await setupPhase.verify(context);
  expect(findings.filter((finding) => finding.state !== 'ok')).toMatchObject([
    {
      code: 'setup/slice-equal',
      node: 'homelab',
      state: 'failed',
      evidence: 'sysctl:net.ipv4.ip_forward: runtime is 0, wanted 1',
    },
  ]);
  const observed = await setupPhase.observe(context);
  expect(observed.missing ? [] : observed.fact.nodes.map((node) => node.name)).toEqual([
    'masternode',
    'storagenodet3500',
  ]);
});

test('a machine that fails a requirement fails its own check, and every change of it needs that check', async () => {
  const context = await contextWith((desired) => ({
    homelab: exampleReading(homelab, desired, { facts: { cpus: 1 } }),
  }));
  const steps = await setupPhase.plan(context);
  const checks = steps.filter((step) => step.action?.type === 'check');
  const results = await setupPhase.perform(checks, context, 'run', () => undefined);
  expect(results.map((result) => [result.stepId, result.outcome, result.reason])).toEqual([
    ['setup/prerequisites/masternode', 'unchanged', undefined],
    ['setup/prerequisites/storagenodet3500', 'unchanged', undefined],
    ['setup/prerequisites/homelab', 'failed', 'at least 2 processor cores: 1 core'],
  ]);
  expect(checks.find((step) => step.node === 'homelab')?.why).toContain('1 core');
  for (const step of steps.filter((candidate: Step) => candidate.action?.type !== 'check')) {
    expect(step.needs.steps).toEqual([prerequisitesStepId(step.node ?? '')]);
  }
});

test('a sleeping machine is queued and a silent one blocked with its reason; the fact says who', async () => {
  const error = errorRecord(
    new AppError({ code: 'ssh/unreachable', kind: 'unreachable', message: 'homelab did not answer' }),
  );
  const context = await contextWith(() => ({
    storagenodet3500: { state: 'asleep', evidence: 'suspended', since: undefined },
    homelab: { state: 'unreadable', error },
  }));
  const steps = await setupPhase.plan(context);
  const blocks = (node: string) =>
    new Set(steps.filter((step) => step.node === node).map((step) => step.blockedBy?.code));
  expect(names.map((name) => [...blocks(name)])).toEqual([[undefined], ['node/asleep'], ['ssh/unreachable']]);
  const asleep = steps.filter((step) => step.blockedBy?.asleep === true);
  expect(new Set(asleep.map((step) => step.node))).toEqual(new Set(['storagenodet3500']));
  expect(await setupPhase.observe(context)).toMatchObject({
    missing: false,
    fact: { nodes: [{ name: 'masternode' }], asleep: ['storagenodet3500'] },
  });
});

test('a step is never green without having seen something', async () => {
  const context = await contextWith(() => ({}));
  const [step] = await setupPhase.plan(context);
  if (step === undefined) throw new Error('setup has steps');
  const results = await setupPhase.perform([{ ...step, node: 'unheard-of' }], context, 'run', () => undefined);
  expect(results).toMatchObject([{ outcome: 'unknown' }]);
});

test('the state of every node of the example cluster', async () => {
  const desired = await desiredState();
  const text = [...desired.nodes].map(([node, list]) =>
    [`# ${node}`, ...list.map(({ resource, phase, role }) => `${phase} ${role} ${JSON.stringify(resource)}`), ''].join(
      '\n',
    ),
  );
  await expect(text.join('\n')).toMatchFileSnapshot('fixtures/example-declarations.txt');
});

test('no key is added where there is none, or where nobody logs in', async () => {
  const without = await declareSetup(workspace, { operatorPublicKey: undefined });
  expect(without.some(({ role }) => role === 'ssh-keys')).toBe(false);
  const local = exampleWorkspace({
    cluster: {
      ...workspace.cluster,
      nodes: workspace.cluster.nodes.map((node) => ({ ...node, ssh: { ...node.ssh, local: true } })),
    },
  });
  const declared = await declareSetup(local, { operatorPublicKey: publicKey });
  expect(declared.some(({ role }) => role === 'ssh-keys')).toBe(false);
});

test('the hosts entries of all nodes are one object that the nodes share', async () => {
  const { nodes } = await desiredState();
  const lists = [...nodes.values()].map((list) => list.filter(({ resource }) => resource.kind === 'hosts-entries'));
  expect(lists.map((list) => list.length)).toEqual(names.map(() => 1));
  expect(new Set(lists.flat().map(({ resource }) => resource)).size).toBe(1);
});
