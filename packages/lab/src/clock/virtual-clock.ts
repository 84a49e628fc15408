import type { Clock } from '@vmstation/core';
import { AppError } from '@vmstation/core';
import type { ClusterClock } from '../kubernetes/clock.ts';
import type { LabClock } from '../machine/machine-spec.ts';
import { type Timer, TimerQueue } from './timer-queue.ts';

/** A command of a scenario that needs longer than this by the virtual clock will never end. */
const longestWorkMs = 12 * 3_600_000;
/** Wall time that unseen work of this computer may take before a scenario is given up as stalled. */
const patienceMs = 20_000;

/**
 * One time for nodes, cluster and product, which moves only when it is told to. Timers fire in order of their due time, equal ones in order of their
 * setting; between two moments everything that can run without time runs to its end, so that no result depends on the speed of this computer.
 */
export class VirtualClock {
  readonly #timers = new TimerQueue();
  #nowMs: number;
  #held = 0;
  #driven = false;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#nowMs;
  }

  /** Time as machines see it. */
  readonly machines: LabClock = {
    now: () => this.#nowMs,
    sleep: (milliseconds) => this.#sleep(milliseconds),
  };

  /** Time as the cluster sees it. Its loops run to their end when they are called, so nothing has to be waited for between two of them. */
  readonly cluster: ClusterClock = {
    now: () => this.#nowMs,
    setTimeout: (action, delayMs) => {
      const timer = this.#timers.add(this.#dueAt(delayMs), action, false);
      return () => this.#timers.remove(timer);
    },
  };

  /** Time as the product sees it. */
  readonly product: Clock = {
    now: () => new Date(this.#nowMs),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      await this.#sleep(ms, signal);
    },
  };

  #dueAt(delayMs: number): number {
    return this.#nowMs + (delayMs > 0 ? delayMs : 0);
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms === Number.POSITIVE_INFINITY) return new Promise(() => undefined);
    return new Promise((resolve, reject) => {
      const timer = this.#timers.add(
        this.#dueAt(ms),
        () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
        true,
      );
      const abort = (): void => {
        this.#timers.remove(timer);
        // The port promises the signal's own reason, whatever it is.
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Stops time while this computer does real work (files, key pairs) whose length must not show. */
  async hold<T>(work: Promise<T>): Promise<T> {
    this.#held += 1;
    try {
      return await work;
    } finally {
      this.#held -= 1;
    }
  }

  /** Lets so much time pass, firing what falls due. */
  async advance(ms: number): Promise<void> {
    await this.#drive(async () => {
      const endMs = this.#nowMs + ms;
      await this.#settle();
      while (await this.#fireNext(endMs));
      this.#nowMs = endMs;
    });
  }

  /** Two who drive would wait for each other for ever. */
  async #drive<T>(how: () => Promise<T>): Promise<T> {
    if (this.#driven) throw new Error('the virtual clock is driven already');
    this.#driven = true;
    try {
      return await how();
    } finally {
      this.#driven = false;
    }
  }

  /** Lets time pass until the work has ended, and no longer. Throws lab/scenario-stalled when it will not end, and what the work throws. */
  async until<T>(work: Promise<T>): Promise<T> {
    return this.#drive(() => this.#driveUntil(work));
  }

  async #driveUntil<T>(work: Promise<T>): Promise<T> {
    const limitMs = this.#nowMs + longestWorkMs;
    const progress = { ended: false };
    const end = (): void => {
      progress.ended = true;
    };
    work.then(end, end);
    let stalledSince: number | undefined;
    for (;;) {
      await this.#settle();
      if (progress.ended) return work;
      if (await this.#fireNext(limitMs)) {
        stalledSince = undefined;
        continue;
      }
      stalledSince ??= performance.now();
      if (performance.now() - stalledSince > patienceMs) throw stalled();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Fires all timers of the next moment at or before `limitMs`; false when there is none. */
  async #fireNext(limitMs: number): Promise<boolean> {
    const next = this.#timers.first();
    if (next === undefined || next.dueMs > limitMs) return false;
    this.#nowMs = next.dueMs;
    let settles = false;
    for (let timer: Timer | undefined = next; timer?.dueMs === this.#nowMs; timer = this.#timers.first()) {
      this.#timers.remove(timer);
      timer.action();
      settles = timer.wakesWork;
      if (settles) break;
    }
    if (settles) await this.#settle();
    return true;
  }

  async #settle(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (this.#held > 0 || isComputerBusy());
  }
}

/** Work of this process that goes on without any timer: turns of the event loop that are due, files being read, children. */
function isComputerBusy(): boolean {
  return process.getActiveResourcesInfo().some((kind) => busyKinds.has(kind));
}

const busyKinds = new Set([
  'Immediate',
  'FSReqCallback',
  'FSReqPromise',
  'FSReqWrap',
  'ProcessWrap',
  'CloseReq',
  'FileHandleCloseReq',
]);

function stalled(): AppError {
  return new AppError({
    code: 'lab/scenario-stalled',
    kind: 'bug',
    message: 'The work of this line waits for something that no timer of the virtual clock will bring.',
    tryThis: 'Run the scenario again; if it stalls at the same line, something in it waits for real time.',
  });
}
