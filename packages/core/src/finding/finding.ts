import type { ErrorCode } from '../errors/app-error.ts';
import type { FindingState } from '../outcome/outcome.ts';

/** One named result of a check. */
export interface Finding {
  /** Stable code, with a page like an error's: `node/clock-skew`. */
  readonly code: ErrorCode;
  readonly state: FindingState;
  readonly title: string;
  readonly node?: string;
  /** What was seen, in the operator's words. */
  readonly evidence: string;
  /** What to do; empty when it is fine. */
  readonly tryThis?: string;
}

/** The worst state among findings, for a step that stands for several; `ok` when there is none. */
export function worstFinding(findings: readonly Finding[]): FindingState {
  const order: readonly FindingState[] = ['failed', 'unreadable', 'asleep', 'not-proved', 'warning', 'ok'];
  return order.find((state) => findings.some((finding) => finding.state === state)) ?? 'ok';
}
