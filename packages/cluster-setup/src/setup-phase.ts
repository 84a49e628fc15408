import {
  blockOfUnread,
  type Finding,
  inputHash,
  missing,
  type NodeReading,
  type Phase,
  type PhaseContext,
  planHostSteps,
  present,
  readNodes,
  type Step,
  type StepResult,
  sliceFindings,
  sliceOf,
  sliceState,
} from '@vmstation/core';
import { judgePrerequisites, requirements } from './prerequisites/index.ts';
import { setupRoles } from './roles/setup-roles.ts';

/** The id of the step that judges a node's prerequisites; every step that changes the node needs it. */
export function prerequisitesStepId(node: string): string {
  return `setup/prerequisites/${node}`;
}

/** Phase setup: prerequisites, SSH keys, dependencies, node preparation, and what other roles hand to this phase. */
export const setupPhase: Phase<'setup'> = {
  name: 'setup',
  title: 'Setup: prerequisites, SSH keys, dependencies, node preparation',
  needs: [],

  async observe(context) {
    const readings = await readAll(context);
    const findings = judgePrerequisites(context.workspace, context.desired, readings);
    const nodes = [];
    const asleep = [];
    const reasons = [];
    for (const [name, reading] of readings) {
      if (reading.state === 'asleep') asleep.push(name);
      const reason = whyUnprepared(context, name, reading, findings.get(name) ?? []);
      if (reading.state === 'read' && reason === undefined) nodes.push({ name, facts: reading.check.facts });
      else if (reason !== undefined) reasons.push(`${name}: ${reason}`);
    }
    if (nodes.length > 0) return present({ nodes, asleep });
    return missing('setup', 'setup/no-node-prepared', reasons.join('; ') || 'no node is awake');
  },

  async plan(context) {
    const readings = await readAll(context);
    const findings = judgePrerequisites(context.workspace, context.desired, readings);
    const checks = [...readings].map(([node, reading]) =>
      prerequisitesStep(context, node, reading, findings.get(node)),
    );
    const hostSteps = planHostSteps({
      phase: 'setup',
      desired: context.desired,
      readings,
      whyOf: (role) => setupRoles.find((candidate) => candidate.name === role)?.why ?? role,
    });
    return [...checks, ...hostSteps.map(needingPrerequisites)];
  },

  async perform(steps, context) {
    const findings = judgePrerequisites(context.workspace, context.desired, await readAll(context));
    return steps.map((step) => judged(step, step.node === undefined ? [] : (findings.get(step.node) ?? [])));
  },

  async verify(context) {
    const readings = await readAll(context, 'refresh');
    const findings = judgePrerequisites(context.workspace, context.desired, readings);
    return [
      ...[...findings.values()].flat(),
      ...sliceFindings('setup', 'setup/slice-equal', context.desired, readings),
    ];
  },
};

function readAll(context: PhaseContext, how: 'read' | 'refresh' = 'read'): Promise<ReadonlyMap<string, NodeReading>> {
  const names = context.workspace.cluster.nodes.map((node) => node.name);
  return readNodes(names, context.readings, how);
}

/** Undefined when the node is prepared, or asleep. */
function whyUnprepared(
  context: PhaseContext,
  node: string,
  reading: NodeReading,
  findings: readonly Finding[],
): string | undefined {
  const unmet = findings.filter((finding) => finding.state === 'failed' || finding.state === 'unreadable');
  if (unmet.length > 0) return reasonOf(unmet);
  const slice = sliceState(sliceOf(context.desired, 'setup', node), reading);
  if (slice.state === 'differs') return `differs from what setup declares: ${slice.differences.join('; ')}`;
  return slice.state === 'unreadable' ? slice.reason : undefined;
}

function prerequisitesStep(
  context: PhaseContext,
  node: string,
  reading: NodeReading,
  findings: readonly Finding[] = [],
): Step {
  const model = context.workspace.cluster.nodes.find((candidate) => candidate.name === node);
  const unmet = findings.filter((finding) => finding.state === 'failed');
  const blockedBy = reading.state === 'read' ? undefined : blockOfUnread(node, reading);
  return {
    id: prerequisitesStepId(node),
    phase: 'setup',
    node,
    title: 'prerequisites',
    why:
      unmet.length > 0
        ? `does not hold now: ${reasonOf(unmet)}`
        : 'a machine that cannot carry Kubernetes is left alone, with the reason',
    tags: ['prerequisites'],
    effect: blockedBy === undefined ? 'none' : 'unknown',
    changes: [],
    reversible: true,
    needs: { steps: [], awake: [node] },
    action: { type: 'check', check: 'prerequisites' },
    inputHash: inputHash([model, requirements.map((requirement) => requirement.title)]),
    ...(blockedBy === undefined ? {} : { blockedBy }),
  };
}

function needingPrerequisites(step: Step): Step {
  if (step.node === undefined) return step;
  return { ...step, needs: { ...step.needs, steps: [...step.needs.steps, prerequisitesStepId(step.node)] } };
}

function judged(step: Step, findings: readonly Finding[]): StepResult {
  const base = { stepId: step.id, changes: [], findings };
  const of = (state: Finding['state']) => findings.filter((finding) => finding.state === state);
  if (of('failed').length > 0) return { ...base, outcome: 'failed', reason: reasonOf(of('failed')) };
  if (of('asleep').length > 0) return { ...base, outcome: 'queued', reason: reasonOf(of('asleep')) };
  // Nothing seen is nothing known: a step without findings has judged nothing.
  if (of('unreadable').length > 0 || findings.length === 0) {
    return { ...base, outcome: 'unknown', reason: reasonOf(of('unreadable')) || 'nothing was read of the node' };
  }
  return { ...base, outcome: 'unchanged' };
}

function reasonOf(findings: readonly Finding[]): string {
  return findings.map((finding) => `${finding.title}: ${finding.evidence}`).join('; ');
}
