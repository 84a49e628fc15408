import { infraSteps } from '@vmstation/cluster-infra';
import { type NodeDrift, nodeDrifts } from '@vmstation/cluster-tools';
import {
  type DriftState,
  type FactStore,
  type PhaseName,
  planPhase,
  type RunPorts,
  type Step,
  type StepChange,
} from '@vmstation/core';

/** Drift of what runs in the cluster: applied objects against rendered ones. */
export interface ClusterDrift {
  readonly state: DriftState;
  readonly compared: number;
  readonly changes: readonly StepChange[];
  readonly unreadable: readonly string[];
}

/** Declared against observed. */
export interface DriftReport {
  readonly nodes: readonly NodeDrift[];
  readonly cluster: ClusterDrift;
}

const clusterPhases: readonly PhaseName[] = ['infra', 'monitor-stack', 'application-stack'];

/** Compares nodes in one round trip each, and the cluster's objects by a dry run on the server. Changes nothing. */
export async function driftReport(facts: FactStore, run: RunPorts, nodes: readonly string[]): Promise<DriftReport> {
  const drifts = await nodeDrifts(run.context, nodes);
  return { nodes: drifts, cluster: await clusterDrift(facts, run) };
}

async function clusterDrift(facts: FactStore, run: RunPorts): Promise<ClusterDrift> {
  const scope = { phases: clusterPhases, nodes: undefined, tags: undefined };
  const steps: Step[] = [];
  for (const phase of run.phases.filter((one) => clusterPhases.includes(one.name))) {
    steps.push(...(await planPhase(phase, scope, facts)).filter((step) => step.node === undefined));
  }
  // What is rendered for the installer lies in the workspace: files there are no state of the cluster.
  const judged = steps.filter((step) => step.action?.type !== 'check' && step.id !== infraSteps.render);
  const changes = judged.filter((step) => step.effect === 'change').flatMap(changesOf);
  const unreadable = unreadableOf(judged.filter((step) => step.effect === 'unknown'));
  const state = changes.length > 0 ? 'drifted' : unreadable.length > 0 ? 'unreadable' : 'clean';
  return { state, compared: judged.length, changes, unreadable };
}

/** Each reason once, with what it keeps from being compared. A step that only waits for another one listed here says nothing new. */
function unreadableOf(steps: readonly Step[]): readonly string[] {
  const listed = new Set(steps.map((step) => step.id));
  const own = steps.filter((step) => step.blockedBy !== undefined || !step.needs.steps.some((id) => listed.has(id)));
  const alike = Map.groupBy(own, (step) => step.blockedBy?.reason ?? step.why);
  return [...alike].map(([reason, group]) => `${group.map((step) => step.id).join(', ')}: ${reason}`);
}

/** A step that would change something but has no detail still says that it would. */
function changesOf(step: Step): readonly StepChange[] {
  return step.changes.length > 0
    ? step.changes
    : [{ target: step.id, attribute: 'state', want: 'as rendered', seen: step.why }];
}
