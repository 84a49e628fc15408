import { canonicalJson, jsonEqual } from '../json.ts';
import type { ClusterNode, DaemonSet, Pod } from '../kinds.ts';
import { selectsNode, tolerates } from '../scheduler/node-fit.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import { type ControlLoop, type ControllerContext, keyOf, splitKey } from './controller.ts';
import {
  countOrShare,
  isActive,
  isPodAvailable,
  isPodReady,
  podFromTemplate,
  podsControlledBy,
  templateHash,
} from './pod-factory.ts';
import { keepRevision, revisionHashLabel } from './revision-history.ts';

const component = 'daemonset-controller';

/** Tolerations that every daemon has. Source: pkg/controller/daemon/util. */
const daemonTolerations = [
  ...['not-ready', 'unreachable'].map((key) => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect: 'NoExecute',
  })),
  ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((key) => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect: 'NoSchedule',
  })),
];

/** Keeps one pod of each DaemonSet on each node that it may use. */
export class DaemonSetController implements ControlLoop {
  readonly name = component;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  keysOf({ resource, object }: StoreEvent): readonly string[] {
    if (resource === 'daemonsets.apps') return [keyOf(object)];
    if (resource === 'nodes') return this.initialKeys();
    const owner = resource === 'pods' ? object.metadata.ownerReferences?.find((item) => item.controller) : undefined;
    return owner?.kind === 'DaemonSet' ? [`${object.metadata.namespace}/${owner.name}`] : [];
  }

  initialKeys(): readonly string[] {
    return this.#context.store.list('daemonsets.apps').map(keyOf);
  }

  reconcile(key: string): number | undefined {
    const { namespace, name } = splitKey(key);
    const { api, store } = this.#context;
    const set = store.get('daemonsets.apps', namespace, name);
    if (!set?.spec || set.metadata.deletionTimestamp) return undefined;
    const hash = templateHash(canonicalJson(set.spec.template));
    keepRevision(api, set, `${name}-${hash}`, hash);
    const nodes = store.list('nodes').filter((node) => isWanted(set, node));
    const pods = podsControlledBy(api, set);
    for (const pod of pods) {
      const isOver = pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
      const isStray = !nodes.some((node) => node.metadata.name === nodeOf(pod));
      if ((isOver || isStray) && !pod.metadata.deletionTimestamp) api.remove('pods', namespace, pod.metadata.name);
    }
    for (const node of nodes) {
      if (!pods.some((pod) => nodeOf(pod) === node.metadata.name)) this.#createPod(set, node, hash);
    }
    this.#update(set, nodes.length, hash);
    this.#report(set, nodes, hash);
    return undefined;
  }

  #createPod(set: DaemonSet, node: ClusterNode, hash: string): void {
    const { api, recorder } = this.#context;
    const pod = podFromTemplate(set.spec?.template ?? {}, set, {
      generateName: `${set.metadata.name}-`,
      labels: { [revisionHashLabel]: hash },
    });
    if (!pod.spec) return;
    pod.spec.tolerations = [...(pod.spec.tolerations ?? []), ...daemonTolerations];
    const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node.metadata.name] }] };
    pod.spec.affinity = {
      ...pod.spec.affinity,
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
    };
    const created = api.create('pods', pod, { manager: 'kube-controller-manager' });
    const message = `Created pod: ${created.metadata.name}`;
    recorder.record(set, { type: 'Normal', reason: 'SuccessfulCreate', message }, component);
  }

  /** Replaces pods of an older template, as many at a time as may be missing. */
  #update(set: DaemonSet, wanted: number, hash: string): void {
    if (set.spec?.updateStrategy?.type === 'OnDelete') return;
    const { api, clock } = this.#context;
    const active = podsControlledBy(api, set).filter(isActive);
    const mayMiss = Math.max(1, countOrShare(set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable, wanted, 'up'));
    const isUp = (pod: Pod): boolean => isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, clock.now());
    let spare = mayMiss - (wanted - active.filter(isUp).length);
    const outdated = active.filter((pod) => pod.metadata.labels?.[revisionHashLabel] !== hash);
    for (const pod of outdated.toSorted((left, right) => Number(isUp(left)) - Number(isUp(right)))) {
      if (isUp(pod) && spare-- <= 0) return;
      api.remove('pods', pod.metadata.namespace ?? '', pod.metadata.name);
    }
  }

  #report(set: DaemonSet, nodes: readonly ClusterNode[], hash: string): void {
    const { api, clock } = this.#context;
    const active = podsControlledBy(api, set).filter(
      (pod) => isActive(pod) && nodes.some((node) => node.metadata.name === nodeOf(pod)),
    );
    const available = active.filter((pod) => isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, clock.now())).length;
    const updated = active.filter((pod) => pod.metadata.labels?.[revisionHashLabel] === hash).length;
    const missing = nodes.length - available;
    const status: DaemonSet['status'] = {
      currentNumberScheduled: active.length,
      desiredNumberScheduled: nodes.length,
      numberMisscheduled: 0,
      numberReady: active.filter(isPodReady).length,
      observedGeneration: set.metadata.generation ?? 0,
      ...(updated > 0 ? { updatedNumberScheduled: updated } : {}),
      ...(available > 0 ? { numberAvailable: available } : {}),
      ...(missing > 0 ? { numberUnavailable: missing } : {}),
    };
    if (jsonEqual(status, set.status)) return;
    const options = { manager: 'kube-controller-manager', subresource: 'status' as const };
    api.mutate('daemonsets.apps', set.metadata.namespace ?? '', set.metadata.name, options, (draft) => {
      draft.status = status;
    });
  }
}

function isWanted(set: DaemonSet, node: ClusterNode): boolean {
  const spec = set.spec?.template.spec;
  const tolerations = [...(spec?.tolerations ?? []), ...daemonTolerations];
  const bearable = (node.spec?.taints ?? []).every(
    (taint) => taint.effect === 'PreferNoSchedule' || tolerates(tolerations, taint),
  );
  return bearable && (spec === undefined || selectsNode({ spec }, node));
}

/** The node that a daemon's pod is for: it is named in the affinity until the pod is bound. */
function nodeOf(pod: Pod): string {
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return pod.spec?.nodeName ?? terms?.[0]?.matchFields?.[0]?.values?.[0] ?? '';
}
