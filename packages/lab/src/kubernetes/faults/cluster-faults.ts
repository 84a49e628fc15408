/** Something that goes wrong on request. Matching is by part of the image's name or by the start of a pod's name. */
export type ClusterFault =
  | { readonly kind: 'api-down' }
  | { readonly kind: 'api-slow'; readonly delayMs: number }
  | { readonly kind: 'api-conflicts'; readonly resource?: string; readonly times?: number }
  | { readonly kind: 'api-throttled'; readonly retryAfterSeconds?: number; readonly times?: number }
  | { readonly kind: 'api-errors'; readonly times?: number }
  | { readonly kind: 'api-drops-watches'; readonly afterMs: number }
  | { readonly kind: 'no-capacity'; readonly node: string; readonly cpu: string; readonly memory: string }
  | { readonly kind: 'image-pull'; readonly image: string; readonly message?: string }
  | {
      readonly kind: 'crash-loop';
      readonly image?: string;
      readonly podPrefix?: string;
      readonly exitCode?: number;
      readonly log?: string;
    };

type FaultOf<Kind extends ClusterFault['kind']> = Extract<ClusterFault, { kind: Kind }>;

interface ActiveFault {
  readonly id: number;
  readonly fault: ClusterFault;
  timesLeft: number;
}

/** The faults that are switched on. Every part of the cluster that can fail on request asks here, and only here. */
export class ClusterFaults {
  #active: ActiveFault[] = [];
  #nextId = 1;
  readonly #listeners = new Set<() => void>();

  /** Switches a fault on; returns what switches it off again. */
  inject(fault: ClusterFault): () => void {
    const id = this.#nextId++;
    this.#active.push({ id, fault, timesLeft: 'times' in fault && fault.times !== undefined ? fault.times : Infinity });
    this.#changed();
    return () => {
      this.#active = this.#active.filter((item) => item.id !== id);
      this.#changed();
    };
  }

  /** Switches off every fault, or those of one kind. */
  clear(kind?: ClusterFault['kind']): void {
    this.#active = kind === undefined ? [] : this.#active.filter((item) => item.fault.kind !== kind);
    this.#changed();
  }

  /** The faults that are on, oldest first. */
  list(): ClusterFault[] {
    return this.#active.map((item) => item.fault);
  }

  /** The first active fault of a kind that satisfies `matches`. Counts one use of a fault that is limited in times. */
  take<Kind extends ClusterFault['kind']>(
    kind: Kind,
    matches: (fault: FaultOf<Kind>) => boolean = () => true,
  ): FaultOf<Kind> | undefined {
    const found = this.#active.find((item) => item.fault.kind === kind && matches(item.fault as FaultOf<Kind>));
    if (!found) return undefined;
    found.timesLeft--;
    if (found.timesLeft <= 0) {
      this.#active = this.#active.filter((item) => item !== found);
      this.#changed();
    }
    return found.fault as FaultOf<Kind>;
  }

  /** Hears of every change of the active faults; returns what ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
