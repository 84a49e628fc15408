import type { ClusterNode, ErrorCode, FindingState, NodeFacts } from '@vmstation/core';

/** What a requirement is judged on. */
export interface RequirementSubject {
  readonly node: ClusterNode;
  readonly facts: NodeFacts;
  /** Seconds from the median clock; undefined when the node's clock could not be read. */
  readonly clockSkewSeconds: number | undefined;
  /** True when the time service is already as declared: then a wrong clock is not about to be mended. */
  readonly timeIsServed: boolean;
}

/** What judging gave. */
export interface Verdict {
  readonly state: FindingState;
  readonly evidence: string;
  readonly tryThis?: string;
}

/** Something that a machine must be or have before Kubernetes is put on it. */
export interface Requirement {
  readonly code: ErrorCode;
  readonly title: string;
  judge(subject: RequirementSubject): Verdict;
}

/** A requirement that is met. */
export function ok(evidence: string): Verdict {
  return { state: 'ok', evidence };
}

/** A requirement that is not met: the node is left alone. */
export function failed(evidence: string, tryThis: string): Verdict {
  return { state: 'failed', evidence, tryThis };
}

/** Something that the operator should know, and that stops nothing. */
export function warning(evidence: string, tryThis: string): Verdict {
  return { state: 'warning', evidence, tryThis };
}
