import type { DesiredState } from '../desired/desired-state.ts';
import type { NodeReadings } from '../desired/node-readings.ts';
import type { Finding } from '../finding/finding.ts';
import type { Step } from '../plan/step.ts';
import type { Clock } from '../ports/clock.ts';
import type { KubeConnector } from '../ports/kube.ts';
import type { EndpointProbe } from '../ports/probe.ts';
import type { ProcessRunner } from '../ports/process-runner.ts';
import type { Secrets, Workspace, WorkspaceFiles } from '../ports/workspace.ts';
import type { StepResult } from '../run/step-result.ts';
import type { Observed, PhaseFacts } from './facts.ts';
import type { PhaseName } from './phase-name.ts';

/** Earlier green ends of steps, from the journal. */
export interface StepHistory {
  /** The last time the step ended green, with the inputs it had then. */
  lastGreen(stepId: string): { readonly inputHash: string; readonly at: Date } | undefined;
}

/** What every phase is given. A phase sees the facts of the phases that it declares to need, and no others. */
export interface PhaseContext<Needs extends PhaseName = never> {
  readonly workspace: Workspace;
  readonly desired: DesiredState;
  readonly readings: NodeReadings;
  readonly facts: { readonly [Name in Needs]: Observed<PhaseFacts[Name]> };
  readonly kube: KubeConnector;
  readonly probe: EndpointProbe;
  readonly processes: ProcessRunner;
  readonly files: WorkspaceFiles;
  readonly secrets: Secrets;
  readonly history: StepHistory;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Names of applications and components that are declared no more and whose data may be deleted with them; none when left out. */
  readonly deleteData?: readonly string[];
}

/** What a step's performer may tell while it works: one line, for the live display and the log. */
export type StepProgress = (stepId: string, line: string) => void;

/** The one shape of a phase: what each `cluster-*` package exports. */
export interface Phase<Name extends PhaseName = PhaseName, Needs extends PhaseName = never> {
  readonly name: Name;
  readonly title: string;
  readonly needs: readonly Needs[];
  /** Reads, never changes: the phase's fact, or why it is missing. Throws only for bugs. */
  observe(context: PhaseContext<Needs>): Promise<Observed<PhaseFacts[Name]>>;
  /** Does ahead what `plan` will need and what takes no facts: it is called while those are read. What fails here fails there again, and is told there. */
  prepare?(context: Omit<PhaseContext, 'facts'>): Promise<unknown>;
  /** The steps that would bring the fact about. Reads only what was observed (readings are memoized, comparison by dry run); changes nothing. */
  plan(context: PhaseContext<Needs>): Promise<readonly Step[]>;
  /** Carries out steps whose action is `task`, `manifests` or `check`; `host` steps are carried out by the platform. One result a step, in order. */
  perform(
    steps: readonly Step[],
    context: PhaseContext<Needs>,
    runId: string,
    progress: StepProgress,
  ): Promise<readonly StepResult[]>;
  /** Judges the live state after the steps. Every finding counts. */
  verify(context: PhaseContext<Needs>): Promise<readonly Finding[]>;
}
