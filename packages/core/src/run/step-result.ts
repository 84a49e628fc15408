import type { ErrorRecord } from '../errors/app-error.ts';
import type { Finding } from '../finding/finding.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { StepChange } from '../plan/step.ts';

/** How a step ended. */
export interface StepResult {
  readonly stepId: string;
  readonly outcome: Outcome;
  /** Why, when it is not green: one line in the operator's words. */
  readonly reason?: string;
  /** What really changed. */
  readonly changes: readonly StepChange[];
  readonly findings: readonly Finding[];
  readonly error?: ErrorRecord;
  /** The code that explains the reason, when no error or finding carries it. */
  readonly code?: string;
  /** What the operator can do about it, when no error or finding says. */
  readonly tryThis?: string;
  /** The step or phase that it waited for in vain: that one is to be mended. */
  readonly consequenceOf?: string;
}
