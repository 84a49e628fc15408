import type { NodeReading } from '../desired/node-readings.ts';
import type { ErrorRecord } from '../errors/app-error.ts';

/** Why a step cannot run, known before it is tried. */
export interface StepBlock {
  /** The error or finding that explains it. */
  readonly code: string;
  readonly reason: string;
  /** What the operator can do about it. */
  readonly tryThis?: string;
  /** It waits for a machine that sleeps on purpose: the step ends queued. */
  readonly asleep?: boolean;
  /** The fault is in the step itself (a manifest that the API refuses), not in something that it needs: it ends failed. */
  readonly ownFault?: boolean;
}

/** The block that an error amounts to. */
export function blockOf(error: Pick<ErrorRecord, 'code' | 'message' | 'tryThis'>): StepBlock {
  const { code, message, tryThis } = error;
  return { code, reason: message, ...(tryThis === undefined ? {} : { tryThis }) };
}

/** The block of a node that was not read. */
export function blockOfUnread(node: string, reading: Exclude<NodeReading, { readonly state: 'read' }>): StepBlock {
  return reading.state === 'asleep' ? asleepBlock(`${node} is asleep (${reading.evidence})`) : blockOf(reading.error);
}

/** The block of what needs a machine that sleeps. */
export function asleepBlock(reason: string): StepBlock {
  return { code: 'node/asleep', reason, asleep: true };
}
