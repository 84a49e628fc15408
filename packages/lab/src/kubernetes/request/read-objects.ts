import type { KubeObject } from '../kinds.ts';
import type { ApiObjects } from '../registry/api-objects.ts';
import type { ResourceDefinition } from '../resources.ts';
import { badRequest, forbiddenField, StatusError, unsupportedValue } from '../status-error.ts';
import type { ApiRequest, ApiResponse } from './api-request.ts';
import { ListPages } from './list-pages.ts';
import { presentationOf } from './media-type.ts';
import { type PresentContext, presentList, presentObject } from './present.ts';
import { invalidOption } from './request-options.ts';
import { type ObjectFilter, parseFieldSelector, parseLabelSelector } from './selectors.ts';

/** Answers get and list. */
export class ObjectReader {
  readonly #api: ApiObjects;
  readonly #pages: ListPages;

  constructor(api: ApiObjects) {
    this.#api = api;
    this.#pages = new ListPages(api.store, api.clock);
  }

  /** One object. Throws 404. */
  get(request: ApiRequest, definition: ResourceDefinition): ApiResponse {
    const { namespace, name } = request.info;
    const object = this.#api.mustGet(definition.name, namespace, name);
    return { code: 200, body: presentObject(object, presentContext(request, definition, this.#api)) };
  }

  /** Objects by selectors, in pages when asked for. Throws 400 for a selector, 410 for an old page, 422 for options. */
  list(request: ApiRequest, definition: ResourceDefinition): ApiResponse {
    const { query } = request;
    const context = presentContext(request, definition, this.#api);
    refuseListOptions(query);
    this.#refuseFutureVersion(query.get('resourceVersion') ?? '');
    const token = query.get('continue') ?? '';
    const limit = integerOption(query, 'limit');
    const state = token === '' ? this.#pages.current(definition.name) : this.#pages.from(definition.name, token);
    const objects = state.objects.filter(filterOf(request, definition));
    const resourceVersion = String(state.resourceVersion);
    const last = objects[limit - 1];
    if (limit <= 0 || objects.length <= limit || !last) {
      return { code: 200, body: presentList(objects, { resourceVersion }, context) };
    }
    const next = this.#pages.keep(definition.name, state.resourceVersion, last, () =>
      this.#pages.current(definition.name),
    );
    const remainingItemCount = objects.length - limit;
    const meta = { resourceVersion, continue: next, ...(hasSelector(request) ? {} : { remainingItemCount }) };
    return { code: 200, body: presentList(objects.slice(0, limit), meta, context) };
  }

  /** Objects that a request selects, ordered by namespace and name. */
  select(request: ApiRequest, definition: ResourceDefinition): KubeObject[] {
    return this.#pages.current(definition.name).objects.filter(filterOf(request, definition));
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

/** A whole number among the options, 0 when absent. Throws 400. */
export function integerOption(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (text === '') return 0;
  if (/^-?\d+$/u.test(text)) return Number(text);
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function refuseListOptions(query: URLSearchParams): void {
  integerOption(query, 'timeoutSeconds');
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  if (query.get('continue') && version !== '' && version !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  const refuse = (cause: Parameters<typeof invalidOption>[1]): never => {
    throw invalidOption('ListOptions', cause);
  };
  if (query.get('sendInitialEvents')) {
    refuse(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  if (match === '') return;
  if (version === '') {
    refuse(
      forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
    );
  }
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    refuse(unsupportedValue('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
  }
  if (match === 'Exact' && version === '0') {
    refuse(forbiddenField('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
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
    // A watch shows objects long after it began.
    get nowMs(): number {
      return api.clock.now();
    },
  };
}
