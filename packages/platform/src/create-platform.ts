import { applicationStackPhase, declareApplicationStack } from '@vmstation/cluster-application-stack';
import { configPhase, declareConfig, refuseLockOut } from '@vmstation/cluster-config';
import { infraPhase } from '@vmstation/cluster-infra';
import { declareMonitorStack, monitorStackPhase } from '@vmstation/cluster-monitor-stack';
import { declareSetup, setupPhase } from '@vmstation/cluster-setup';
import { type DriftMemory, driftMemory, toolsPhase } from '@vmstation/cluster-tools';
import {
  type AnyPhase,
  type Declaration,
  type DesiredState,
  executeRun,
  type FactStore,
  factStore,
  memoizedReadings,
  mergeDeclarations,
  orderPhases,
  type Plan,
  type PlanScope,
  planRun,
  type RollbackReport,
  type RunEvent,
  type RunPorts,
  type RunSummary,
  type Step,
} from '@vmstation/core';
import { type CheckReport, runChecks } from './checks.ts';
import { type DriftReport, driftPlaces, driftReport } from './drift-report.ts';
import { hostStepPerformer } from './host-step-performer.ts';
import type { PlatformPorts } from './platform-ports.ts';
import { withPlaybooks } from './with-playbooks.ts';

/** The one list of phases. */
export const phases: readonly AnyPhase[] = orderPhases<AnyPhase>([
  setupPhase,
  infraPhase,
  configPhase,
  monitorStackPhase,
  applicationStackPhase,
  toolsPhase,
]);

/** What runs are made of: each phase, and the playbooks after it. Drift asks the phases alone. */
const phasesWithPlaybooks: readonly AnyPhase[] = phases.map(withPlaybooks);

/** How a plan is to be executed. */
export interface ExecuteOptions {
  /** The command line, for the journal. */
  readonly command: string;
  readonly approveWidening: (steps: readonly Step[]) => Promise<boolean>;
}

/** What the product can do with one workspace. */
export interface Platform {
  readonly desired: DesiredState;
  /** Plans from what is observed now; reads only. */
  plan(scope: PlanScope): Promise<Plan>;
  /** Carries a plan out. A failed step is in the summary, not thrown. */
  execute(plan: Plan, options: ExecuteOptions): Promise<RunSummary>;
  /** Runs checks by name. Throws check/unknown. */
  verify(names: readonly string[]): Promise<readonly CheckReport[]>;
  /** Declared against observed, nodes and cluster. `onNodesRead` is called when all nodes have been looked at. */
  drift(nodes: readonly string[] | undefined, onNodesRead?: () => void): Promise<DriftReport>;
  /** Puts back what a run changed on nodes. */
  rollback(runId: string, nodes: readonly string[]): Promise<readonly RollbackReport[]>;
}

/** How a platform looks at its workspace, and what it may do. */
export interface PlatformOptions {
  /** Fetch differing text, so that plans and drift show diffs. */
  readonly withDiff: boolean;
  /** Names of applications and components that are declared no more and whose data may be deleted with them. */
  readonly deleteData?: readonly string[];
}

/**
 * Builds the platform of a workspace: merges all declarations, and wires phases, host and journal.
 * Throws plan/conflicting-declarations, plan/locks-you-out, secret/missing, secret/cannot-decrypt, config/kerberos-keys-too-short.
 */
export async function createPlatform(ports: PlatformPorts, options: PlatformOptions): Promise<Platform> {
  const nodes = ports.workspace.cluster.nodes.map((node) => node.name);
  const declared = await declarations(ports);
  // Before they are merged: a key list that leaves out our own is more than a contradiction.
  refuseLockOut(ports.workspace.cluster, declared, ports.operatorPublicKey);
  const desired = mergeDeclarations(nodes, declared);
  const memory = driftMemory({ files: ports.files, clock: ports.clock, places: driftPlaces(nodes) });
  const readings = memoizedReadings({
    host: ports.host,
    power: ports.power,
    desired,
    withDiff: options.withDiff,
    signal: ports.signal,
    onCheck: (check) => memory.readNode(check),
  });
  const run = runPorts(ports, desired, readings, options.deleteData ?? []);
  const facts: FactStore = factStore(run);
  return {
    desired,
    plan: (scope) => remembering(memory, () => planRun(run, scope, facts)),
    execute: (plan, how) =>
      remembering(memory, () => executeRun(run, plan, { ...how, runId: ports.ids.runId() }, facts)),
    verify: (names) => runChecks(names, facts),
    drift: (chosen, onNodesRead) =>
      driftReport(facts, { ...run, phases }, memory, { nodes: chosen ?? nodes, onNodesRead }),
    rollback: (runId, chosen) => Promise.all(chosen.map((node) => ports.host.rollback(node, runId))),
  };
}

/** Does something and writes down what it saw of differences; what keeps it from that is told by the next drift. */
async function remembering<T>(memory: DriftMemory, work: () => Promise<T>): Promise<T> {
  const result = await work();
  await memory.keep();
  return result;
}

async function declarations(ports: PlatformPorts): Promise<readonly Declaration[]> {
  const { workspace, operatorPublicKey, secrets } = ports;
  return [
    ...(await declareSetup(workspace, { operatorPublicKey })),
    ...(await declareConfig(workspace, secrets)),
    ...declareMonitorStack(workspace),
    ...declareApplicationStack(workspace),
  ];
}

function runPorts(
  ports: PlatformPorts,
  desired: DesiredState,
  readings: RunPorts['context']['readings'],
  deleteData: readonly string[],
): RunPorts {
  const { workspace, kube, probe, processes, files, secrets, journal, clock, ids, signal, versions } = ports;
  return {
    phases: phasesWithPlaybooks,
    context: {
      workspace,
      desired,
      readings,
      kube,
      probe,
      processes,
      files,
      secrets,
      history: journal,
      clock,
      signal,
      deleteData,
    },
    performHostSteps: hostStepPerformer({ host: ports.host, desired, tryMode: ports.tryMode, signal }),
    journal,
    ids,
    versions,
    emit: (event: RunEvent) => {
      journal.append(event);
      ports.onEvent(event);
    },
  };
}
