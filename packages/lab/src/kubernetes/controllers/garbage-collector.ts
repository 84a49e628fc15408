import type { KubeObject, OwnerReference, ResourceName } from '../kinds.ts';
import { resourceDefinitions, resourceOfKind } from '../resources.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import type { ControlLoop, ControllerContext } from './controller.ts';

const write = { manager: 'kube-controller-manager' };

interface Dependent {
  readonly resource: ResourceName;
  readonly namespace: string;
  readonly name: string;
}

/** Deletes what its owners leave behind, and carries out foreground and orphan deletion. Keys are uids of owners. */
export class GarbageCollector implements ControlLoop {
  readonly name = 'garbage-collector';
  readonly #context: ControllerContext;
  readonly #dependents = new Map<string, Map<string, Dependent>>();
  readonly #going = new Map<string, Dependent>();

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  initialKeys(): readonly string[] {
    for (const { name } of resourceDefinitions) {
      for (const object of this.#context.store.list(name) as KubeObject[]) this.#index(name, object);
    }
    return [...new Set([...this.#dependents.keys(), ...this.#going.keys()])];
  }

  keysOf({ type, resource, object }: StoreEvent): readonly string[] {
    const uid = object.metadata.uid ?? '';
    const owners = (object.metadata.ownerReferences ?? []).map((owner) => owner.uid);
    if (type !== 'DELETED') {
      this.#index(resource, object);
      return [...(this.#going.has(uid) ? [uid] : []), ...(type === 'ADDED' ? owners : [])];
    }
    this.#going.delete(uid);
    for (const owner of owners) this.#dependents.get(owner)?.delete(uid);
    return [...(this.#dependents.has(uid) ? [uid] : []), ...owners.filter((owner) => this.#going.has(owner))];
  }

  #index(resource: ResourceName, object: KubeObject): void {
    const { namespace = '', name, uid = '' } = object.metadata;
    for (const owner of object.metadata.ownerReferences ?? []) {
      const known = this.#dependents.get(owner.uid) ?? new Map<string, Dependent>();
      known.set(uid, { resource, namespace, name });
      this.#dependents.set(owner.uid, known);
    }
    const finalizers = object.metadata.finalizers ?? [];
    const isGoing = finalizers.includes('foregroundDeletion') || finalizers.includes('orphan');
    if (object.metadata.deletionTimestamp && isGoing) this.#going.set(uid, { resource, namespace, name });
    else this.#going.delete(uid);
  }

  reconcile(uid: string): number | undefined {
    const going = this.#going.get(uid);
    if (going) return this.#finish(uid, going);
    for (const dependent of this.#live(uid)) this.#collect(dependent, false);
    if (this.#dependents.get(uid)?.size === 0) this.#dependents.delete(uid);
    return undefined;
  }

  #live(uid: string): Dependent[] {
    return [...(this.#dependents.get(uid)?.values() ?? [])].filter((item) => this.#object(item) !== undefined);
  }

  #object({ resource, namespace, name }: Dependent): KubeObject | undefined {
    return this.#context.store.get(resource, namespace, name);
  }

  /** Deletes a dependent that no living owner is left for; from one that another still owns, only the reference goes. */
  #collect(dependent: Dependent, foreground: boolean): void {
    const object = this.#object(dependent);
    if (!object || object.metadata.deletionTimestamp) return;
    const owners = object.metadata.ownerReferences ?? [];
    const living = owners.filter((owner) => this.#isLiving(owner, dependent, foreground));
    if (living.length === 0) {
      const propagationPolicy = foreground ? 'Foreground' : 'Background';
      this.#context.api.remove(dependent.resource, dependent.namespace, dependent.name, { propagationPolicy });
    } else if (living.length < owners.length) {
      const kept = new Set(living.map(({ uid }) => uid));
      this.#context.api.mutate(dependent.resource, dependent.namespace, dependent.name, write, (draft) => {
        draft.metadata.ownerReferences = (draft.metadata.ownerReferences ?? []).filter(({ uid }) => kept.has(uid));
      });
    }
  }

  #isLiving(owner: OwnerReference, dependent: Dependent, foreground: boolean): boolean {
    const definition = resourceOfKind(owner.apiVersion, owner.kind);
    if (!definition) return true;
    const namespace = definition.namespaced ? dependent.namespace : '';
    const found = this.#context.store.get(definition.name, namespace, owner.name);
    const isLeaving = found?.metadata.finalizers?.includes('foregroundDeletion') && found.metadata.deletionTimestamp;
    return found?.metadata.uid === owner.uid && !(foreground && isLeaving);
  }

  #finish(uid: string, going: Dependent): number | undefined {
    const { api } = this.#context;
    const object = this.#object(going);
    if (!object) return undefined;
    if (object.metadata.finalizers?.includes('orphan')) {
      for (const dependent of this.#live(uid)) {
        api.mutate(dependent.resource, dependent.namespace, dependent.name, write, (draft) => {
          const others = (draft.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid);
          if (others.length > 0) draft.metadata.ownerReferences = others;
          else delete draft.metadata.ownerReferences;
        });
      }
      this.#dependents.delete(uid);
      return this.#release(going, 'orphan');
    }
    const live = this.#live(uid);
    for (const dependent of live) this.#collect(dependent, true);
    return this.#live(uid).length === 0 ? this.#release(going, 'foregroundDeletion') : 200;
  }

  #release({ resource, namespace, name }: Dependent, finalizer: string): undefined {
    this.#context.api.mutate(resource, namespace, name, write, (draft) => {
      draft.metadata.finalizers = (draft.metadata.finalizers ?? []).filter((item) => item !== finalizer);
    });
    return undefined;
  }
}
