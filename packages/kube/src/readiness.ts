import type { KubeObject } from '@vmstation/core';
import { isRecord, listAt, numberAt, textAt, valueAt } from './json-path.ts';

/** What one object says of its own readiness. `final`: waiting longer cannot help. */
export interface OwnReadiness {
  readonly ready: boolean;
  readonly reason: string;
  readonly final?: boolean;
}

/** What else is needed to judge a DaemonSet: its pods, and the nodes that are Ready now. */
export interface DaemonSetSurroundings {
  readonly pods: readonly KubeObject[];
  readonly readyNodes: ReadonlySet<string>;
}

/** Kinds whose readiness is waited for; every other object is ready when it exists. */
export const awaitedKinds: ReadonlySet<string> = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'PersistentVolumeClaim',
  'Pod',
  'CustomResourceDefinition',
]);

/** Judges an object by its own status. DaemonSets need their surroundings, because nodes that are asleep cannot run a pod. */
export function ownReadiness(object: KubeObject, surroundings?: DaemonSetSurroundings): OwnReadiness {
  const generation = numberAt(object, 'metadata.generation') ?? 0;
  const observed = numberAt(object, 'status.observedGeneration');
  if (['Deployment', 'StatefulSet', 'DaemonSet'].includes(object.kind) && (observed ?? -1) < generation)
    return { ready: false, reason: 'its controller has not seen the change yet' };
  switch (object.kind) {
    case 'Deployment':
      return deployment(object);
    case 'StatefulSet':
      return statefulSet(object);
    case 'DaemonSet':
      return daemonSet(object, surroundings ?? { pods: [], readyNodes: new Set() });
    case 'Job':
      return job(object);
    case 'PersistentVolumeClaim':
      return claim(object);
    case 'Pod':
      return byCondition(object, 'Ready');
    case 'CustomResourceDefinition':
      return byCondition(object, 'Established');
    default:
      return { ready: true, reason: 'exists' };
  }
}

function deployment(object: KubeObject): OwnReadiness {
  const wanted = numberAt(object, 'spec.replicas') ?? 1;
  const updated = numberAt(object, 'status.updatedReplicas') ?? 0;
  const available = numberAt(object, 'status.availableReplicas') ?? 0;
  const all = numberAt(object, 'status.replicas') ?? 0;
  const failure = conditionOf(object, 'ReplicaFailure');
  if (failure?.status === 'True') return { ready: false, reason: failure.message };
  if (updated < wanted) return { ready: false, reason: `${updated} of ${wanted} pods have the new template` };
  if (available < wanted) return { ready: false, reason: `${available} of ${wanted} pods are available` };
  if (all > updated) return { ready: false, reason: `${all - updated} old pods still stop` };
  return { ready: true, reason: `${available} of ${wanted} pods available` };
}

function statefulSet(object: KubeObject): OwnReadiness {
  const wanted = numberAt(object, 'spec.replicas') ?? 1;
  const ready = numberAt(object, 'status.readyReplicas') ?? 0;
  const updated = numberAt(object, 'status.updatedReplicas') ?? 0;
  const settled = valueAt(object, 'status.currentRevision') === valueAt(object, 'status.updateRevision');
  if (!settled && updated < wanted)
    return { ready: false, reason: `${updated} of ${wanted} pods have the new template` };
  if (ready < wanted) return { ready: false, reason: `${ready} of ${wanted} pods are ready` };
  return { ready: true, reason: `${ready} of ${wanted} pods ready` };
}

function daemonSet(object: KubeObject, { pods, readyNodes }: DaemonSetSurroundings): OwnReadiness {
  const desired = numberAt(object, 'status.desiredNumberScheduled') ?? 0;
  const updated = numberAt(object, 'status.updatedNumberScheduled') ?? 0;
  const leftOut = [...new Set(pods.map(nodeOfPod))]
    .filter((node) => node !== undefined && !readyNodes.has(node))
    .toSorted((a, b) => String(a).localeCompare(String(b)));
  const wanted = Math.max(0, desired - leftOut.length);
  const ready = pods.filter((pod) => readyNodes.has(nodeOfPod(pod) ?? '') && isPodReady(pod)).length;
  const note = leftOut.length === 0 ? '' : ` (${leftOut.join(', ')} not ready as a node, left out)`;
  if (updated < wanted) return { ready: false, reason: `${updated} of ${wanted} pods have the new template${note}` };
  if (ready < wanted) return { ready: false, reason: `${ready} of ${wanted} pods are ready${note}` };
  if (wanted === 0 && leftOut.length === 0 && readyNodes.size > 0 && desired === 0)
    return { ready: true, reason: 'no node fits it' };
  return { ready: true, reason: `${ready} of ${wanted} pods ready${note}` };
}

function job(object: KubeObject): OwnReadiness {
  const failed = conditionOf(object, 'Failed');
  if (failed?.status === 'True') return { ready: false, reason: `the job failed: ${failed.message}`, final: true };
  if (conditionOf(object, 'Complete')?.status === 'True') return { ready: true, reason: 'complete' };
  return { ready: false, reason: 'the job still runs' };
}

function claim(object: KubeObject): OwnReadiness {
  const phase = textAt(object, 'status.phase') ?? 'Pending';
  return phase === 'Bound' ? { ready: true, reason: 'bound' } : { ready: false, reason: `the claim is ${phase}` };
}

function byCondition(object: KubeObject, type: string): OwnReadiness {
  const condition = conditionOf(object, type);
  if (condition?.status === 'True') return { ready: true, reason: type };
  return { ready: false, reason: condition?.message || `it is not ${type} yet` };
}

/** A condition of an object's status. */
export function conditionOf(
  object: KubeObject,
  type: string,
): { readonly status: string; readonly reason: string; readonly message: string } | undefined {
  const condition = listAt(object, 'status.conditions').find((item) => item.type === type);
  if (condition === undefined) return undefined;
  return {
    status: textAt(condition, 'status') ?? '',
    reason: textAt(condition, 'reason') ?? '',
    message: textAt(condition, 'message') ?? '',
  };
}

/** True when the pod's Ready condition holds. */
export function isPodReady(pod: KubeObject): boolean {
  return conditionOf(pod, 'Ready')?.status === 'True' && pod.metadata.deletionTimestamp === undefined;
}

/** The node a pod runs on, or is meant for: a DaemonSet's pod names it by affinity before it is bound. */
export function nodeOfPod(pod: KubeObject): string | undefined {
  const bound = textAt(pod, 'spec.nodeName');
  if (bound !== undefined && bound !== '') return bound;
  const affinity = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution';
  const field = listAt(pod, `${affinity}.nodeSelectorTerms`).flatMap((term) =>
    Array.isArray(term.matchFields) ? term.matchFields.filter(isRecord) : [],
  )[0];
  const values = field?.values;
  return Array.isArray(values) ? String(values[0]) : undefined;
}
