import type { Phase, PhaseContext, StepProgress } from '../phase/phase.ts';
import type { PhaseName } from '../phase/phase-name.ts';
import type { Step } from '../plan/step.ts';
import type { Ids } from '../ports/clock.ts';
import type { Journal } from '../ports/journal.ts';
import type { RunEvent } from './run-event.ts';
import type { StepResult } from './step-result.ts';

/** Any phase, whatever it needs. */
export type AnyPhase = Phase<PhaseName, PhaseName>;

/** Carries out the host steps of one node together: one apply, or one guarded attempt. One result a step, in order. */
export type HostStepPerformer = (
  node: string,
  steps: readonly Step[],
  runId: string,
  progress: StepProgress,
) => Promise<readonly StepResult[]>;

/** Everything the engine works with; built by the platform. */
export interface RunPorts {
  /** In the order in which they run. */
  readonly phases: readonly AnyPhase[];
  readonly context: Omit<PhaseContext, 'facts'>;
  readonly performHostSteps: HostStepPerformer;
  readonly journal: Journal;
  readonly ids: Ids;
  /** Versions of the tools that matter, for the journal. */
  readonly versions: Readonly<Record<string, string>>;
  readonly emit: (event: RunEvent) => void;
}
