import {
  type ClusterNode,
  type DesiredState,
  type Finding,
  type NodeReading,
  nodeOf,
  type PhaseContext,
  readNodes,
  sliceOf,
  sliceState,
  type Workspace,
} from '@vmstation/core';
import { clockSkews } from './clock-skew.ts';
import { machineRequirements } from './machine-requirements.ts';
import type { Requirement, RequirementSubject } from './requirement.ts';
import { systemRequirements } from './system-requirements.ts';

/** Every requirement, in the order in which findings are shown. */
export const requirements: readonly Requirement[] = [...systemRequirements, ...machineRequirements];

/** What judging the prerequisites reads. */
export type PrerequisitesContext = Pick<PhaseContext, 'workspace' | 'desired' | 'readings'>;

/** Looks at every node of the model (bare machines will do) and judges the prerequisites; the nodes in the model's order. */
export async function prerequisiteFindings(context: PrerequisitesContext): Promise<readonly Finding[]> {
  const names = context.workspace.cluster.nodes.map((node) => node.name);
  const readings = await readNodes(names, context.readings);
  return [...judgePrerequisites(context.workspace, context.desired, readings).values()].flat();
}

/**
 * Findings of every node that was looked at: one per requirement for nodes that answered, one that says why for the others. Clocks
 * are compared with each other, so all readings are judged together.
 */
export function judgePrerequisites(
  workspace: Workspace,
  desired: DesiredState,
  readings: ReadonlyMap<string, NodeReading>,
): ReadonlyMap<string, readonly Finding[]> {
  const skews = clockSkews(readings);
  return new Map(
    [...readings].map(([name, reading]) => {
      const node = nodeOf(workspace.cluster, name);
      return [
        name,
        judgeNode(node, reading, {
          clockSkewSeconds: skews.get(name),
          timeIsServed: isTimeServed(desired, name, reading),
        }),
      ];
    }),
  );
}

function judgeNode(
  node: ClusterNode,
  reading: NodeReading,
  time: Pick<RequirementSubject, 'clockSkewSeconds' | 'timeIsServed'>,
): readonly Finding[] {
  const base = { code: 'setup/prerequisites', title: 'the machine answers', node: node.name } as const;
  if (reading.state === 'asleep') return [{ ...base, state: 'asleep', evidence: reading.evidence }];
  if (reading.state === 'unreadable') {
    const { message, tryThis } = reading.error;
    return [{ ...base, state: 'unreadable', evidence: message, ...(tryThis === undefined ? {} : { tryThis }) }];
  }
  const subject: RequirementSubject = { node, facts: reading.check.facts, ...time };
  return requirements.map((requirement) => ({
    code: requirement.code,
    title: requirement.title,
    node: node.name,
    ...requirement.judge(subject),
  }));
}

/** True when the node's time service is already as declared, so that nothing in this phase is about to set the clock. */
function isTimeServed(desired: DesiredState, node: string, reading: NodeReading): boolean {
  const time = sliceOf(desired, 'setup', node).filter((candidate) => candidate.role === 'ntp');
  return sliceState(time, reading).state === 'equal';
}
