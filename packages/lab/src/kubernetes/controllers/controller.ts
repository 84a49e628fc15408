import type { ClusterClock } from '../clock.ts';
import type { LabClusterConfig } from '../cluster-config.ts';
import type { ClusterFaults } from '../faults/cluster-faults.ts';
import type { NodeHost } from '../node-host.ts';
import type { ApiObjects } from '../registry/api-objects.ts';
import { StatusError } from '../status-error.ts';
import type { ObjectStore, StoreEvent } from '../storage/object-store.ts';
import type { EventRecorder } from './event-recorder.ts';

/** What every controller works with. */
export interface ControllerContext {
  readonly api: ApiObjects;
  readonly store: ObjectStore;
  readonly clock: ClusterClock;
  readonly config: LabClusterConfig;
  readonly recorder: EventRecorder;
  readonly faults: ClusterFaults;
  readonly nodes: NodeHost;
  /** Hears of a reconcile that failed for another reason than a refusal by the API. */
  readonly onError: (controller: string, error: unknown) => void;
}

/** A control loop: which keys a change concerns, and what to do about one. */
export interface ControlLoop {
  readonly name: string;
  /** Keys to look at after a change. */
  keysOf(event: StoreEvent): readonly string[];
  /** Keys to look at when the cluster starts. */
  initialKeys(): readonly string[];
  /** Brings one key to its desired state. Returns after how many milliseconds to look again, if at all. */
  reconcile(key: string): number | undefined;
  /** Gives the loop a way to have a key looked at for another reason than a change of an object. */
  listen?(wake: (key: string) => void): void;
}

/** A longer timer would fire at once; a loop that is asked early just waits again. */
const longestTimerMs = 2 ** 31 - 1;
const retryMs = 1000;

/** Runs control loops: each changed key once, soon, in order; again later when the loop asks or was refused. */
export class ControllerRunner {
  readonly #context: ControllerContext;
  readonly #loops: readonly ControlLoop[];
  readonly #waiting = new Map<string, () => void>();
  readonly #timers = new Map<string, () => void>();
  #unsubscribe: () => void = () => undefined;
  #cancelTurn: (() => void) | undefined;
  #running = false;

  constructor(context: ControllerContext, loops: readonly ControlLoop[]) {
    this.#context = context;
    this.#loops = loops;
  }

  start(): void {
    this.#running = true;
    this.#unsubscribe = this.#context.store.subscribe((event) => {
      for (const loop of this.#loops) for (const key of loop.keysOf(event)) this.#enqueue(loop, key);
    });
    for (const loop of this.#loops) {
      loop.listen?.((key) => this.#running && this.#enqueue(loop, key));
      for (const key of loop.initialKeys()) this.#enqueue(loop, key);
    }
  }

  stop(): void {
    this.#running = false;
    this.#unsubscribe();
    this.#cancelTurn?.();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#waiting.clear();
  }

  #enqueue(loop: ControlLoop, key: string): void {
    const id = `${loop.name} ${key}`;
    if (this.#waiting.has(id)) return;
    this.#waiting.set(id, () => this.#run(loop, key, id));
    this.#cancelTurn ??= this.#context.clock.setTimeout(() => this.#turn(), 0);
  }

  #turn(): void {
    this.#cancelTurn = undefined;
    const actions = [...this.#waiting];
    for (const [id, action] of actions) {
      this.#waiting.delete(id);
      if (this.#running) action();
    }
  }

  #run(loop: ControlLoop, key: string, id: string): void {
    let again: number | undefined;
    try {
      again = loop.reconcile(key);
    } catch (error) {
      if (!(error instanceof StatusError)) this.#context.onError(loop.name, error);
      again = retryMs;
    }
    this.#timers.get(id)?.();
    this.#timers.delete(id);
    if (again === undefined || !this.#running) return;
    const cancel = this.#context.clock.setTimeout(
      () => {
        this.#timers.delete(id);
        this.#enqueue(loop, key);
      },
      Math.min(again, longestTimerMs),
    );
    this.#timers.set(id, cancel);
  }
}

/** `namespace/name` of an object. */
export function keyOf(object: { readonly metadata: { readonly namespace?: string; readonly name: string } }): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** Splits what {@link keyOf} joined. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
