import type { GuardArea, Resource, ResourceId } from '../resource/resource.ts';

/** What was read about a machine besides its resources. Sizes in MiB, times as ISO 8601 text. */
export interface NodeFacts {
  readonly osId: string;
  readonly osVersion: string;
  readonly osName: string;
  readonly family: 'debian' | 'rhel';
  readonly kernel: string;
  readonly architecture: string;
  readonly hostname: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly freeDiskMiB: number;
  readonly swapMiB: number;
  readonly pythonVersion: string | undefined;
  readonly hasSystemd: boolean;
  readonly virtualization: string | undefined;
  readonly bootId: string;
  readonly clock: string;
  /** MAC addresses of its interfaces, lower case. */
  readonly macs: readonly string[];
  readonly rootByPassword: boolean;
  /** True when Kubernetes of any make already runs there. */
  readonly kubernetes: string | undefined;
}

/** One attribute that differs. For files `diff` holds unified text; secrets are shown as digests only. */
export interface Difference {
  readonly attribute: string;
  readonly want: string;
  readonly seen: string;
  readonly diff?: string;
}

/** What a check said of one resource. */
export type ResourceState =
  | { readonly state: 'equal' }
  | { readonly state: 'differs'; readonly differences: readonly Difference[] }
  | { readonly state: 'unreadable'; readonly reason: string };

/** The reply of one check. */
export interface NodeCheck {
  readonly node: string;
  readonly facts: NodeFacts;
  readonly resources: ReadonlyMap<ResourceId, ResourceState>;
  readonly seenAt: Date;
  readonly roundTrips: number;
  /** Processes that the check started on the target, counted by the script itself. */
  readonly remoteProcesses: number;
  readonly durationMs: number;
}

/** How one resource ended in an apply. */
export interface AppliedResource {
  readonly id: ResourceId;
  readonly outcome: 'unchanged' | 'changed' | 'failed' | 'blocked' | 'not-run';
  /** Why it failed, was blocked or was not reached; empty otherwise. */
  readonly reason?: string;
  readonly differences: readonly Difference[];
}

/** The reply of an apply: after the change the same check ran again, and only what it found equal counts as changed. */
export interface ApplyReport {
  readonly node: string;
  readonly resources: readonly AppliedResource[];
  readonly after: NodeCheck | undefined;
}

/** Order to apply some resources on a node. */
export interface ApplyRequest {
  readonly node: string;
  readonly runId: string;
  /** Resources to bring about; the others of the node's list are context for ordering and are not touched. */
  readonly resources: readonly Resource[];
  readonly onProgress?: (id: ResourceId) => void;
  /** Set by whoever runs this apply inside {@link TryMode}: guarded resources of this area are changed directly. */
  readonly inTryMode?: GuardArea;
  readonly signal?: AbortSignal;
}

/** What a rollback put back. */
export interface RollbackReport {
  readonly node: string;
  readonly restored: readonly ResourceId[];
  readonly failed: readonly { readonly id: ResourceId; readonly reason: string }[];
}

/** Checks and changes machines. */
export interface HostPort {
  /** One round trip, changes nothing. `withDiff` fetches differing text files in a second trip. Throws what {@link Transport} throws, and host/garbled-reply. */
  check(
    node: string,
    resources: readonly Resource[],
    options?: { withDiff?: boolean; signal?: AbortSignal },
  ): Promise<NodeCheck>;
  apply(request: ApplyRequest): Promise<ApplyReport>;
  /**
   * Whole text files of a node, in one round trip, by path; what is larger than 256 KiB or no UTF-8 text is left out. An absent file reads
   * as empty. Never to be asked for a file whose content is secret.
   */
  readTexts(node: string, paths: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /** Restores what the run changed on the node. Throws host/nothing-to-roll-back. */
  rollback(node: string, runId: string): Promise<RollbackReport>;
}

/** What is tried: one area of one node, within one run. */
export interface GuardedAttempt {
  readonly node: string;
  readonly area: string;
  /** The run under which the change keeps what it finds. */
  readonly runId: string;
}

/** Runs a guarded change so that it reverts by itself unless a new connection, made after it, confirms it. Throws host/not-confirmed when it was put back. */
export interface TryMode {
  attempt(attempt: GuardedAttempt, change: () => Promise<ApplyReport>): Promise<ApplyReport>;
}
