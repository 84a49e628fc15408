import type { Kinds, KubeObject, ResourceName } from '../kinds.ts';
import { expired } from '../status-error.ts';
import type { StateFile } from './state-file.ts';

/** One change of one object. `previous` is what it replaced. */
export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: ResourceName;
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
  readonly revision: number;
}

/** Called for each change, in order, after it is stored. */
export type StoreListener = (event: StoreEvent) => void;

/** Events that a watch may still ask for; older ones are answered with 410 Gone. */
const historyLength = 4000;

/**
 * All objects of the cluster, with one growing resourceVersion over them, as etcd gives it.
 * Stored objects are never changed in place: whoever updates, puts a new one.
 */
export class ObjectStore {
  readonly #file: StateFile;
  readonly #objects = new Map<ResourceName, Map<string, KubeObject>>();
  readonly #listeners = new Set<StoreListener>();
  #history: StoreEvent[] = [];
  #oldestRevision: number;
  #revision: number;

  constructor(file: StateFile) {
    this.#file = file;
    for (const row of file.rows()) this.#bucket(row.resource).set(storeKey(row.namespace, row.name), row.object);
    this.#revision = file.lastRevision();
    this.#oldestRevision = this.#revision;
  }

  /** The current resourceVersion. */
  get revision(): number {
    return this.#revision;
  }

  get<R extends ResourceName>(resource: R, namespace: string, name: string): Kinds[R] | undefined {
    return this.#bucket(resource).get(storeKey(namespace, name)) as Kinds[R] | undefined;
  }

  /** Objects of a resource, of one namespace when given, ordered by namespace and name. */
  list<R extends ResourceName>(resource: R, namespace = ''): Kinds[R][] {
    const found: KubeObject[] = [];
    for (const object of this.#bucket(resource).values()) {
      if (namespace === '' || object.metadata.namespace === namespace) found.push(object);
    }
    return found as unknown as Kinds[R][];
  }

  /** Stores an object under the next resourceVersion, which is written into its metadata. Returns what was stored. */
  put<T extends KubeObject>(resource: ResourceName, object: T): T {
    const { namespace = '', name } = object.metadata;
    const bucket = this.#bucket(resource);
    const previous = bucket.get(storeKey(namespace, name));
    const revision = ++this.#revision;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
    this.#file.put(resource, namespace, name, revision, stored);
    bucket.set(storeKey(namespace, name), stored);
    this.#announce({ type: previous ? 'MODIFIED' : 'ADDED', resource, object: stored, previous, revision });
    return stored;
  }

  /** Removes an object; its last state carries the revision of the removal. */
  remove(resource: ResourceName, namespace: string, name: string): KubeObject | undefined {
    const bucket = this.#bucket(resource);
    const previous = bucket.get(storeKey(namespace, name));
    if (!previous) return undefined;
    const revision = ++this.#revision;
    this.#file.remove(resource, namespace, name, revision);
    bucket.delete(storeKey(namespace, name));
    const object = { ...previous, metadata: { ...previous.metadata, resourceVersion: String(revision) } };
    this.#announce({ type: 'DELETED', resource, object, previous, revision });
    return object;
  }

  /** Calls `listener` for every later change; returns what ends that. */
  subscribe(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Changes of a resource after a resourceVersion. Throws 410 Expired when they are no longer remembered. */
  since(resource: ResourceName, revision: number): StoreEvent[] {
    if (revision < this.#oldestRevision) {
      throw expired(`too old resource version: ${revision} (${this.#oldestRevision})`);
    }
    return this.#history.filter((event) => event.resource === resource && event.revision > revision);
  }

  #announce(event: StoreEvent): void {
    this.#history.push(event);
    if (this.#history.length > historyLength * 1.25) {
      this.#history = this.#history.slice(-historyLength);
      this.#oldestRevision = (this.#history[0]?.revision ?? this.#revision) - 1;
    }
    for (const listener of this.#listeners) listener(event);
  }

  #bucket(resource: ResourceName): Map<string, KubeObject> {
    let bucket = this.#objects.get(resource);
    if (!bucket) {
      bucket = new Map();
      this.#objects.set(resource, bucket);
    }
    return bucket;
  }
}

function storeKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
