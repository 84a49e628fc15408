/** Part of an object that a write may touch. */
export type Subresource = '' | 'status' | 'scale' | 'eviction' | 'binding' | 'finalize' | 'resize';

/** How a write is made. */
export interface WriteOptions {
  /** Field manager that owns what is written. */
  readonly manager: string;
  readonly subresource?: Subresource;
  /** Do everything but store. */
  readonly dryRun?: boolean;
}

/** How a deletion is made, from `DeleteOptions`. */
export interface DeleteRequest {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: boolean;
}

/** Writes that changed something, by resource: what a test compares to prove that nothing was changed. */
export interface WriteCounters {
  /** By clients over HTTP. */
  readonly client: Record<string, number>;
  /** By the cluster's own controllers, scheduler and kubelets. */
  readonly internal: Record<string, number>;
}
