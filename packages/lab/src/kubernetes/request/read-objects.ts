import { randomUUID } from 'node:crypto';
import type { KubeObject } from '../kinds.ts';
import type { ApiObjects } from '../registry/api-objects.ts';
import type { ResourceDefinition } from '../resources.ts';
import { badRequest, expired, StatusError } from '../status-error.ts';
import type { ApiRequest, ApiResponse } from './api-request.ts';
import { presentationOf } from './media-type.ts';
import { type PresentContext, presentList, presentObject } from './present.ts';
import { type ObjectFilter, parseFieldSelector, parseLabelSelector } from './selectors.ts';

/** Rest of a list that a client reads in pages. */
interface Page {
  readonly objects: readonly KubeObject[];
  readonly resourceVersion: string;
  readonly validUntilMs: number;
}

const pageLifeMs = 5 * 60_000;

/** Answers get and list. Pages of one list show one state of the cluster, for five minutes. */
export class ObjectReader {
  readonly #api: ApiObjects;
  readonly #pages = new Map<string, Page>();

  constructor(api: ApiObjects) {
    this.#api = api;
  }

  /** One object. Throws 404. */
  get(request: ApiRequest, definition: ResourceDefinition): ApiResponse {
    const { namespace, name } = request.info;
    const object = this.#api.mustGet(definition.name, namespace, name);
    return { code: 200, body: presentObject(object, presentContext(request, definition, this.#api)) };
  }

  /** Objects by selectors, in pages when asked for. Throws 400 for a selector, 410 for an old page. */
  list(request: ApiRequest, definition: ResourceDefinition): ApiResponse {
    const { query } = request;
    const context = presentContext(request, definition, this.#api);
    this.#refuseFutureVersion(query.get('resourceVersion') ?? '');
    const token = query.get('continue') ?? '';
    const { objects, resourceVersion } = token === '' ? this.#select(request, definition) : this.#nextPage(token);
    const limit = Number(query.get('limit') ?? 0);
    if (Number.isNaN(limit)) throw badRequest(`strconv.ParseInt: parsing "${query.get('limit')}": invalid syntax`);
    if (limit <= 0 || objects.length <= limit) {
      return { code: 200, body: presentList(objects, { resourceVersion }, context) };
    }
    const rest = objects.slice(limit);
    const meta = {
      resourceVersion,
      continue: this.#keepPage({ objects: rest, resourceVersion, validUntilMs: this.#api.clock.now() + pageLifeMs }),
      ...(hasSelector(request) ? {} : { remainingItemCount: rest.length }),
    };
    return { code: 200, body: presentList(objects.slice(0, limit), meta, context) };
  }

  /** Objects that a request selects, ordered by namespace and name. */
  select(request: ApiRequest, definition: ResourceDefinition): KubeObject[] {
    return [...this.#select(request, definition).objects];
  }

  #select(request: ApiRequest, definition: ResourceDefinition): Pick<Page, 'objects' | 'resourceVersion'> {
    const filter = filterOf(request, definition);
    const objects = (this.#api.store.list(definition.name, request.info.namespace) as KubeObject[])
      .filter(filter)
      .toSorted(byAddress);
    return { objects, resourceVersion: String(this.#api.store.revision) };
  }

  #nextPage(token: string): Page {
    const page = this.#pages.get(token);
    this.#pages.delete(token);
    if (!page || page.validUntilMs < this.#api.clock.now()) {
      throw expired(
        'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
      );
    }
    return page;
  }

  #keepPage(page: Page): string {
    const now = this.#api.clock.now();
    for (const [token, kept] of this.#pages) if (kept.validUntilMs < now) this.#pages.delete(token);
    const token = Buffer.from(
      JSON.stringify({ v: 'meta.k8s.io/v1', rv: page.resourceVersion, id: randomUUID() }),
    ).toString('base64url');
    this.#pages.set(token, page);
    return token;
  }

  #refuseFutureVersion(resourceVersion: string): void {
    if (resourceVersion === '') return;
    const wanted = Number(resourceVersion);
    if (!Number.isInteger(wanted) || wanted < 0)
      throw badRequest(`Invalid value: "${resourceVersion}": resourceVersion`);
    if (wanted > this.#api.store.revision) {
      throw new StatusError({
        code: 504,
        reason: 'Timeout',
        message: `Too large resource version: ${wanted}, current: ${this.#api.store.revision}`,
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version', field: '' }],
        retryAfterSeconds: 1,
      });
    }
  }
}

function hasSelector({ query }: ApiRequest): boolean {
  return Boolean(query.get('labelSelector')) || Boolean(query.get('fieldSelector'));
}

function byAddress(left: KubeObject, right: KubeObject): number {
  const key = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;
  return key(left) < key(right) ? -1 : 1;
}

/** What a request's selectors mean. */
export function filterOf(request: ApiRequest, definition: ResourceDefinition): ObjectFilter {
  const labels = parseLabelSelector(request.query.get('labelSelector') ?? '');
  const fields = parseFieldSelector(request.query.get('fieldSelector') ?? '', definition);
  const { name, namespace } = request.info;
  return (object) =>
    (name === '' || object.metadata.name === name) &&
    (namespace === '' || object.metadata.namespace === namespace) &&
    labels(object.metadata.labels) &&
    fields(object);
}

/** How a request's reply is to be shown. */
export function presentContext(request: ApiRequest, definition: ResourceDefinition, api: ApiObjects): PresentContext {
  return {
    definition,
    presentation: presentationOf(request.accept),
    includeObject: request.query.get('includeObject') ?? 'Metadata',
    nowMs: api.clock.now(),
  };
}
