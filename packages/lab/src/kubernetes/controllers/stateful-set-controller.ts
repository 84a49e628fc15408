import { canonicalJson, jsonClone, jsonEqual } from '../json.ts';
import type { Pod, StatefulSet } from '../kinds.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import { type ControlLoop, type ControllerContext, keyOf, splitKey } from './controller.ts';
import { isPodAvailable, isPodReady, podFromTemplate, podsControlledBy, templateHash } from './pod-factory.ts';
import { keepRevision, revisionHashLabel } from './revision-history.ts';

const component = 'statefulset-controller';
const write = { manager: 'kube-controller-manager' };

/** Keeps the numbered pods of each StatefulSet and their claims. */
export class StatefulSetController implements ControlLoop {
  readonly name = component;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  keysOf({ resource, object }: StoreEvent): readonly string[] {
    if (resource === 'statefulsets.apps') return [keyOf(object)];
    const owner = resource === 'pods' ? object.metadata.ownerReferences?.find((item) => item.controller) : undefined;
    return owner?.kind === 'StatefulSet' ? [`${object.metadata.namespace}/${owner.name}`] : [];
  }

  initialKeys(): readonly string[] {
    return this.#context.store.list('statefulsets.apps').map(keyOf);
  }

  reconcile(key: string): number | undefined {
    const { namespace, name } = splitKey(key);
    const { api, store } = this.#context;
    const set = store.get('statefulsets.apps', namespace, name);
    if (!set?.spec || set.metadata.deletionTimestamp) return undefined;
    const hash = `${name}-${templateHash(canonicalJson(set.spec.template))}`;
    keepRevision(api, set, hash, hash);
    this.#step(set, podsControlledBy(api, set), hash);
    this.#report(set, hash);
    return undefined;
  }

  /** One step at a time: create the next, then give up what is beyond, then replace what is outdated from the end. */
  #step(set: StatefulSet, pods: readonly Pod[], hash: string): void {
    const { api } = this.#context;
    const replicas = set.spec?.replicas ?? 1;
    const inOrder = set.spec?.podManagementPolicy !== 'Parallel';
    const nameOf = (ordinal: number): string => `${set.metadata.name}-${ordinal}`;
    for (let ordinal = 0; ordinal < replicas; ordinal++) {
      const pod = pods.find(({ metadata }) => metadata.name === nameOf(ordinal));
      if (!pod) this.#create(set, ordinal, hash);
      if (inOrder && (!pod || !isPodReady(pod) || pod.metadata.deletionTimestamp)) {
        if (pod && this.#isOutdated(pod, hash) && !pod.metadata.deletionTimestamp) break;
        return;
      }
    }
    const ordinalOf = (pod: Pod): number => Number(pod.metadata.name.slice(set.metadata.name.length + 1));
    const descending = pods.toSorted((left, right) => ordinalOf(right) - ordinalOf(left));
    const partition = set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
    const rolls = set.spec?.updateStrategy?.type !== 'OnDelete';
    for (const pod of descending) {
      if (pod.metadata.deletionTimestamp) return;
      const beyond = ordinalOf(pod) >= replicas;
      const outdated = rolls && ordinalOf(pod) >= partition && this.#isOutdated(pod, hash);
      if (!beyond && !outdated) continue;
      api.remove('pods', pod.metadata.namespace ?? '', pod.metadata.name);
      if (inOrder) return;
    }
  }

  #isOutdated(pod: Pod, hash: string): boolean {
    return pod.metadata.labels?.[revisionHashLabel] !== hash;
  }

  #create(set: StatefulSet, ordinal: number, hash: string): void {
    const { api, store, recorder } = this.#context;
    const { namespace = '', name: setName } = set.metadata;
    const name = `${setName}-${ordinal}`;
    const labels = {
      [revisionHashLabel]: hash,
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(ordinal),
    };
    const pod = podFromTemplate(set.spec?.template ?? {}, set, { name, labels });
    if (!pod.spec) return;
    pod.spec.hostname = name;
    if (set.spec?.serviceName) pod.spec.subdomain = set.spec.serviceName;
    for (const template of set.spec?.volumeClaimTemplates ?? []) {
      const claimName = `${template.metadata?.name}-${name}`;
      if (!store.get('persistentvolumeclaims', namespace, claimName)) {
        const metadata = {
          labels: set.spec?.selector.matchLabels ?? {},
          ...template.metadata,
          name: claimName,
          namespace,
        };
        const claim = {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata,
          ...(template.spec ? { spec: jsonClone(template.spec) } : {}),
        };
        api.create('persistentvolumeclaims', claim, write);
      }
      const others = (pod.spec.volumes ?? []).filter((volume) => volume.name !== template.metadata?.name);
      pod.spec.volumes = [...others, { name: template.metadata?.name ?? '', persistentVolumeClaim: { claimName } }];
    }
    api.create('pods', pod, write);
    const message = `create Pod ${name} in StatefulSet ${setName} successful`;
    recorder.record(set, { type: 'Normal', reason: 'SuccessfulCreate', message }, component);
  }

  #report(set: StatefulSet, hash: string): void {
    const { api, clock } = this.#context;
    const pods = podsControlledBy(api, set).filter(({ metadata }) => !metadata.deletionTimestamp);
    const updated = pods.filter((pod) => !this.#isOutdated(pod, hash)).length;
    const isSettled = updated === pods.length && pods.length === (set.spec?.replicas ?? 1) && pods.every(isPodReady);
    const status: StatefulSet['status'] = {
      observedGeneration: set.metadata.generation ?? 0,
      replicas: pods.length,
      readyReplicas: pods.filter(isPodReady).length,
      availableReplicas: pods.filter((pod) => isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, clock.now())).length,
      currentReplicas: isSettled ? pods.length : pods.length - updated,
      updatedReplicas: updated,
      currentRevision: isSettled ? hash : (set.status?.currentRevision ?? hash),
      updateRevision: hash,
      collisionCount: 0,
    };
    if (jsonEqual(status, set.status)) return;
    api.mutate(
      'statefulsets.apps',
      set.metadata.namespace ?? '',
      set.metadata.name,
      { ...write, subresource: 'status' },
      (draft) => {
        draft.status = status;
      },
    );
  }
}
