import { timestamp } from '../clock.ts';
import { type ControlLoop, type ControllerContext, keyOf, splitKey } from '../controllers/controller.ts';
import type { ClusterNode, PersistentVolume, PersistentVolumeClaim, Pod } from '../kinds.ts';
import { bindPod } from '../request/binding.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import { bindClaim, findVolume, storageClassOf } from './claim-binding.ts';
import { type ClusterView, clusterView, podsOn } from './cluster-view.ts';
import { refusalOf, requestsOf, volumeReaches } from './node-fit.ts';
import { neighbourRefusal } from './pod-neighbours.ts';
import { preemptionFor } from './preemption.ts';

const component = 'default-scheduler';

interface Candidate {
  readonly node: ClusterNode;
  /** Claims that wait for this choice, with the volume each would get. */
  readonly volumes: readonly [PersistentVolumeClaim, PersistentVolume][];
}

/** Gives each pod a node that can take it, or says in an event why none can. */
export class Scheduler implements ControlLoop {
  readonly name = component;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  keysOf({ type, resource, object }: StoreEvent): readonly string[] {
    if (resource === 'pods') {
      const pod = object as Pod;
      if (!pod.spec?.nodeName && type !== 'DELETED') return [keyOf(pod)];
      return type === 'DELETED' || pod.status?.phase === 'Succeeded' ? this.initialKeys() : [];
    }
    const matters = ['nodes', 'persistentvolumes', 'persistentvolumeclaims', 'storageclasses.storage.k8s.io'];
    return matters.includes(resource) ? this.initialKeys() : [];
  }

  initialKeys(): readonly string[] {
    return this.#context.store
      .list('pods')
      .filter((pod) => !pod.spec?.nodeName)
      .map(keyOf);
  }

  reconcile(key: string): number | undefined {
    const { api, store, recorder } = this.#context;
    const { namespace, name } = splitKey(key);
    const pod = store.get('pods', namespace, name);
    if (!pod?.spec || pod.spec.nodeName || pod.metadata.deletionTimestamp) return undefined;
    if (pod.spec.schedulerName !== component || pod.spec.schedulingGates?.length) return undefined;
    const problem = this.#claimProblem(pod);
    if (problem !== undefined) return this.#refuse(pod, problem);
    const view = clusterView(store);
    const reasons: string[] = [];
    const candidates: Candidate[] = [];
    for (const node of view.nodes) {
      const reason =
        refusalOf(pod, node, podsOn(view, node)) ?? neighbourRefusal(pod, node, view) ?? this.#volumeRefusal(pod, node);
      if (typeof reason === 'string') reasons.push(reason);
      else candidates.push({ node, volumes: reason ?? [] });
    }
    const chosen = this.#best(pod, candidates, view);
    if (!chosen) {
      this.#refuse(pod, summary(reasons, view.nodes.length));
      this.#preempt(pod, view);
      return undefined;
    }
    for (const [claim, volume] of chosen.volumes) bindClaim(api, claim, volume);
    const nodeName = chosen.node.metadata.name;
    bindPod(api, namespace, name, nodeName, 'kube-scheduler');
    const message = `Successfully assigned ${namespace}/${name} to ${nodeName}`;
    recorder.record(pod, { type: 'Normal', reason: 'Scheduled', message }, component);
    return undefined;
  }

  /** Makes room by ending pods of lower priority; the pod is tried again when they are gone. */
  #preempt(pod: Pod, view: ClusterView): void {
    const found = preemptionFor(pod, view, (node) => typeof this.#volumeRefusal(pod, node) !== 'string');
    if (!found) return;
    const { api, recorder } = this.#context;
    const nominatedNodeName = found.node.metadata.name;
    const { namespace = '', name, uid } = pod.metadata;
    api.mutate('pods', namespace, name, { manager: 'kube-scheduler', subresource: 'status' }, (draft) => {
      draft.status = { ...draft.status, nominatedNodeName };
    });
    for (const victim of found.victims.filter(({ metadata }) => !metadata.deletionTimestamp)) {
      const message = `Preempted by pod ${uid} on node ${nominatedNodeName}`;
      recorder.record(victim, { type: 'Normal', reason: 'Preempted', message }, component);
      api.remove('pods', victim.metadata.namespace ?? '', victim.metadata.name);
    }
  }

  #claims(pod: Pod): { readonly name: string; readonly claim: PersistentVolumeClaim | undefined }[] {
    return (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) => {
      const name = persistentVolumeClaim?.claimName;
      if (!name) return [];
      return [{ name, claim: this.#context.store.get('persistentvolumeclaims', pod.metadata.namespace ?? '', name) }];
    });
  }

  /** What keeps the pod from every node. */
  #claimProblem(pod: Pod): string | undefined {
    const total = this.#context.store.list('nodes').length;
    for (const { name, claim } of this.#claims(pod)) {
      if (!claim) return `0/${total} nodes are available: persistentvolumeclaim "${name}" not found.`;
      if (claim.spec?.volumeName && claim.status?.phase === 'Bound') continue;
      const waits = storageClassOf(this.#context.store, claim)?.volumeBindingMode === 'WaitForFirstConsumer';
      if (!waits) return `0/${total} nodes are available: pod has unbound immediate PersistentVolumeClaims.`;
    }
    return undefined;
  }

  /** The volumes that a node would give to the waiting claims, or why it cannot. */
  #volumeRefusal(pod: Pod, node: ClusterNode): string | [PersistentVolumeClaim, PersistentVolume][] {
    const found: [PersistentVolumeClaim, PersistentVolume][] = [];
    for (const { claim } of this.#claims(pod)) {
      if (!claim) continue;
      const bound = claim.spec?.volumeName
        ? this.#context.store.get('persistentvolumes', '', claim.spec.volumeName)
        : undefined;
      if (bound) {
        if (!volumeReaches(bound, node)) return "node(s) didn't match PersistentVolume's node affinity";
        continue;
      }
      const taken = found.map(([, volume]) => volume.metadata.name);
      const volume = findVolume(
        this.#context.store,
        claim,
        (item) => volumeReaches(item, node) && !taken.includes(item.metadata.name),
      );
      if (!volume) return "node(s) didn't find available persistent volumes to bind";
      found.push([claim, volume]);
    }
    return found;
  }

  /** Spreads the pods of one owner, then prefers the emptier node, then the first by name. */
  #best(pod: Pod, candidates: readonly Candidate[], view: ClusterView): Candidate | undefined {
    const owner = pod.metadata.ownerReferences?.[0]?.uid;
    const score = ({ node }: Candidate): [number, number] => {
      const present = podsOn(view, node);
      const siblings = owner ? present.filter((item) => item.metadata.ownerReferences?.[0]?.uid === owner).length : 0;
      return [siblings, present.reduce((sum, item) => sum + requestsOf(item).cpu + 0.1, 0)];
    };
    const ranked = candidates.map((candidate) => ({ candidate, score: score(candidate) }));
    ranked.sort((left, right) => left.score[0] - right.score[0] || left.score[1] - right.score[1]);
    return ranked[0]?.candidate;
  }

  #refuse(pod: Pod, message: string): undefined {
    const { api, recorder, clock } = this.#context;
    const { namespace = '', name } = pod.metadata;
    const before = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (before?.message !== message) {
      recorder.record(pod, { type: 'Warning', reason: 'FailedScheduling', message }, component);
      api.mutate('pods', namespace, name, { manager: 'kube-scheduler', subresource: 'status' }, (draft) => {
        const others = (draft.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
        const lastTransitionTime = before?.lastTransitionTime ?? timestamp(clock.now());
        const condition = {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message,
          lastTransitionTime,
        };
        draft.status = { ...draft.status, conditions: [...others, condition] };
      });
    }
    return undefined;
  }
}

function summary(reasons: readonly string[], total: number): string {
  if (total === 0) return 'no nodes available to schedule pods';
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).toSorted();
  return `0/${total} nodes are available: ${parts.join(', ')}. preemption: 0/${total} nodes are available: ${total} Preemption is not helpful for scheduling.`;
}
