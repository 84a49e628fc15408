import { timestamp } from '../clock.ts';
import { jsonEqual } from '../json.ts';
import type { Pod, PodDisruptionBudget } from '../kinds.ts';
import { matchesSelector } from '../request/selectors.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import { type ControlLoop, type ControllerContext, keyOf, splitKey } from './controller.ts';
import { countOrShare, isActive, isPodReady } from './pod-factory.ts';

/** Computes how many pods each disruption budget can spare. */
export class DisruptionController implements ControlLoop {
  readonly name = 'disruption-controller';
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  keysOf({ resource, object }: StoreEvent): readonly string[] {
    if (resource === 'poddisruptionbudgets.policy') return [keyOf(object)];
    if (resource !== 'pods') return [];
    return this.#context.store.list('poddisruptionbudgets.policy', object.metadata.namespace).map(keyOf);
  }

  initialKeys(): readonly string[] {
    return this.#context.store.list('poddisruptionbudgets.policy').map(keyOf);
  }

  reconcile(key: string): number | undefined {
    const { namespace, name } = splitKey(key);
    const { api, store, clock } = this.#context;
    const budget = store.get('poddisruptionbudgets.policy', namespace, name);
    if (!budget?.spec) return undefined;
    const pods = store
      .list('pods', namespace)
      .filter((pod) => isActive(pod) && matchesSelector(budget.spec?.selector, pod.metadata.labels));
    const expected = this.#expected(pods);
    const healthy = pods.filter(isPodReady).length;
    const desired = desiredHealthy(budget, expected);
    const allowed = Math.max(0, healthy - desired);
    const before = budget.status?.conditions?.[0];
    const verdict = allowed > 0 ? 'True' : 'False';
    const status: PodDisruptionBudget['status'] = {
      currentHealthy: healthy,
      desiredHealthy: desired,
      disruptionsAllowed: allowed,
      expectedPods: expected,
      observedGeneration: budget.metadata.generation ?? 0,
      conditions: [
        {
          type: 'DisruptionAllowed',
          status: verdict,
          reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
          message: '',
          observedGeneration: budget.metadata.generation ?? 0,
          lastTransitionTime: before?.status === verdict ? before.lastTransitionTime : timestamp(clock.now()),
        },
      ],
    };
    if (jsonEqual(status, budget.status)) return undefined;
    const options = { manager: 'kube-controller-manager', subresource: 'status' as const };
    api.mutate('poddisruptionbudgets.policy', namespace, name, options, (draft) => {
      draft.status = status;
    });
    return undefined;
  }

  /** How many pods their controllers want in all; pods without one count as they are. */
  #expected(pods: readonly Pod[]): number {
    const owners = new Map<string, number>();
    let alone = 0;
    for (const pod of pods) {
      const owner = pod.metadata.ownerReferences?.find((item) => item.controller);
      const namespace = pod.metadata.namespace ?? '';
      const { store } = this.#context;
      const set =
        owner?.kind === 'ReplicaSet'
          ? store.get('replicasets.apps', namespace, owner.name)
          : owner?.kind === 'StatefulSet'
            ? store.get('statefulsets.apps', namespace, owner.name)
            : undefined;
      if (owner && set) owners.set(owner.uid, set.spec?.replicas ?? 1);
      else alone++;
    }
    return [...owners.values()].reduce((sum, count) => sum + count, alone);
  }
}

function desiredHealthy({ spec }: PodDisruptionBudget, expected: number): number {
  if (spec?.maxUnavailable !== undefined)
    return Math.max(0, expected - countOrShare(spec.maxUnavailable, expected, 'up'));
  return countOrShare(spec?.minAvailable ?? 1, expected, 'up');
}
