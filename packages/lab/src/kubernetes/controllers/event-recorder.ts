import { timestamp } from '../clock.ts';
import type { KubeObject } from '../kinds.ts';
import type { ApiObjects } from '../registry/api-objects.ts';
import { StatusError } from '../status-error.ts';

/** What an event tells. */
export interface EventReport {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** Part of the object, such as `spec.containers{web}`. */
  readonly fieldPath?: string;
}

/** Writes Events; one that repeats within ten minutes only counts up, as the client library's correlator does. */
export class EventRecorder {
  readonly #api: ApiObjects;
  readonly #known = new Map<string, { readonly name: string; readonly untilMs: number }>();

  #lastInstant = 0n;

  constructor(api: ApiObjects) {
    this.#api = api;
  }

  /** Records that `component` (on `host`) saw something about an object. */
  record(object: KubeObject, report: EventReport, component: string, host = ''): void {
    const namespace = object.metadata.namespace ?? 'default';
    const parts = [object.metadata.uid, report.type, report.reason, report.message, report.fieldPath, component, host];
    const signature = parts.join('\u0000');
    const nowMs = this.#api.clock.now();
    const known = this.#known.get(signature);
    if (known && known.untilMs > nowMs && this.#countUp(namespace, known.name, component)) return;
    const name = this.#create(object, namespace, report, component, host);
    if (name === undefined) return;
    if (this.#known.size > 2000) this.#forget(nowMs);
    this.#known.set(signature, { name, untilMs: nowMs + 10 * 60_000 });
  }

  #countUp(namespace: string, name: string, manager: string): boolean {
    const counted = this.#api.mutate('events', namespace, name, { manager }, (draft) => {
      draft.count = (draft.count ?? 1) + 1;
      draft.lastTimestamp = timestamp(this.#api.clock.now());
    });
    return counted !== undefined;
  }

  /** Nanoseconds since 1970, each instant once: events are named by it, so that a list has them in the order in which they came. */
  #nextInstant(): bigint {
    const now = BigInt(Math.round(this.#api.clock.now())) * 1_000_000n;
    this.#lastInstant = now > this.#lastInstant ? now : this.#lastInstant + 1n;
    return this.#lastInstant;
  }

  #create(
    object: KubeObject,
    namespace: string,
    report: EventReport,
    component: string,
    host: string,
  ): string | undefined {
    const now = timestamp(this.#api.clock.now());
    const name = `${object.metadata.name}.${this.#nextInstant().toString(16)}`;
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: {
        apiVersion: object.apiVersion,
        kind: object.kind,
        name: object.metadata.name,
        ...(object.metadata.namespace ? { namespace: object.metadata.namespace } : {}),
        uid: object.metadata.uid ?? '',
        resourceVersion: object.metadata.resourceVersion ?? '',
        ...(report.fieldPath ? { fieldPath: report.fieldPath } : {}),
      },
      reason: report.reason,
      message: report.message,
      type: report.type,
      source: { component, ...(host ? { host } : {}) },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      reportingComponent: component,
      reportingInstance: host,
    };
    try {
      this.#api.create('events', event, { manager: component });
      return name;
    } catch (error) {
      if (error instanceof StatusError && error.code < 500) return undefined;
      throw error;
    }
  }

  #forget(nowMs: number): void {
    for (const [signature, { untilMs }] of this.#known) if (untilMs <= nowMs) this.#known.delete(signature);
  }
}
