import type { ClusterClock } from '../clock.ts';
import { isObject } from '../json.ts';
import type { KubeObject, ResourceName } from '../kinds.ts';
import { badRequest, expired } from '../status-error.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/** All objects of a resource at one version, ordered by namespace and name. */
export interface ListState {
  readonly objects: readonly KubeObject[];
  readonly resourceVersion: number;
}

interface Kept extends ListState {
  readonly validUntilMs: number;
}

/** Where a page begins, and in which version of the cluster; -1 is the current one. */
interface Place {
  readonly version: number;
  readonly start: string;
}

/** As long as etcd remembers before an API server has it compacted. */
const pageLifeMs = 5 * 60_000;

/** States of lists that clients read in pages. A token tells version and place, as a real one does, so a page may be read again. */
export class ListPages {
  readonly #store: ObjectStore;
  readonly #clock: ClusterClock;
  readonly #kept = new Map<string, Kept>();

  constructor(store: ObjectStore, clock: ClusterClock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The resource as it is now. */
  current(resource: ResourceName): ListState {
    const objects = (this.#store.list(resource) as KubeObject[]).toSorted((left, right) =>
      addressOf(left) < addressOf(right) ? -1 : 1,
    );
    return { objects, resourceVersion: this.#store.revision };
  }

  /** The rest of a list from a token. Throws 400 for one that is none and 410 when its version is forgotten. */
  from(resource: ResourceName, token: string): ListState {
    const place = placeOf(token);
    const state = place.version === -1 ? this.current(resource) : this.#recall(resource, place);
    return { ...state, objects: state.objects.filter((object) => addressOf(object) >= place.start) };
  }

  #recall(resource: ResourceName, place: Place): ListState {
    if (place.version === this.#store.revision) return this.current(resource);
    const kept = this.#kept.get(`${resource} ${place.version}`);
    if (kept && kept.validUntilMs >= this.#clock.now()) return kept;
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
      tokenOf({ version: -1, start: place.start }),
    );
  }

  /** A token for what follows `last` in a list of this version, whose state is kept for five minutes. */
  keep(resource: ResourceName, version: number, last: KubeObject, state: () => ListState): string {
    const now = this.#clock.now();
    for (const [key, { validUntilMs }] of this.#kept) if (validUntilMs < now) this.#kept.delete(key);
    const key = `${resource} ${version}`;
    if (!this.#kept.has(key)) this.#kept.set(key, { ...state(), validUntilMs: now + pageLifeMs });
    return tokenOf({ version, start: `${addressOf(last)}\u0000` });
  }
}

function addressOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function tokenOf({ version, start }: Place): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start })).toString('base64url');
}

function placeOf(token: string): Place {
  let read: unknown;
  try {
    read = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch (error) {
    throw badRequest(`continue key is not valid: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(read) || read.v !== 'meta.k8s.io/v1') {
    throw badRequest('continue key is not valid: server does not recognize this encoded version');
  }
  if (typeof read.rv !== 'number' || read.rv === 0) {
    throw badRequest('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  if (typeof read.start !== 'string' || read.start === '') {
    throw badRequest('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  }
  return { version: read.rv, start: read.start };
}
