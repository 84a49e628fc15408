import { type LabRandom, randomUuid } from '../../clock/randomness.ts';
import { isObject, type JsonObject, jsonEqual } from '../json.ts';
import type { KubeObject } from '../kinds.ts';
import type { ResourceDefinition } from '../resources.ts';
import { badRequest, conflict } from '../status-error.ts';
import type { Subresource } from './write-options.ts';

const nameLetters = 'bcdfghjklmnpqrstvwxz2456789';

/** Random name suffix in the API server's own letters. */
export function randomSuffix(random: LabRandom, length: number): string {
  return Array.from(random.bytes(length), (byte) => nameLetters[byte % nameLetters.length]).join('');
}

const initialStatus: Readonly<Record<string, JsonObject>> = {
  services: { loadBalancer: {} },
  ingresses: { loadBalancer: {} },
  pods: { phase: 'Pending' },
  poddisruptionbudgets: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
};

/** Sets identity and an empty status on an object to be created, in place. Throws 400 for metadata a client may not set. */
export function prepareCreate(
  object: KubeObject,
  definition: ResourceDefinition,
  now: string,
  random: LabRandom,
): void {
  const { metadata } = object;
  if (metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created');
  if (!metadata.name && metadata.generateName) {
    metadata.name = `${metadata.generateName.slice(0, 58)}${randomSuffix(random, 5)}`;
  }
  metadata.uid = randomUuid(random);
  metadata.creationTimestamp = now;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
  delete metadata.managedFields;
  if (!definition.namespaced) delete metadata.namespace;
  if (definition.generation) metadata.generation = 1;
  const keepsStatus = definition.plural === 'nodes' || definition.plural === 'persistentvolumes';
  if (definition.status && !keepsStatus) fieldsOf(object).status = { ...initialStatus[definition.plural] };
}

/** Refuses an update that was made from an older state or for another object. */
export function checkPreconditions(next: KubeObject, current: KubeObject, definition: ResourceDefinition): void {
  const subject = { group: definition.group, resource: definition.plural, name: current.metadata.name };
  const { uid, resourceVersion } = next.metadata;
  if (uid && uid !== current.metadata.uid) {
    throw conflict(
      subject,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
    );
  }
  if (resourceVersion && resourceVersion !== current.metadata.resourceVersion) {
    throw conflict(
      subject,
      'the object has been modified; please apply your changes to the latest version and try again',
    );
  }
}

const serverMetadata = [
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'resourceVersion',
  'selfLink',
] as const;

/** Keeps what this way of writing may not change: identity always, status or everything but status by the subresource. */
export function retainUntouchable(
  next: KubeObject,
  current: KubeObject,
  definition: ResourceDefinition,
  subresource: Subresource,
): KubeObject {
  if (subresource === 'status') {
    return Object.assign({}, current, { status: fieldsOf(next).status ?? {} });
  }
  const metadata: KubeObject['metadata'] = { ...next.metadata, name: current.metadata.name };
  if (current.metadata.namespace) metadata.namespace = current.metadata.namespace;
  for (const field of serverMetadata) {
    if (current.metadata[field] === undefined) delete metadata[field];
    else Object.assign(metadata, { [field]: current.metadata[field] });
  }
  if (current.metadata.generateName) metadata.generateName = current.metadata.generateName;
  const result: KubeObject = { ...next, metadata };
  if (definition.status && definition.plural !== 'events') {
    const status = fieldsOf(current).status;
    if (status === undefined) delete fieldsOf(result).status;
    else fieldsOf(result).status = status;
  }
  return result;
}

/** Counts a change of the desired state in `metadata.generation`, in place. */
export function countGeneration(next: KubeObject, current: KubeObject, definition: ResourceDefinition): void {
  if (!definition.generation) return;
  if (jsonEqual(desiredPart(next), desiredPart(current))) return;
  next.metadata.generation = (current.metadata.generation ?? 0) + 1;
}

function desiredPart(object: KubeObject): JsonObject {
  const { metadata: _metadata, status: _status, ...rest } = fieldsOf(object);
  return rest;
}

/** True when two states differ in anything but the times of managedFields. */
export function isSameObject(next: KubeObject, current: KubeObject): boolean {
  return jsonEqual(withoutTimes(next), withoutTimes(current));
}

function withoutTimes(object: KubeObject): JsonObject {
  const { managedFields, ...metadata } = object.metadata;
  const untimed = (managedFields ?? []).map(({ time: _time, ...rest }) => rest);
  return { ...fieldsOf(object), metadata: { ...metadata, managedFields: untimed } };
}

/** An object as plain JSON. */
export function fieldsOf(object: KubeObject): JsonObject {
  return object as unknown as JsonObject;
}

/** JSON as an object, once its type is known to be right. Throws 400 when it has no metadata. */
export function objectOf(fields: JsonObject): KubeObject {
  if (!isObject(fields.metadata)) throw badRequest('the body has no metadata');
  return fields as unknown as KubeObject;
}
