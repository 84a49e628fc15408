import {
  AppError,
  type Clock,
  type KubeObject,
  type KubePort,
  type KubeReadiness,
  type KubeRef,
  type KubeWait,
} from '@vmstation/core';
import { isRecord, listAt, valueAt } from './json-path.ts';
import { showRef } from './kube-ref.ts';
import { conditionOf, type OwnReadiness, ownReadiness } from './readiness.ts';
import { waitingReason } from './waiting-reason.ts';

type Reader = Pick<KubePort, 'get' | 'list'>;

const workloadKinds = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job']);
const firstPauseMs = 250;
const longestPauseMs = 1500;

/** States of a container, and of a pod without a place, that the cluster tries again but that seldom mend themselves. */
const stuckState =
  /\b(?:ErrImagePull|ImagePullBackOff|InvalidImageName|CrashLoopBackOff|CreateContainer(?:Config)?Error|not scheduled)\b/;

/** True for a reason that means failure, not work in hand. */
function isStuck(reason: string): boolean {
  return stuckState.test(reason);
}

/**
 * Looks at the objects until all are ready in the same look, one of them can never become ready, something was stuck for
 * `stuckTimeoutMs`, or the time is over. Never throws
 * for a workload that does not start: that is an answer, with the reason as the cluster tells it. An API server that is away for a
 * while (its own restart, a lost connection) is waited for like anything else.
 */
export async function waitReady(
  port: Reader,
  clock: Clock,
  refs: readonly KubeRef[],
  options: KubeWait,
): Promise<readonly KubeReadiness[]> {
  const deadline = clock.now().getTime() + options.timeoutMs;
  let pauseMs = firstPauseMs;
  let told = '';
  let stuckSince: number | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    const looks = await Promise.all(refs.map(async (ref) => ({ ref, ...(await lookAt(port, ref)) })));
    const waiting = looks.filter((look) => !look.ready);
    const now = clock.now().getTime();
    stuckSince = waiting.some((look) => isStuck(look.reason)) ? (stuckSince ?? now) : undefined;
    const stuck = stuckSince !== undefined && now - stuckSince >= (options.stuckTimeoutMs ?? options.timeoutMs);
    const left = deadline - now;
    if (waiting.length === 0 || waiting.some((look) => look.final) || stuck || left <= 0)
      return looks.map(({ ref, ready, reason }) => ({ ref, ready, reason }));
    const reasons = waiting.map((look) => `${showRef(look.ref)}: ${look.reason}`).join('; ');
    if (reasons !== told) options.onReason?.(reasons);
    told = reasons;
    await clock.sleep(Math.min(pauseMs, left), options.signal);
    pauseMs = Math.min(pauseMs * 1.5, longestPauseMs);
  }
}

async function lookAt(port: Reader, ref: KubeRef): Promise<OwnReadiness> {
  try {
    return await readinessOf(port, ref);
  } catch (thrown) {
    if (!(thrown instanceof AppError) || !thrown.retryable) throw thrown;
    return { ready: false, reason: thrown.message };
  }
}

async function readinessOf(port: Reader, ref: KubeRef): Promise<OwnReadiness> {
  const object = await port.get(ref);
  if (object === undefined) return { ready: false, reason: 'it does not exist' };
  if (object.kind !== 'DaemonSet') {
    const own = ownReadiness(object);
    if (own.ready || own.final || !workloadKinds.has(object.kind)) return own;
    const [pods, readyNodes] = await Promise.all([podsOf(port, object), readyNodesOf(port)]);
    return explain(port, object, own, pods, readyNodes);
  }
  const [pods, readyNodes] = await Promise.all([podsOf(port, object), readyNodesOf(port)]);
  const own = ownReadiness(object, { pods, readyNodes });
  return own.ready ? own : explain(port, object, own, pods, readyNodes);
}

async function explain(
  port: Reader,
  object: KubeObject,
  own: OwnReadiness,
  pods: readonly KubeObject[],
  readyNodes: ReadonlySet<string>,
): Promise<OwnReadiness> {
  const events = await port.list({
    apiVersion: 'v1',
    kind: 'Event',
    ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
  });
  const why = waitingReason(object, { pods, events, readyNodes });
  return why === undefined ? own : { ...own, reason: `${own.reason}: ${why}` };
}

async function podsOf(port: Reader, workload: KubeObject): Promise<readonly KubeObject[]> {
  const labelSelector = selectorText(valueAt(workload, 'spec.selector'));
  if (labelSelector === undefined) return [];
  const namespace = workload.metadata.namespace;
  return port.list({ apiVersion: 'v1', kind: 'Pod', labelSelector, ...(namespace === undefined ? {} : { namespace }) });
}

async function readyNodesOf(port: Reader): Promise<ReadonlySet<string>> {
  const nodes = await port.list({ apiVersion: 'v1', kind: 'Node' });
  return new Set(
    nodes.filter((node) => conditionOf(node, 'Ready')?.status === 'True').map((node) => node.metadata.name),
  );
}

/** A label selector as the API's query wants it. */
export function selectorText(selector: unknown): string | undefined {
  if (!isRecord(selector)) return undefined;
  const labels = isRecord(selector.matchLabels) ? selector.matchLabels : {};
  const equal = Object.entries(labels).map(([name, value]) => `${name}=${String(value)}`);
  const terms = listAt(selector, 'matchExpressions').map(({ key, operator, values }) => {
    const list = Array.isArray(values) ? values.join(',') : '';
    if (operator === 'In') return `${String(key)} in (${list})`;
    if (operator === 'NotIn') return `${String(key)} notin (${list})`;
    return operator === 'Exists' ? String(key) : `!${String(key)}`;
  });
  return [...equal, ...terms].join(',') || undefined;
}
