import type { NodeFacts } from '../ports/host.ts';
import type { PhaseName } from './phase-name.ts';

/** Nodes that answer, meet the prerequisites and carry setup's slice. */
export interface PreparedNodes {
  readonly nodes: readonly { readonly name: string; readonly facts: NodeFacts }[];
  /** Nodes that sleep on purpose: queued, not failed. */
  readonly asleep: readonly string[];
}

/** A cluster that answers and equals the model where the model speaks. */
export interface RunningCluster {
  readonly version: string;
  readonly nodes: readonly { readonly name: string; readonly ready: boolean; readonly version: string }[];
}

/** Nodes that carry config's slice. */
export interface ConfiguredCluster {
  readonly nodes: readonly string[];
}

/** Monitoring that is applied and ready. */
export interface MonitoredCluster {
  readonly namespace: string;
  readonly ready: readonly string[];
}

/** Applications that are applied and ready. */
export interface DeployedApplications {
  readonly ready: readonly string[];
}

/** A cluster whose checks ran. */
export interface ValidatedCluster {
  readonly checks: number;
}

/** The typed fact that each phase leaves for its successors. */
export interface PhaseFacts {
  readonly setup: PreparedNodes;
  readonly infra: RunningCluster;
  readonly config: ConfiguredCluster;
  readonly 'monitor-stack': MonitoredCluster;
  readonly 'application-stack': DeployedApplications;
  readonly tools: ValidatedCluster;
}

/** Why a fact is not there (yet). */
export interface MissingBecause {
  readonly missing: true;
  readonly phase: PhaseName;
  readonly because: string;
  /** The error code or finding that explains it. */
  readonly code: string;
}

/** A fact or why it is missing. */
export type Observed<Fact> = { readonly missing: false; readonly fact: Fact } | MissingBecause;

/** A fact that is there. */
export function present<Fact>(fact: Fact): Observed<Fact> {
  return { missing: false, fact };
}

/** A fact that is not there. */
export function missing(phase: PhaseName, code: string, because: string): MissingBecause {
  return { missing: true, phase, code, because };
}
