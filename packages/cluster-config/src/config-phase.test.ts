import {
  type DesiredState,
  exampleContext,
  exampleReading,
  exampleWorkspace,
  fixedReadings,
  mergeDeclarations,
  missing,
  type NodeReading,
  type Observed,
  type PhaseContext,
  type PreparedNodes,
  present,
  type ResourceId,
  type ResourceState,
} from '@vmstation/core';
import { expect, test } from 'vitest';
import { configPhase } from './config-phase.ts';
import { declareConfig } from './declare-config.ts';

const workspace = exampleWorkspace();
const names = workspace.cluster.nodes.map((node) => node.name);
const prepared: Observed<PreparedNodes> = present({ nodes: [], asleep: [] });
const differs: ResourceState = { state: 'differs', differences: [{ attribute: 'content', want: 'a', seen: 'b' }] };

async function desiredState(): Promise<DesiredState> {
  return mergeDeclarations(names, await declareConfig(workspace));
}

async function contextWith(
  exceptions: Readonly<Record<string, NodeReading | Readonly<Record<ResourceId, ResourceState>>>>,
  setup: Observed<PreparedNodes> = prepared,
): Promise<PhaseContext<'setup'>> {
  const desired = await desiredState();
  const readings = workspace.cluster.nodes.map((node): [string, NodeReading] => {
    const special = exceptions[node.name] ?? {};
    return [node.name, 'state' in special ? special : exampleReading(node, desired, { resources: special })];
  });
  return exampleContext<'setup'>({ desired, readings: fixedReadings(new Map(readings)), facts: { setup } });
}

test('when everything is equal there is nothing to do, and every node is configured', async () => {
  const context = await contextWith({});
  const steps = await configPhase.plan(context);
  expect(steps.every((step) => step.effect === 'none' && step.action === undefined)).toBe(true);
  expect(await configPhase.observe(context)).toEqual(present({ nodes: names }));
  expect((await configPhase.verify(context)).every((finding) => finding.state === 'ok')).toBe(true);
});

test("a step needs its own node's setup only", async () => {
  const steps = await configPhase.plan(await contextWith({}));
  for (const step of steps) {
    const others = names.filter((name) => name !== step.node);
    expect(step.needs.steps).toEqual([`setup/prerequisites/${step.node}`, `setup/ntp/${step.node}`]);
    expect(step.needs.steps.some((need) => others.some((other) => need.endsWith(`/${other}`)))).toBe(false);
  }
});

test('guarded resources are steps of their own, so that the rest can be applied without them', async () => {
  const context = await contextWith({
    masternode: {
      'file:/etc/motd': differs,
      'file:/etc/ssh/sshd_config.d/10-vmstation.conf': differs,
      'file:/etc/vmstation/firewall.nft': differs,
    },
  });
  const steps = await configPhase.plan(context);
  expect(steps.filter((step) => step.effect === 'change').map((step) => [step.id, step.tags])).toEqual([
    ['config/system/masternode', ['system']],
    ['config/ssh/masternode/sshd', ['ssh', 'sshd']],
    ['config/networking/masternode/firewall', ['networking', 'firewall']],
  ]);
});

test('hardening that was not carried out fails the verification, and keeps nothing from building on the node', async () => {
  const context = await contextWith({ masternode: { 'file:/etc/ssh/sshd_config.d/10-vmstation.conf': differs } });
  expect(await configPhase.observe(context)).toEqual(present({ nodes: names }));
  const failed = (await configPhase.verify(context)).filter((finding) => finding.state !== 'ok');
  expect(failed).toMatchObject([{ code: 'config/slice-equal', node: 'masternode', state: 'failed' }]);
  const broken = await contextWith({ masternode: { 'file:/etc/motd': differs } });
  expect(await configPhase.observe(broken)).toEqual(present({ nodes: ['storagenodet3500', 'homelab'] }));
});

test('a sleeping node is asleep in plan and findings, never configured and never failed', async () => {
  const context = await contextWith({
    homelab: { state: 'asleep', evidence: 'off since yesterday', since: undefined },
  });
  const steps = (await configPhase.plan(context)).filter((step) => step.node === 'homelab');
  expect(steps.every((step) => step.blockedBy?.asleep === true)).toBe(true);
  expect(await configPhase.observe(context)).toEqual(present({ nodes: ['masternode', 'storagenodet3500'] }));
  const findings = await configPhase.verify(context);
  expect(findings.find((finding) => finding.node === 'homelab')).toMatchObject({ state: 'asleep' });
});

test('without prepared machines nothing is configured, for the same reason', async () => {
  const because = missing('setup', 'setup/no-node-prepared', 'homelab: 1 core');
  expect(await configPhase.observe(await contextWith({}, because))).toMatchObject({
    missing: true,
    phase: 'config',
    code: 'setup/no-node-prepared',
  });
});

test('the state of every node of the example cluster', async () => {
  const text = [...(await desiredState()).nodes].map(([node, list]) => {
    const lines = list.map(({ resource, phase, role }) => {
      const { kind, ...rest } = resource;
      const content = 'content' in rest ? (rest.content ?? '') : '';
      const shown = 'content' in rest ? { ...rest, content: undefined } : rest;
      const indented = content === '' ? '' : `\n${content.replaceAll(/^(?=.)/gm, '  | ').trimEnd()}`;
      return `${phase} ${role} ${kind} ${JSON.stringify(shown)}${indented}`;
    });
    return [`# ${node}`, ...lines, ''].join('\n');
  });
  await expect(text.join('\n')).toMatchFileSnapshot('fixtures/example-declarations.txt');
});
