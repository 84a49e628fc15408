/** Time, injected: the lab runs weeks in seconds with its own. */
export interface Clock {
  now(): Date;
  /** Resolves after the time, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Ids and randomness, injected. */
export interface Ids {
  /** A sortable id for a run or a plan, for example `20261123-091500-k3f9`. */
  runId(): string;
  /** Hex text of so many random bytes. */
  nonce(bytes: number): string;
}
