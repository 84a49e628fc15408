import { timestamp } from '../clock.ts';
import { jsonClone } from '../json.ts';
import type { KubeObject, Pod, ResourceName } from '../kinds.ts';
import { resourceOf } from '../resources.ts';
import { conflict, forbidden, notFound } from '../status-error.ts';
import type { ApiObjects } from './api-objects.ts';
import { fieldsOf } from './prepare.ts';
import type { DeleteRequest } from './write-options.ts';

/** How a deletion ended: `gone` at once, or only marked and held by grace or finalizers. */
export interface RemovalResult {
  readonly object: KubeObject;
  readonly gone: boolean;
}

/** Namespaces that the system cannot do without. */
const immortal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** Deletes by the API server's rules: preconditions, pod grace, finalizers, orphan and foreground propagation. */
export function removeObject(
  api: ApiObjects,
  resource: ResourceName,
  namespace: string,
  name: string,
  request: DeleteRequest,
): RemovalResult {
  const { group, plural } = resourceOf(resource);
  const current = api.store.get(resource, namespace, name);
  const subject = { group, resource: plural, name };
  if (!current) throw notFound(subject);
  if (resource === 'namespaces' && immortal.has(name)) throw forbidden(subject, 'this namespace may not be deleted');
  const { uid, resourceVersion } = request.preconditions ?? {};
  if (uid && uid !== current.metadata.uid) {
    throw conflict(
      subject,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
    );
  }
  if (resourceVersion && resourceVersion !== current.metadata.resourceVersion) {
    throw conflict(
      subject,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${current.metadata.resourceVersion}`,
    );
  }
  const finalizers = finalizersAfter(current, resource, request.propagationPolicy);
  const graceSeconds = graceOf(current, resource, request);
  const held = finalizers.length > 0 || graceSeconds > 0 || resource === 'namespaces';
  if (!held) {
    if (!request.dryRun) api.store.remove(resource, namespace, name);
    return { object: current, gone: true };
  }
  const marked = markDeleted(api, current, finalizers, graceSeconds);
  if (request.dryRun) return { object: marked, gone: false };
  if (marked === current) return { object: current, gone: false };
  return { object: api.storePrepared(resource, marked), gone: false };
}

/** Jobs keep their pods unless the client says otherwise: batch/v1 still orphans by default. */
function finalizersAfter(object: KubeObject, resource: ResourceName, policy: string | undefined): string[] {
  const others = (object.metadata.finalizers ?? []).filter(
    (item) => item !== 'orphan' && item !== 'foregroundDeletion',
  );
  const chosen = policy ?? (resource === 'jobs.batch' && !object.metadata.deletionTimestamp ? 'Orphan' : undefined);
  if (chosen === 'Orphan') return [...others, 'orphan'];
  if (chosen === 'Foreground') return [...others, 'foregroundDeletion'];
  return chosen === 'Background' ? others : (object.metadata.finalizers ?? []);
}

function graceOf(object: KubeObject, resource: ResourceName, request: DeleteRequest): number {
  if (resource !== 'pods') return 0;
  const pod = object as Pod;
  const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  if (!pod.spec?.nodeName || isOver) return 0;
  const wanted = request.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
  return Math.max(0, Math.min(wanted, pod.metadata.deletionGracePeriodSeconds ?? wanted));
}

function markDeleted(api: ApiObjects, current: KubeObject, finalizers: string[], graceSeconds: number): KubeObject {
  const sameFinalizers = finalizers.join() === (current.metadata.finalizers ?? []).join();
  const isMarked = current.metadata.deletionTimestamp !== undefined;
  if (isMarked && sameFinalizers && (current.metadata.deletionGracePeriodSeconds ?? 0) === graceSeconds) return current;
  const next = jsonClone(current);
  if (!isMarked || (current.metadata.deletionGracePeriodSeconds ?? 0) !== graceSeconds) {
    next.metadata.deletionTimestamp = timestamp(api.clock.now() + graceSeconds * 1000);
  }
  next.metadata.deletionGracePeriodSeconds = graceSeconds;
  if (finalizers.length > 0) next.metadata.finalizers = finalizers;
  else delete next.metadata.finalizers;
  if (next.metadata.generation !== undefined) next.metadata.generation++;
  if (next.kind === 'Namespace') fieldsOf(next).status = { phase: 'Terminating' };
  return next;
}
