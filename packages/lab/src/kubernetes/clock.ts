/**
 * The cluster's sense of time. `now` is milliseconds since 1970; `setTimeout` runs `action` once after `delayMs` and
 * returns what cancels it. A virtual clock makes weeks of cluster life pass in seconds.
 */
export interface ClusterClock {
  now(): number;
  setTimeout(action: () => void, delayMs: number): () => void;
}

/** The computer's own clock. Its timers do not keep the process alive. */
export const systemClusterClock: ClusterClock = {
  now: () => Date.now(),
  setTimeout: (action, delayMs) => {
    const timer = setTimeout(action, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Time stamp as Kubernetes writes it: UTC, whole seconds. */
export function timestamp(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
}

/** Time stamp with microseconds, as Lease and Event use. */
export function microTimestamp(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 23)}000Z`;
}
