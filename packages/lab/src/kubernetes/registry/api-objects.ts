import { type LabRandom, systemRandom } from '../../clock/randomness.ts';
import { admitNamespace, admitObject } from '../admission/admission.ts';
import { admitWithinQuota } from '../admission/quota-admission.ts';
import { type FieldOwnerIdentity, managedFieldsOf, ownersOf } from '../apply/managed-fields.ts';
import { applyConfiguration, recordUpdate, type WriteContext } from '../apply/server-side-apply.ts';
import { type ClusterClock, timestamp } from '../clock.ts';
import type { LabClusterConfig } from '../cluster-config.ts';
import { defaultObject } from '../defaults/object-defaults.ts';
import { isObject, type JsonObject, jsonClone } from '../json.ts';
import type { Kinds, KubeObject, ResourceName } from '../kinds.ts';
import { apiVersionOf, type ResourceDefinition, resourceOf } from '../resources.ts';
import { typeSchema } from '../schema/schema.ts';
import { alreadyExists, badRequest, conflict, invalid, notFound } from '../status-error.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { objectFaults } from '../validation/object-validation.ts';
import { type RemovalResult, removeObject } from './deletion.ts';
import {
  checkPreconditions,
  countGeneration,
  fieldsOf,
  isSameObject,
  prepareCreate,
  randomSuffix,
  retainUntouchable,
} from './prepare.ts';
import type { DeleteRequest, WriteCounters, WriteOptions } from './write-options.ts';

/**
 * Every write to the cluster goes through here, whether a client or a controller makes it: defaults, admission,
 * validation, field ownership, generation, finalizers. Refusals are {@link StatusError}s.
 */
export class ApiObjects {
  readonly store: ObjectStore;
  readonly clock: ClusterClock;
  readonly config: LabClusterConfig;
  readonly random: LabRandom;
  readonly counters: WriteCounters = { client: {}, internal: {} };
  /** True while a client's request runs, for the counters. */
  servingClient = false;

  constructor(store: ObjectStore, clock: ClusterClock, config: LabClusterConfig, random: LabRandom = systemRandom) {
    this.random = random;
    this.store = store;
    this.clock = clock;
    this.config = config;
  }

  /** Throws 404 when the object is absent. */
  mustGet<R extends ResourceName>(resource: R, namespace: string, name: string): Kinds[R] {
    const found = this.store.get(resource, namespace, name);
    if (found) return found;
    const { group, plural } = resourceOf(resource);
    throw notFound({ group, resource: plural, name });
  }

  /** Stores a new object. Throws 404 or 403 for its namespace, 409 when the name is taken, 422 for faulty fields. */
  create<R extends ResourceName>(resource: R, object: Kinds[R] | KubeObject, options: WriteOptions): Kinds[R] {
    const definition = resourceOf(resource);
    const next = jsonClone<KubeObject>(object);
    this.#admitNew(next, definition);
    const owned = recordUpdate(this.#writeContext(next, [], options, definition), blank(next), fieldsOf(next));
    next.metadata.managedFields = managedFieldsOf(owned.owners);
    return this.#store(definition, next, options) as Kinds[R];
  }

  #admitNew(next: KubeObject, definition: ResourceDefinition): void {
    prepareCreate(next, definition, timestamp(this.clock.now()), this.random);
    const { name, namespace = '' } = next.metadata;
    if (name && this.store.get(definition.name, namespace, name)) {
      throw alreadyExists({ group: definition.group, resource: definition.plural, name });
    }
    admitNamespace(next, this.#admission(definition));
    defaultObject(definition.name, next);
    admitObject(next, undefined, this.#admission(definition));
    this.#refuseFaults(definition, next, undefined);
    admitWithinQuota(next, definition, this.store);
  }

  /** Replaces an object (or its status). An equal state is not stored again. Throws 404, 409, 422. */
  update<R extends ResourceName>(resource: R, object: Kinds[R] | KubeObject, options: WriteOptions): Kinds[R] {
    const definition = resourceOf(resource);
    const { name, namespace = '' } = object.metadata;
    const current = this.mustGet(resource, namespace, name) as KubeObject;
    checkPreconditions(object, current, definition);
    const next = this.#advance(jsonClone<KubeObject>(object), current, definition, options);
    const owners = ownersFor(object, current, options.subresource ?? '');
    const context = this.#writeContext(next, owners, options, definition);
    const owned = recordUpdate(context, fieldsOf(current), fieldsOf(next));
    return this.#commit(definition, current, next, owned.owners, options) as Kinds[R];
  }

  /** Changes an object as it is now, without a race. Returns undefined when it does not exist. */
  mutate<R extends ResourceName>(
    resource: R,
    namespace: string,
    name: string,
    options: WriteOptions,
    change: (draft: Kinds[R]) => void,
  ): Kinds[R] | undefined {
    const current = this.store.get(resource, namespace, name);
    if (!current) return undefined;
    const draft = jsonClone(current);
    change(draft);
    return this.update(resource, draft, options);
  }

  /**
   * Renews a Lease for its holder. A holder that owns the whole Lease is not asked again who owns which field: with a heartbeat every ten seconds from each
   * node that would be most of what a quiet cluster does.
   */
  renewLease(lease: Kinds['leases.coordination.k8s.io'], spec: NonNullable<typeof lease.spec>): void {
    const { namespace = '', name, managedFields = [] } = lease.metadata;
    const [only] = managedFields;
    if (
      managedFields.length !== 1 ||
      only?.manager !== 'kubelet' ||
      lease.spec?.holderIdentity !== spec.holderIdentity
    ) {
      this.mutate('leases.coordination.k8s.io', namespace, name, { manager: 'kubelet' }, (draft) => {
        draft.spec = spec;
      });
      return;
    }
    const renewed = [{ ...only, time: timestamp(this.clock.now()) }];
    const metadata = { ...lease.metadata, managedFields: renewed };
    this.#store(resourceOf('leases.coordination.k8s.io'), { ...lease, metadata, spec } as KubeObject, {
      manager: 'kubelet',
    });
  }

  /** Server-side apply; creates the object when absent. `created` tells which. Throws 409 for conflicts. */
  apply<R extends ResourceName>(
    resource: R,
    config: KubeObject,
    options: WriteOptions & { readonly force: boolean },
  ): { object: Kinds[R]; created: boolean } {
    const definition = resourceOf(resource);
    if (config.metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil');
    const { name, namespace = '' } = config.metadata;
    const current = this.store.get(resource, namespace, name) as KubeObject | undefined;
    if (!current) return { object: this.#applyNew(definition, config, options) as Kinds[R], created: true };
    checkPreconditions(config, current, definition);
    const owners = ownersOf(current.metadata.managedFields);
    const context: WriteContext = {
      ...this.#writeContext(config, owners, options, definition),
      identity: this.#identity(definition, options, 'Apply'),
    };
    const live = withoutManagedFields(current);
    const written = applyConfiguration(context, live, touchable(fieldsOf(config), context), options.force);
    const merged = written.object as unknown as KubeObject;
    const next = this.#advance(jsonClone(merged), current, definition, options);
    return { object: this.#commit(definition, current, next, written.owners, options) as Kinds[R], created: false };
  }

  #applyNew(definition: ResourceDefinition, config: KubeObject, options: WriteOptions): KubeObject {
    const subject = { group: definition.group, resource: definition.plural, name: config.metadata.name };
    if (options.subresource) throw notFound(subject);
    if (config.metadata.uid)
      throw conflict(subject, 'uid mismatch: the provided object specified uid, and no existing object was found');
    const next = jsonClone(config);
    this.#admitNew(next, definition);
    const context: WriteContext = {
      ...this.#writeContext(config, [], options, definition),
      identity: this.#identity(definition, options, 'Apply'),
    };
    const written = applyConfiguration(context, blank(next), touchable(fieldsOf(config), context), true);
    next.metadata.managedFields = managedFieldsOf(written.owners);
    return this.#store(definition, next, options);
  }

  /** Deletes an object by the rules of grace, finalizers and propagation. Throws 404 and 409. */
  remove(resource: ResourceName, namespace: string, name: string, request: DeleteRequest = {}): RemovalResult {
    const result = removeObject(this, resource, namespace, name, request);
    if (!request.dryRun) this.#count(resource);
    return result;
  }

  /** Removes an object at once, whatever holds it: the last act of a kubelet or of a finalizer's controller. */
  purge(resource: ResourceName, namespace: string, name: string): KubeObject | undefined {
    return this.store.remove(resource, namespace, name);
  }

  /** Stores a state that is already prepared, and removes the object when nothing holds it any more. */
  storePrepared(resource: ResourceName, next: KubeObject): KubeObject {
    const stored = this.store.put(resource, next);
    if (isFinished(stored)) {
      this.store.remove(resource, stored.metadata.namespace ?? '', stored.metadata.name);
    }
    return stored;
  }

  #advance(next: KubeObject, current: KubeObject, definition: ResourceDefinition, options: WriteOptions): KubeObject {
    const subresource = options.subresource ?? '';
    const result = retainUntouchable(next, current, definition, subresource);
    if (subresource !== 'status') {
      defaultObject(definition.name, result);
      admitObject(result, current, this.#admission(definition));
      this.#refuseFaults(definition, result, current);
      countGeneration(result, current, definition);
    }
    return result;
  }

  #commit(
    definition: ResourceDefinition,
    current: KubeObject,
    next: KubeObject,
    owners: Parameters<typeof managedFieldsOf>[0],
    options: WriteOptions,
  ): KubeObject {
    next.metadata = { ...next.metadata, managedFields: managedFieldsOf(owners) };
    return isSameObject(next, current) ? current : this.#store(definition, next, options);
  }

  #store(definition: ResourceDefinition, next: KubeObject, options: WriteOptions): KubeObject {
    if (options.dryRun) return next;
    this.#count(definition.name);
    return this.storePrepared(definition.name, next);
  }

  #count(resource: ResourceName): void {
    const counters = this.servingClient ? this.counters.client : this.counters.internal;
    counters[resource] = (counters[resource] ?? 0) + 1;
  }

  #refuseFaults(definition: ResourceDefinition, object: KubeObject, old: KubeObject | undefined): void {
    const faults = objectFaults(definition, object, old);
    const subject = { group: definition.group, kind: definition.kind, name: object.metadata.name };
    if (faults.length > 0) throw invalid(subject, faults);
  }

  #admission(definition: ResourceDefinition): Parameters<typeof admitObject>[2] {
    return {
      store: this.store,
      config: this.config,
      definition,
      randomText: (length: number) => randomSuffix(this.random, length),
    };
  }

  #identity(definition: ResourceDefinition, options: WriteOptions, operation: 'Apply' | 'Update'): FieldOwnerIdentity {
    return {
      manager: options.manager,
      operation,
      apiVersion: apiVersionOf(definition),
      subresource: options.subresource ?? '',
    };
  }

  #writeContext(
    _object: KubeObject,
    owners: WriteContext['owners'],
    options: WriteOptions,
    definition: ResourceDefinition,
  ): WriteContext {
    const isStatus = options.subresource === 'status';
    return {
      schema: typeSchema(definition.type),
      identity: this.#identity(definition, options, 'Update'),
      owners,
      now: timestamp(this.clock.now()),
      untouched: isStatus ? [['spec'], ['metadata']] : definition.status ? [['status']] : [],
    };
  }
}

/** True when an object marked for deletion is held by nothing. */
function isFinished({ kind, metadata, ...rest }: KubeObject): boolean {
  if (!metadata.deletionTimestamp || (metadata.finalizers ?? []).length > 0) return false;
  if (kind === 'Namespace') {
    const spec = (rest as JsonObject).spec;
    return !(isObject(spec) && Array.isArray(spec.finalizers) && spec.finalizers.length > 0);
  }
  return (metadata.deletionGracePeriodSeconds ?? 0) === 0;
}

function blank(object: KubeObject): JsonObject {
  return { apiVersion: object.apiVersion, kind: object.kind, metadata: {} };
}

function withoutManagedFields(object: KubeObject): JsonObject {
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  return { ...fieldsOf(object), metadata: metadata };
}

/** The configuration without the parts that this way of applying cannot touch. */
function touchable(config: JsonObject, context: WriteContext): JsonObject {
  const result = { ...config };
  for (const [field] of context.untouched) if (field && field !== 'metadata') delete result[field];
  return result;
}

/**
 * Whose the fields are before a write: as the client sent it, where it did (kubectl hands over what was applied on the client so), else as stored.
 * An empty list, or one empty entry, gives all ownership up. Source: k8s.io/apimachinery, managedfields/internal/fieldmanager.go, decodeLiveOrNew.
 */
function ownersFor(object: KubeObject, current: KubeObject, subresource: string): ReturnType<typeof ownersOf> {
  const sent = subresource === '' ? object.metadata.managedFields : undefined;
  if (sent === undefined) return ownersOf(current.metadata.managedFields);
  if (sent.length === 0 || (sent.length === 1 && Object.keys(sent[0] ?? {}).length === 0)) return [];
  const isReadable = sent.every(
    ({ operation, apiVersion, fieldsType }) =>
      (operation === 'Apply' || operation === 'Update') && Boolean(apiVersion) && fieldsType === 'FieldsV1',
  );
  return ownersOf(isReadable ? sent : current.metadata.managedFields);
}
