import { jsonClone } from '../json.ts';
import type { KubeObject, OwnerReference, Pod, PodTemplateSpec } from '../kinds.ts';
import type { ApiObjects } from '../registry/api-objects.ts';

/** Reference that makes `owner` the controller of something. */
export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** True when `owner` controls the object. */
export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return (object.metadata.ownerReferences ?? []).some((item) => item.controller && item.uid === owner.metadata.uid);
}

/** A pod as a template describes it, controlled by `owner`. Either `name` or `generateName` is given. */
export function podFromTemplate(
  template: PodTemplateSpec,
  owner: KubeObject,
  identity: { readonly name?: string; readonly generateName?: string; readonly labels?: Record<string, string> },
): Pod {
  const { labels, annotations, finalizers } = jsonClone(template.metadata ?? {});
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: identity.name ?? '',
      ...(identity.generateName ? { generateName: identity.generateName } : {}),
      namespace: owner.metadata.namespace ?? '',
      labels: { ...labels, ...identity.labels },
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerReference(owner)],
    },
    spec: jsonClone(template.spec ?? { containers: [] }),
  };
}

/** True for pods that count as replicas: neither over nor going. */
export function isActive(pod: Pod): boolean {
  return pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed' && !pod.metadata.deletionTimestamp;
}

/** True when the pod's Ready condition holds. */
export function isPodReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** True when the pod has been ready for `minReadySeconds`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const ready = pod.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True');
  if (!ready) return false;
  return minReadySeconds === 0 || Date.parse(ready.lastTransitionTime ?? '') + minReadySeconds * 1000 <= nowMs;
}

/** Pods of a namespace that `owner` controls. */
export function podsControlledBy(api: ApiObjects, owner: KubeObject): Pod[] {
  return api.store.list('pods', owner.metadata.namespace).filter((pod) => isControlledBy(pod, owner));
}

/** Pods in the order in which they are given up: unscheduled, not running, not ready, youngest first. */
export function byDispensability(left: Pod, right: Pod): number {
  const rank = (pod: Pod): number =>
    (pod.spec?.nodeName ? 4 : 0) + (pod.status?.phase === 'Running' ? 2 : 0) + (isPodReady(pod) ? 1 : 0);
  if (rank(left) !== rank(right)) return rank(left) - rank(right);
  const age = (pod: Pod): string => pod.metadata.creationTimestamp ?? '';
  return age(right).localeCompare(age(left));
}

const hashLetters = 'bcdfghjklmnpqrstvwxz2456789';

/** Short name for a template: the same for equal ones. FNV-1a over its text, in the API server's letters. */
export function templateHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return String(hash)
    .split('')
    .map((digit) => hashLetters[Number(digit)])
    .join('');
}

/** A count given as a number or as a share of `total`; shares are rounded up or down. */
export function countOrShare(value: number | string | undefined, total: number, rounding: 'up' | 'down'): number {
  if (typeof value === 'number') return value;
  const share = (Number((value ?? '0').replace('%', '')) * total) / 100;
  return rounding === 'up' ? Math.ceil(share) : Math.floor(share);
}
