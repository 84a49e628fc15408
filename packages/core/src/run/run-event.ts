import type { Finding } from '../finding/finding.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { PhaseName } from '../phase/phase-name.ts';
import type { Plan } from '../plan/step.ts';
import type { StepResult } from './step-result.ts';

/** The one event stream for terminal, JSON, journal and dashboard. `at` is ISO 8601. */
export type RunEvent =
  | {
      readonly type: 'run-started';
      readonly at: string;
      readonly runId: string;
      readonly command: string;
      readonly cluster: string;
    }
  | { readonly type: 'plan-recorded'; readonly at: string; readonly runId: string; readonly plan: Plan }
  | {
      readonly type: 'phase-started';
      readonly at: string;
      readonly runId: string;
      readonly phase: PhaseName;
      readonly title: string;
      readonly steps: number;
    }
  | { readonly type: 'step-started'; readonly at: string; readonly runId: string; readonly stepId: string }
  | {
      readonly type: 'step-progress';
      readonly at: string;
      readonly runId: string;
      readonly stepId: string;
      readonly line: string;
    }
  | {
      readonly type: 'step-ended';
      readonly at: string;
      readonly runId: string;
      readonly result: StepResult;
      readonly inputHash: string;
      readonly durationMs: number;
    }
  | {
      readonly type: 'phase-ended';
      readonly at: string;
      readonly runId: string;
      readonly phase: PhaseName;
      readonly outcome: Outcome;
      readonly findings: readonly Finding[];
      readonly durationMs: number;
    }
  | { readonly type: 'run-ended'; readonly at: string; readonly runId: string; readonly summary: RunSummary };

/** How a run ended. */
export interface RunSummary {
  readonly runId: string;
  /** `interrupted` wins over everything; `locked` when another operator was all that stood in the way; `failed` when any step or verification is not green. */
  readonly ended: 'done' | 'failed' | 'interrupted' | 'locked' | 'queued' | 'unknown';
  readonly exitCode: number;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly durationMs: number;
  /** Step results that are not green, and failed findings, in order. */
  readonly attention: readonly StepResult[];
}
