import type { KubeObject } from '@vmstation/core';
import { listAt, numberAt, textAt, valueAt } from './json-path.ts';
import { conditionOf, isPodReady, nodeOfPod } from './readiness.ts';

/** What is known around a workload that is not ready. */
export interface Surroundings {
  readonly pods: readonly KubeObject[];
  /** Events of the namespace. */
  readonly events: readonly KubeObject[];
  readonly readyNodes: ReadonlySet<string>;
}

/** Event reasons that explain why a pod does not start; the rest is noise or repeats a container's state. */
const tellingEvents = new Set([
  'FailedScheduling',
  'FailedMount',
  'FailedAttachVolume',
  'FailedCreate',
  'FailedCreatePodSandBox',
  'FailedBinding',
  'ProvisioningFailed',
  'Unhealthy',
  'Failed',
]);
/** Container states that every healthy start passes through. */
const ordinary = new Set(['ContainerCreating', 'PodInitializing']);

/**
 * Why a workload is not ready, in the cluster's own words: a container's state, a scheduling condition, or the newest telling
 * event of its pods or itself; undefined when the cluster tells nothing.
 */
export function waitingReason(workload: KubeObject, { pods, events, readyNodes }: Surroundings): string | undefined {
  const waiting = pods.filter((pod) => !isPodReady(pod) && readyNodes.has(nodeOfPod(pod) ?? [...readyNodes][0] ?? ''));
  for (const pod of waiting) {
    const reason = containerReason(pod) ?? schedulingReason(pod) ?? eventReason(events, pod.metadata.name);
    if (reason !== undefined) return `pod ${pod.metadata.name}: ${reason}`;
  }
  const owners = [workload.metadata.name, ...pods.map((pod) => pod.metadata.name)];
  const replicaSet = (name: string) => name.startsWith(`${workload.metadata.name}-`) && !owners.includes(name);
  const own = eventReason(events, workload.metadata.name) ?? eventReason(events, replicaSet);
  if (own !== undefined) return own;
  const pending = waiting[0];
  return pending === undefined ? undefined : `pod ${pending.metadata.name}: ${ordinaryReason(pending)}`;
}

function containerReason(pod: KubeObject): string | undefined {
  const statuses = [...listAt(pod, 'status.initContainerStatuses'), ...listAt(pod, 'status.containerStatuses')];
  for (const status of statuses) {
    const name = textAt(status, 'name') ?? '';
    const waiting = textAt(status, 'state.waiting.reason') ?? '';
    if (waiting !== '' && !ordinary.has(waiting)) {
      const message = textAt(status, 'state.waiting.message') ?? '';
      return [`container ${name} ${waiting}`, message, lastExit(status)].filter((part) => part !== '').join(': ');
    }
    const exit = numberAt(status, 'state.terminated.exitCode') ?? 0;
    if (exit !== 0) return `container ${name} ended with exit code ${exit}`;
  }
  return undefined;
}

function lastExit(status: Record<string, unknown>): string {
  const exit = numberAt(status, 'lastState.terminated.exitCode');
  const message = textAt(status, 'lastState.terminated.message') ?? '';
  if (exit === undefined) return '';
  return `last exit code ${exit}${message === '' ? '' : ` (${message.trim()})`}`;
}

function schedulingReason(pod: KubeObject): string | undefined {
  const scheduled = conditionOf(pod, 'PodScheduled');
  return scheduled?.status === 'False' ? `not scheduled: ${scheduled.message || scheduled.reason}` : undefined;
}

function eventReason(
  events: readonly KubeObject[],
  involved: string | ((name: string) => boolean),
): string | undefined {
  const concerns = (name: string) => (typeof involved === 'string' ? name === involved : involved(name));
  const telling = events
    .filter((event) => concerns(textAt(event, 'involvedObject.name') ?? ''))
    .filter((event) => valueAt(event, 'type') === 'Warning' && tellingEvents.has(textAt(event, 'reason') ?? ''))
    .sort((a, b) => eventTime(a) - eventTime(b))
    .at(-1);
  return telling === undefined ? undefined : `${textAt(telling, 'reason') ?? ''}: ${textAt(telling, 'message') ?? ''}`;
}

function eventTime(event: KubeObject): number {
  const times = [event.lastTimestamp, event.eventTime, event.firstTimestamp, event.metadata.creationTimestamp];
  const time = times.find((value) => typeof value === 'string');
  return typeof time === 'string' ? Date.parse(time) : 0;
}

function ordinaryReason(pod: KubeObject): string {
  const statuses = listAt(pod, 'status.containerStatuses');
  const waiting = statuses
    .map((status) => textAt(status, 'state.waiting.reason'))
    .find((reason) => reason !== undefined);
  if (waiting !== undefined) return waiting;
  const running = statuses.some((status) => valueAt(status, 'state.running') !== undefined);
  return running ? 'running, its readiness probe has not passed yet' : (textAt(pod, 'status.phase') ?? 'Pending');
}
