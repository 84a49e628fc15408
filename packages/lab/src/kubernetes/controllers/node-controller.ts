import { microTimestamp, timestamp } from '../clock.ts';
import type { ClusterNode, Pod } from '../kinds.ts';
import { tolerates } from '../scheduler/node-fit.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import { type ControlLoop, type ControllerContext } from './controller.ts';
import { isPodReady } from './pod-factory.ts';

const leaseNamespace = 'kube-node-lease';
const heartbeatMs = 10_000;
/** Kubespray sets `--node-monitor-grace-period=40s`. */
const graceMs = 40_000;
const lookMs = 1000;

type Condition = NonNullable<NonNullable<ClusterNode['status']>['conditions']>[number];

/** Heartbeats of the nodes that are up: their Lease, and the Ready condition when it is not theirs yet. */
export class NodeHeartbeat implements ControlLoop {
  readonly name = 'kubelet-heartbeat';
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  keysOf({ type, resource, object }: StoreEvent): readonly string[] {
    return resource === 'nodes' && type === 'ADDED' ? [object.metadata.name] : [];
  }

  initialKeys(): readonly string[] {
    return this.#context.store.list('nodes').map(({ metadata }) => metadata.name);
  }

  reconcile(name: string): number | undefined {
    const { api, store, nodes, clock, recorder } = this.#context;
    const node = store.get('nodes', '', name);
    if (!node) return undefined;
    const restMs = nodes.onUpChange === undefined ? lookMs : heartbeatMs;
    if (!nodes.isUp(name)) return restMs;
    const nowMs = clock.now();
    this.#offerCapacity(node);
    const lease = store.get('leases.coordination.k8s.io', leaseNamespace, name);
    const renewed = Date.parse(lease?.spec?.renewTime ?? '');
    const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status !== 'True') {
      api.mutate('nodes', '', name, { manager: 'kubelet', subresource: 'status' }, (draft) => {
        draft.status = { ...draft.status, conditions: healthyConditions(draft, timestamp(nowMs)) };
      });
      recorder.record(
        node,
        { type: 'Normal', reason: 'NodeReady', message: `Node ${name} status is now: NodeReady` },
        'kubelet',
        name,
      );
    }
    if (lease && nowMs - renewed < heartbeatMs) return Math.min(restMs, heartbeatMs - (nowMs - renewed));
    const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTimestamp(nowMs) };
    if (lease) {
      api.renewLease(lease, spec);
    } else if (store.get('namespaces', '', leaseNamespace)) {
      const metadata = { name, namespace: leaseNamespace };
      api.create(
        'leases.coordination.k8s.io',
        { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec },
        { manager: 'kubelet' },
      );
    }
    return restMs;
  }

  listen(wake: (key: string) => void): void {
    this.#context.nodes.onUpChange?.(wake);
    this.#context.faults.subscribe(() => this.initialKeys().forEach((name) => wake(name)));
  }

  /** What a node reserves for itself shrinks what it offers: all of its capacity, or what a fault leaves. */
  #offerCapacity(node: ClusterNode): void {
    const { api, faults } = this.#context;
    const { name } = node.metadata;
    const shrunk = faults.list().find((fault) => fault.kind === 'no-capacity' && fault.node === name);
    const left: Record<string, string> =
      shrunk?.kind === 'no-capacity' ? { cpu: shrunk.cpu, memory: shrunk.memory } : {};
    const allocatable = { ...node.status?.capacity, ...left };
    if (sameQuantities(node.status?.allocatable, allocatable)) return;
    api.mutate('nodes', '', name, { manager: 'kubelet', subresource: 'status' }, (draft) => {
      draft.status = { ...draft.status, allocatable };
    });
  }
}

function sameQuantities(a: Record<string, string> | undefined, b: Record<string, string>): boolean {
  return Object.entries(b).every(([name, quantity]) => a?.[name] === quantity);
}

function healthyConditions(node: ClusterNode, now: string): Condition[] {
  const of = (type: string, status: string, reason: string, message: string): Condition => {
    const before = node.status?.conditions?.find((item) => item.type === type);
    const lastTransitionTime = before?.status === status ? (before.lastTransitionTime ?? now) : now;
    return { type, status, reason, message, lastHeartbeatTime: now, lastTransitionTime };
  };
  return [
    of('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    of('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    of('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    of('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
  ];
}

const unreachable = 'node.kubernetes.io/unreachable';
const notReady = 'node.kubernetes.io/not-ready';
const unschedulable = 'node.kubernetes.io/unschedulable';

/** Notices nodes that stopped their heartbeat: NotReady after 40 s, tainted, their pods not ready and later given up. */
export class NodeLifecycleController implements ControlLoop {
  readonly name = 'node-controller';
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  keysOf({ resource, object }: StoreEvent): readonly string[] {
    return resource === 'nodes' || resource === 'leases.coordination.k8s.io' ? [object.metadata.name] : [];
  }

  initialKeys(): readonly string[] {
    return this.#context.store.list('nodes').map(({ metadata }) => metadata.name);
  }

  reconcile(name: string): number | undefined {
    const { store, clock } = this.#context;
    const node = store.get('nodes', '', name);
    if (!node) {
      this.#collectPods(name);
      return undefined;
    }
    this.#taintCordoned(node);
    const renewed = store.get('leases.coordination.k8s.io', leaseNamespace, name)?.spec?.renewTime;
    const seenMs = Date.parse(renewed ?? node.metadata.creationTimestamp ?? '');
    const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
    const isLost = clock.now() - seenMs > graceMs;
    if (isLost && ready?.status !== 'Unknown') this.#lose(node);
    this.#taint(name, ready?.status === 'True' && !isLost ? [] : isLost ? [unreachable] : [notReady]);
    if (isLost) return this.#evictPods(name);
    return Math.max(500, seenMs + graceMs - clock.now() + 100);
  }

  /** A cordoned node carries a taint that says so. */
  #taintCordoned(node: ClusterNode): void {
    const isTainted = node.spec?.taints?.some(({ key }) => key === unschedulable) ?? false;
    const isCordoned = node.spec?.unschedulable === true;
    if (isTainted === isCordoned) return;
    const taint = { key: unschedulable, effect: 'NoSchedule', timeAdded: timestamp(this.#context.clock.now()) };
    this.#context.api.mutate('nodes', '', node.metadata.name, { manager: 'kube-controller-manager' }, (draft) => {
      const others = (draft.spec?.taints ?? []).filter(({ key }) => key !== unschedulable);
      const taints = isCordoned ? [...others, taint] : others;
      draft.spec = { ...draft.spec };
      if (taints.length > 0) draft.spec.taints = taints;
      else delete draft.spec.taints;
    });
  }

  #lose(node: ClusterNode): void {
    const { api, recorder, clock, store } = this.#context;
    const { name } = node.metadata;
    const now = timestamp(clock.now());
    api.mutate('nodes', '', name, { manager: 'kube-controller-manager', subresource: 'status' }, (draft) => {
      const conditions = (draft.status?.conditions ?? []).map((item) => ({
        ...item,
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime: item.status === 'Unknown' ? (item.lastTransitionTime ?? now) : now,
      }));
      draft.status = { ...draft.status, conditions };
    });
    const message = `Node ${name} status is now: NodeNotReady`;
    recorder.record(node, { type: 'Normal', reason: 'NodeNotReady', message }, 'node-controller');
    for (const pod of store.list('pods').filter((item) => item.spec?.nodeName === name && isPodReady(item))) {
      const { namespace = '', name: podName } = pod.metadata;
      api.mutate('pods', namespace, podName, { manager: 'kube-controller-manager', subresource: 'status' }, (draft) => {
        const conditions = (draft.status?.conditions ?? []).map((item) =>
          item.type === 'Ready' ? { ...item, status: 'False', lastTransitionTime: now } : item,
        );
        draft.status = { ...draft.status, conditions };
      });
      recorder.record(
        pod,
        { type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready' },
        'node-controller',
      );
    }
  }

  #taint(name: string, keys: readonly string[]): void {
    const found = this.#context.store.get('nodes', '', name)?.spec?.taints ?? [];
    const ours = found.filter(({ key }) => key === unreachable || key === notReady);
    // Asked at every heartbeat, and hardly ever is there something to change.
    if (ours.length === 2 * keys.length && ours.every(({ key }) => keys.includes(key ?? ''))) return;
    this.#context.api.mutate('nodes', '', name, { manager: 'kube-controller-manager' }, (draft) => {
      const present = draft.spec?.taints ?? [];
      const others = present.filter(({ key }) => key !== unreachable && key !== notReady);
      const wanted = keys.flatMap((key) =>
        (['NoSchedule', 'NoExecute'] as const).map(
          (effect) =>
            present.find((taint) => taint.key === key && taint.effect === effect) ?? {
              key,
              effect,
              timeAdded: timestamp(this.#context.clock.now()),
            },
        ),
      );
      const taints = [...others, ...wanted];
      draft.spec = { ...draft.spec };
      if (taints.length > 0) draft.spec.taints = taints;
      else delete draft.spec.taints;
    });
  }

  /** Gives up the pods of a lost node once their toleration runs out. */
  #evictPods(name: string): number {
    const { api, store, clock } = this.#context;
    const taint = store
      .get('nodes', '', name)
      ?.spec?.taints?.find((item) => item.key === unreachable && item.effect === 'NoExecute');
    if (!taint) return lookMs;
    for (const pod of store
      .list('pods')
      .filter((item) => item.spec?.nodeName === name && !item.metadata.deletionTimestamp)) {
      const since = Date.parse(taint.timeAdded ?? '');
      if (since + tolerationMs(pod, taint) > clock.now()) continue;
      api.remove('pods', pod.metadata.namespace ?? '', pod.metadata.name);
    }
    return 5000;
  }

  #collectPods(node: string): void {
    const { api, store } = this.#context;
    for (const pod of store.list('pods').filter((item) => item.spec?.nodeName === node)) {
      api.remove('pods', pod.metadata.namespace ?? '', pod.metadata.name, { gracePeriodSeconds: 0 });
    }
  }
}

function tolerationMs(pod: Pod, taint: { readonly key: string; readonly effect: string }): number {
  const matching = (pod.spec?.tolerations ?? []).filter((item) => tolerates([item], taint));
  if (matching.length === 0) return 0;
  const limits = matching.map((item) => item.tolerationSeconds ?? Infinity);
  return Math.min(...limits) * 1000;
}
