/** A call that is due at a moment. */
export interface Timer {
  readonly dueMs: number;
  readonly sequence: number;
  readonly action: () => void;
  /** Other work waits for it and has to run before the next timer does. */
  readonly wakesWork: boolean;
}

/** Timers in the order in which they fall due; equal moments keep the order of their setting. A binary heap with deferred removal. */
export class TimerQueue {
  readonly #heap: Timer[] = [];
  readonly #live = new Set<Timer>();
  #sequence = 0;

  add(dueMs: number, action: () => void, wakesWork: boolean): Timer {
    const timer: Timer = { dueMs, sequence: this.#sequence, action, wakesWork };
    this.#sequence += 1;
    this.#live.add(timer);
    this.#heap.push(timer);
    this.#rise(this.#heap.length - 1);
    return timer;
  }

  remove(timer: Timer): void {
    this.#live.delete(timer);
  }

  /** The timer that is due first. */
  first(): Timer | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (this.#live.has(top)) return top;
      this.#pop();
    }
    return undefined;
  }

  get size(): number {
    return this.#live.size;
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink();
  }

  #rise(from: number): void {
    const heap = this.#heap;
    let index = from;
    const timer = heap[index] as Timer;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above] as Timer;
      if (isBefore(parent, timer)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = timer;
  }

  #sink(): void {
    const heap = this.#heap;
    const timer = heap[0] as Timer;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const lesser = right < heap.length && isBefore(heap[right] as Timer, heap[left] as Timer) ? right : left;
      if (lesser >= heap.length || isBefore(timer, heap[lesser] as Timer)) break;
      heap[index] = heap[lesser] as Timer;
      index = lesser;
    }
    heap[index] = timer;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs === b.dueMs ? a.sequence < b.sequence : a.dueMs < b.dueMs;
}
