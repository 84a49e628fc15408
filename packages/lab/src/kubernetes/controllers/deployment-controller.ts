import { timestamp } from '../clock.ts';
import { canonicalJson, jsonClone, jsonEqual } from '../json.ts';
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../kinds.ts';
import { matchesSelector } from '../request/selectors.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import { type ControlLoop, type ControllerContext, keyOf, splitKey } from './controller.ts';
import { deploymentStatus } from './deployment-status.ts';
import { controllerReference, countOrShare, isControlledBy, podsControlledBy, templateHash } from './pod-factory.ts';

const component = 'deployment-controller';
const hashLabel = 'pod-template-hash';
const revisionKey = 'deployment.kubernetes.io/revision';
const historyKey = 'deployment.kubernetes.io/revision-history';
const write = { manager: 'kube-controller-manager' };

/** Rolls each Deployment out through ReplicaSets. Source: pkg/controller/deployment. */
export class DeploymentController implements ControlLoop {
  readonly name = component;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  keysOf({ type, resource, object }: StoreEvent): readonly string[] {
    if (resource === 'deployments.apps') return [keyOf(object)];
    if (resource === 'pods') return type === 'DELETED' ? this.#waitsForEndOf(object) : [];
    if (resource === 'replicasets.apps') {
      const owner = object.metadata.ownerReferences?.find((item) => item.controller && item.kind === 'Deployment');
      return owner ? [`${object.metadata.namespace}/${owner.name}`] : [];
    }
    return [];
  }

  /** A Deployment that recreates starts its new pods when the last old one is gone, which no ReplicaSet's status tells. */
  #waitsForEndOf({ metadata }: StoreEvent['object']): readonly string[] {
    const { namespace = '' } = metadata;
    const setName = metadata.ownerReferences?.find((item) => item.controller && item.kind === 'ReplicaSet')?.name;
    const set = setName === undefined ? undefined : this.#context.store.get('replicasets.apps', namespace, setName);
    const owner = set?.metadata.ownerReferences?.find((item) => item.controller && item.kind === 'Deployment')?.name;
    if (owner === undefined) return [];
    const deployment = this.#context.store.get('deployments.apps', namespace, owner);
    return deployment?.spec?.strategy?.type === 'Recreate' ? [keyOf(deployment)] : [];
  }

  initialKeys(): readonly string[] {
    return this.#context.store.list('deployments.apps').map(keyOf);
  }

  reconcile(key: string): number | undefined {
    const { namespace, name } = splitKey(key);
    const deployment = this.#context.store.get('deployments.apps', namespace, name);
    if (!deployment?.spec || deployment.metadata.deletionTimestamp) return undefined;
    this.#adopt(deployment);
    const current = this.#currentSet(deployment) ?? (deployment.spec.paused ? undefined : this.#createSet(deployment));
    if (current && !deployment.spec.paused) {
      this.#numberRevision(deployment, current);
      if (deployment.spec.strategy?.type === 'Recreate') this.#recreate(deployment, current);
      else this.#roll(deployment, current);
      this.#forgetOldSets(deployment, current);
    } else if (current) this.#scale(deployment, this.#fresh(current), deployment.spec.replicas ?? 1);
    return this.#updateStatus(deployment, current);
  }

  /** Takes over matching ReplicaSets that nobody controls: those of a Deployment that was deleted without its dependents. */
  #adopt(deployment: Deployment): void {
    const { api, store } = this.#context;
    for (const { metadata } of store.list('replicasets.apps', deployment.metadata.namespace)) {
      const isOwned = metadata.ownerReferences?.some((owner) => owner.controller) ?? false;
      if (isOwned || metadata.deletionTimestamp) continue;
      if (!matchesSelector(deployment.spec?.selector, metadata.labels)) continue;
      api.mutate('replicasets.apps', metadata.namespace ?? '', metadata.name, write, (draft) => {
        draft.metadata.ownerReferences = [...(draft.metadata.ownerReferences ?? []), controllerReference(deployment)];
      });
    }
  }

  #sets(deployment: Deployment): ReplicaSet[] {
    return this.#context.store
      .list('replicasets.apps', deployment.metadata.namespace)
      .filter((set) => isControlledBy(set, deployment) && !set.metadata.deletionTimestamp);
  }

  #fresh(set: ReplicaSet): ReplicaSet {
    return this.#context.store.get('replicasets.apps', set.metadata.namespace ?? '', set.metadata.name) ?? set;
  }

  #currentSet(deployment: Deployment): ReplicaSet | undefined {
    const wanted = deployment.spec?.template;
    return this.#sets(deployment).find((set) => jsonEqual(plainTemplate(set.spec?.template), wanted));
  }

  #createSet(deployment: Deployment): ReplicaSet {
    const { api } = this.#context;
    const template = jsonClone(deployment.spec?.template ?? {});
    const hash = templateHash(canonicalJson(template) + String(deployment.status?.collisionCount ?? ''));
    const labels = { ...template.metadata?.labels, [hashLabel]: hash };
    template.metadata = { ...template.metadata, labels };
    const selector = deployment.spec?.selector ?? {};
    const set: ReplicaSet = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${deployment.metadata.name}-${hash}`,
        namespace: deployment.metadata.namespace ?? '',
        labels,
        annotations: setAnnotations(deployment),
        ownerReferences: [controllerReference(deployment)],
      },
      spec: {
        replicas: 0,
        minReadySeconds: deployment.spec?.minReadySeconds ?? 0,
        selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
        template,
      },
    };
    return api.create('replicasets.apps', set, write);
  }

  /** The newest template has the highest revision number, on its ReplicaSet and on the Deployment. */
  #numberRevision(deployment: Deployment, current: ReplicaSet): void {
    const { api } = this.#context;
    const numbers = this.#sets(deployment)
      .filter(({ metadata }) => metadata.uid !== current.metadata.uid)
      .map(({ metadata }) => Number(metadata.annotations?.[revisionKey] ?? 0));
    const highest = Math.max(0, ...numbers);
    const own = Number(current.metadata.annotations?.[revisionKey] ?? 0);
    const revision = String(own > highest ? own : highest + 1);
    const before = current.metadata.annotations?.[revisionKey];
    const past = current.metadata.annotations?.[historyKey];
    const isBack = before !== undefined && before !== revision;
    const { namespace = '', name } = deployment.metadata;
    api.mutate('replicasets.apps', namespace, current.metadata.name, write, (draft) => {
      draft.metadata.annotations = {
        ...draft.metadata.annotations,
        ...setAnnotations(deployment),
        [revisionKey]: revision,
        ...(isBack ? { [historyKey]: past === undefined ? before : `${past},${before}` } : {}),
      };
      if (draft.spec) draft.spec.minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
    });
    api.mutate('deployments.apps', namespace, name, write, (draft) => {
      draft.metadata.annotations = { ...draft.metadata.annotations, [revisionKey]: revision };
    });
  }

  #recreate(deployment: Deployment, current: ReplicaSet): void {
    const old = this.#sets(deployment).filter(({ metadata }) => metadata.uid !== current.metadata.uid);
    for (const set of old) this.#scale(deployment, set, 0);
    const remain = old.some((set) => podsControlledBy(this.#context.api, set).length > 0);
    if (!remain) this.#scale(deployment, this.#fresh(current), deployment.spec?.replicas ?? 1);
  }

  #roll(deployment: Deployment, current: ReplicaSet): void {
    const replicas = deployment.spec?.replicas ?? 1;
    const { maxSurge, maxUnavailable } = deployment.spec?.strategy?.rollingUpdate ?? {};
    const surge = countOrShare(maxSurge, replicas, 'up');
    const mayMiss = Math.min(replicas, countOrShare(maxUnavailable, replicas, 'down') || (surge === 0 ? 1 : 0));
    const old = this.#sets(deployment).filter(({ metadata }) => metadata.uid !== current.metadata.uid);
    const oldTotal = sum(old, (set) => set.spec?.replicas ?? 0);
    const present = this.#fresh(current).spec?.replicas ?? 0;
    if (present > replicas || oldTotal === 0) this.#scale(deployment, this.#fresh(current), replicas);
    else if (present < replicas) {
      const room = replicas + surge - (oldTotal + present);
      if (room > 0) this.#scale(deployment, this.#fresh(current), present + Math.min(room, replicas - present));
    }
    this.#scaleDownOld(deployment, current, old, replicas - mayMiss);
  }

  #scaleDownOld(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[], leastAvailable: number): void {
    const now = this.#fresh(current);
    const total = sum(old, (set) => set.spec?.replicas ?? 0) + (now.spec?.replicas ?? 0);
    const newMissing = (now.spec?.replicas ?? 0) - (now.status?.availableReplicas ?? 0);
    let spare = total - leastAvailable - newMissing;
    for (const set of old.toSorted(byAge)) {
      const count = set.spec?.replicas ?? 0;
      const unhealthy = Math.min(spare, count - (set.status?.availableReplicas ?? 0));
      if (count === 0 || unhealthy <= 0) continue;
      this.#scale(deployment, set, count - unhealthy);
      spare -= unhealthy;
    }
    const fresh = old.map((set) => this.#fresh(set));
    const available = sum([...fresh, now], (set) =>
      Math.min(set.status?.availableReplicas ?? 0, set.spec?.replicas ?? 0),
    );
    let droppable = Math.min(spare, available - leastAvailable);
    for (const set of fresh.toSorted(byAge)) {
      const count = Math.min(droppable, set.spec?.replicas ?? 0);
      if (count <= 0) continue;
      this.#scale(deployment, set, (set.spec?.replicas ?? 0) - count);
      droppable -= count;
    }
  }

  #scale(deployment: Deployment, set: ReplicaSet, replicas: number): void {
    const before = set.spec?.replicas ?? 0;
    if (before === replicas) return;
    const { namespace = '', name } = set.metadata;
    this.#context.api.mutate('replicasets.apps', namespace, name, write, (draft) => {
      if (draft.spec) draft.spec.replicas = replicas;
      draft.metadata.annotations = { ...draft.metadata.annotations, ...setAnnotations(deployment) };
    });
    const direction = replicas > before ? 'up' : 'down';
    const message = `Scaled ${direction} replica set ${name} from ${before} to ${replicas}`;
    this.#context.recorder.record(deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message }, component);
  }

  #forgetOldSets(deployment: Deployment, current: ReplicaSet): void {
    const empty = this.#sets(deployment)
      .filter((set) => set.metadata.uid !== current.metadata.uid && set.spec?.replicas === 0 && !set.status?.replicas)
      .toSorted(byRevision);
    const surplus = empty.length - (deployment.spec?.revisionHistoryLimit ?? 10);
    for (const { metadata } of empty.slice(0, Math.max(0, surplus))) {
      this.#context.api.remove('replicasets.apps', metadata.namespace ?? '', metadata.name);
    }
  }

  #updateStatus(deployment: Deployment, current: ReplicaSet | undefined): number | undefined {
    const { api, clock } = this.#context;
    const nowMs = clock.now();
    const fresh = current ? this.#fresh(current) : undefined;
    const status = deploymentStatus(deployment, fresh, this.#sets(deployment), timestamp(nowMs), nowMs);
    const { namespace = '', name } = deployment.metadata;
    api.mutate('deployments.apps', namespace, name, { ...write, subresource: 'status' }, (draft) => {
      draft.status = status;
    });
    const progressing = status.conditions?.find(({ type }) => type === 'Progressing');
    if (progressing?.status !== 'True' || progressing.reason === 'NewReplicaSetAvailable') return undefined;
    const deadline =
      Date.parse(progressing.lastUpdateTime ?? '') + (deployment.spec?.progressDeadlineSeconds ?? 600) * 1000;
    return Math.max(1000, deadline - nowMs + 1000);
  }
}

function setAnnotations({ spec, metadata }: Deployment): Record<string, string> {
  const replicas = spec?.replicas ?? 1;
  const surge =
    spec?.strategy?.type === 'Recreate' ? 0 : countOrShare(spec?.strategy?.rollingUpdate?.maxSurge, replicas, 'up');
  const cause = metadata.annotations?.['kubernetes.io/change-cause'];
  return {
    'deployment.kubernetes.io/desired-replicas': String(replicas),
    'deployment.kubernetes.io/max-replicas': String(replicas + surge),
    ...(cause ? { 'kubernetes.io/change-cause': cause } : {}),
  };
}

/** The template as the Deployment has it: without the hash that tells ReplicaSets apart. */
function plainTemplate(template: PodTemplateSpec | undefined): PodTemplateSpec | undefined {
  if (!template) return undefined;
  const { [hashLabel]: _hash, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

function sum(sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number {
  return sets.reduce((total, set) => total + count(set), 0);
}

function byAge(left: ReplicaSet, right: ReplicaSet): number {
  return (left.metadata.creationTimestamp ?? '').localeCompare(right.metadata.creationTimestamp ?? '');
}

function byRevision(left: ReplicaSet, right: ReplicaSet): number {
  return Number(left.metadata.annotations?.[revisionKey] ?? 0) - Number(right.metadata.annotations?.[revisionKey] ?? 0);
}
