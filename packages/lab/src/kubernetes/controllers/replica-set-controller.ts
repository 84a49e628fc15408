import { jsonEqual } from '../json.ts';
import type { Pod, ReplicaSet } from '../kinds.ts';
import { matchesSelector } from '../request/selectors.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import { type ControlLoop, type ControllerContext, keyOf, splitKey } from './controller.ts';
import {
  byDispensability,
  controllerReference,
  isActive,
  isPodAvailable,
  isPodReady,
  podFromTemplate,
  podsControlledBy,
} from './pod-factory.ts';

const component = 'replicaset-controller';

/** Keeps as many pods of each ReplicaSet as it asks for. */
export class ReplicaSetController implements ControlLoop {
  readonly name = component;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  keysOf({ resource, object }: StoreEvent): readonly string[] {
    if (resource === 'replicasets.apps') return [keyOf(object)];
    if (resource !== 'pods') return [];
    const owner = object.metadata.ownerReferences?.find((item) => item.controller);
    return owner?.kind === 'ReplicaSet' ? [`${object.metadata.namespace}/${owner.name}`] : [];
  }

  initialKeys(): readonly string[] {
    return this.#context.store.list('replicasets.apps').map(keyOf);
  }

  reconcile(key: string): number | undefined {
    const { namespace, name } = splitKey(key);
    const set = this.#context.store.get('replicasets.apps', namespace, name);
    if (!set?.spec || set.metadata.deletionTimestamp) return undefined;
    this.#adopt(set);
    const active = podsControlledBy(this.#context.api, set).filter(isActive);
    const missing = (set.spec.replicas ?? 1) - active.length;
    const failure = missing > 0 ? this.#createPods(set, missing) : undefined;
    if (missing < 0) this.#deletePods(set, active, -missing);
    this.#updateStatus(set, failure);
    return failure === undefined ? this.#waitForAvailability(set) : 500;
  }

  /** Takes over matching pods that nobody controls. */
  #adopt(set: ReplicaSet): void {
    const { api, store } = this.#context;
    for (const pod of store.list('pods', set.metadata.namespace)) {
      const isOwned = pod.metadata.ownerReferences?.some((owner) => owner.controller) ?? false;
      if (isOwned || !isActive(pod) || !matchesSelector(set.spec?.selector, pod.metadata.labels)) continue;
      api.mutate(
        'pods',
        pod.metadata.namespace ?? '',
        pod.metadata.name,
        { manager: 'kube-controller-manager' },
        (draft) => {
          draft.metadata.ownerReferences = [...(draft.metadata.ownerReferences ?? []), controllerReference(set)];
        },
      );
    }
  }

  #createPods(set: ReplicaSet, count: number): string | undefined {
    const { api, recorder } = this.#context;
    for (let made = 0; made < count; made++) {
      const pod = podFromTemplate(set.spec?.template ?? {}, set, { generateName: `${set.metadata.name}-` });
      try {
        const created = api.create('pods', pod, { manager: 'kube-controller-manager' });
        const message = `Created pod: ${created.metadata.name}`;
        recorder.record(set, { type: 'Normal', reason: 'SuccessfulCreate', message }, component);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        recorder.record(set, { type: 'Warning', reason: 'FailedCreate', message: `Error creating: ${why}` }, component);
        return why;
      }
    }
    return undefined;
  }

  #deletePods(set: ReplicaSet, active: readonly Pod[], count: number): void {
    for (const { metadata } of active.toSorted(byDispensability).slice(0, count)) {
      this.#context.api.remove('pods', metadata.namespace ?? '', metadata.name);
      const message = `Deleted pod: ${metadata.name}`;
      this.#context.recorder.record(set, { type: 'Normal', reason: 'SuccessfulDelete', message }, component);
    }
  }

  #updateStatus(set: ReplicaSet, failure: string | undefined): void {
    const { api, clock } = this.#context;
    const { namespace = '', name } = set.metadata;
    const active = podsControlledBy(api, set).filter(isActive);
    const templateLabels = Object.entries(set.spec?.template?.metadata?.labels ?? {});
    const labelled = active.filter((pod) =>
      templateLabels.every(([key, value]) => pod.metadata.labels?.[key] === value),
    );
    const ready = active.filter(isPodReady).length;
    const minReady = set.spec?.minReadySeconds ?? 0;
    const available = active.filter((pod) => isPodAvailable(pod, minReady, clock.now())).length;
    const since = set.status?.conditions?.find(({ type }) => type === 'ReplicaFailure')?.lastTransitionTime;
    const status: ReplicaSet['status'] = {
      replicas: active.length,
      ...(labelled.length > 0 ? { fullyLabeledReplicas: labelled.length } : {}),
      ...(ready > 0 ? { readyReplicas: ready } : {}),
      ...(available > 0 ? { availableReplicas: available } : {}),
      observedGeneration: set.metadata.generation ?? 0,
      ...(failure === undefined
        ? {}
        : {
            conditions: [
              {
                type: 'ReplicaFailure',
                status: 'True',
                reason: 'FailedCreate',
                message: failure,
                lastTransitionTime: since ?? new Date(clock.now()).toISOString().replace(/\.\d+/u, ''),
              },
            ],
          }),
    };
    if (jsonEqual(status, set.status)) return;
    const options = { manager: 'kube-controller-manager', subresource: 'status' as const };
    api.mutate('replicasets.apps', namespace, name, options, (draft) => {
      draft.status = status;
    });
  }

  /** With `minReadySeconds`, a pod becomes available without any further event. */
  #waitForAvailability(set: ReplicaSet): number | undefined {
    const minReadyMs = (set.spec?.minReadySeconds ?? 0) * 1000;
    if (minReadyMs === 0) return undefined;
    const waits = podsControlledBy(this.#context.api, set)
      .map((pod) => pod.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True'))
      .map((ready) => (ready ? Date.parse(ready.lastTransitionTime ?? '') + minReadyMs - this.#context.clock.now() : 0))
      .filter((wait) => wait > 0);
    return waits.length === 0 ? undefined : Math.min(...waits) + 50;
  }
}
