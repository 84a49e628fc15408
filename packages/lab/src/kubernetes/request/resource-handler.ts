import { answerReview } from '../auth/reviews.ts';
import type { TokenAuthenticator } from '../auth/token-authentication.ts';
import { requestToken } from '../auth/token-request.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../kinds.ts';
import type { ApiObjects } from '../registry/api-objects.ts';
import { type ResourceDefinition, resourceAt } from '../resources.ts';
import { methodNotAllowed, pathNotFound, StatusError } from '../status-error.ts';
import type { ApiRequest, ApiResponse } from './api-request.ts';
import { bindingSubresource } from './binding.ts';
import { evictPod } from './eviction.ts';
import { type LogSource, podLog } from './pod-log.ts';
import { presentList, presentObject } from './present.ts';
import { ObjectReader, presentContext } from './read-objects.ts';
import { scaleSubresource } from './scale.ts';
import { watchObjects } from './watch-objects.ts';
import { deleteRequestOf, ObjectWriter } from './write-objects.ts';

/** Resources that the server warns of, from a minor version on. */
const deprecations: Readonly<Record<string, { readonly minor: number; readonly text: string }>> = {
  endpoints: { minor: 33, text: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice' },
};

function isFromMinor(version: string, minor: number): boolean {
  return Number(version.replace(/^v/u, '').split('.')[1]) >= minor;
}

/** Answers every request for a resource. */
export class ResourceHandler {
  readonly #api: ApiObjects;
  readonly #tokens: TokenAuthenticator;
  readonly #logs: LogSource;
  readonly #reader: ObjectReader;
  readonly #writer: ObjectWriter;

  constructor(api: ApiObjects, tokens: TokenAuthenticator, logs: LogSource) {
    this.#api = api;
    this.#tokens = tokens;
    this.#logs = logs;
    this.#reader = new ObjectReader(api);
    this.#writer = new ObjectWriter(api);
  }

  /** Throws StatusErrors: 404 for what is not served, 405 for a verb that is not offered, and those of the verbs. */
  handle(request: ApiRequest): ApiResponse {
    const { group, version, resource, subresource } = request.info;
    const review = answerReview(request, { store: this.#api.store, tokens: this.#tokens });
    if (review) return review;
    const definition = resourceAt(group, version, resource);
    if (!definition) throw pathNotFound();
    const reply = subresource === '' ? this.#object(request, definition) : this.#subresource(request, definition);
    const warning = deprecations[definition.name];
    if (warning === undefined || 'open' in reply || !isFromMinor(this.#api.config.version, warning.minor)) return reply;
    return { ...reply, warnings: [...(reply.warnings ?? []), warning.text] };
  }

  #object(request: ApiRequest, definition: ResourceDefinition): ApiResponse {
    const { verb, namespace } = request.info;
    if (!definition.namespaced && namespace !== '') throw pathNotFound();
    switch (verb) {
      case 'get':
        return this.#reader.get(request, definition);
      case 'list':
        return this.#reader.list(request, definition);
      case 'watch':
        return watchObjects(this.#api, request, definition);
      case 'create':
        if (request.info.name !== '' || (definition.namespaced && namespace === '')) throw methodNotAllowed({});
        return this.#writer.create(request, definition);
      case 'update':
        if (request.info.name === '') throw methodNotAllowed({});
        return this.#writer.update(request, definition, '');
      case 'patch':
        if (request.info.name === '') throw methodNotAllowed({});
        return this.#writer.patch(request, definition, '');
      case 'delete':
        return this.#remove(request, definition);
      case 'deletecollection':
        return this.#removeAll(request, definition);
      default:
        throw methodNotAllowed({});
    }
  }

  #remove(request: ApiRequest, definition: ResourceDefinition): ApiResponse {
    const { namespace, name } = request.info;
    const { object, gone } = this.#api.remove(definition.name, namespace, name, deleteRequestOf(request));
    if (!gone || definition.name === 'pods') {
      return { code: 200, body: presentObject(object, presentContext(request, definition, this.#api)) };
    }
    return { code: 200, body: deletedStatus(object, definition) };
  }

  #removeAll(request: ApiRequest, definition: ResourceDefinition): ApiResponse {
    const isNarrow = definition.namespaced ? request.info.namespace !== '' : definition.name !== 'namespaces';
    if (!isNarrow) throw methodNotAllowed({});
    const options = deleteRequestOf(request);
    const removed = this.#reader.select(request, definition).map(({ metadata }) => {
      return this.#api.remove(definition.name, metadata.namespace ?? '', metadata.name, options).object;
    });
    const meta = { resourceVersion: String(this.#api.store.revision) };
    return { code: 200, body: presentList(removed, meta, presentContext(request, definition, this.#api)) };
  }

  #subresource(request: ApiRequest, definition: ResourceDefinition): ApiResponse {
    const { subresource, verb } = request.info;
    if (subresource === 'status' && definition.status) return this.#status(request, definition);
    if (subresource === 'scale' && definition.scale) return scaleSubresource(this.#api, request, definition);
    if (definition.name === 'pods') return this.#podSubresource(request);
    if (definition.name === 'serviceaccounts' && subresource === 'token' && verb === 'create') {
      return requestToken(this.#api, this.#tokens, request);
    }
    if (definition.name === 'namespaces' && subresource === 'finalize' && verb === 'update') {
      return this.#writer.update(request, definition, 'finalize');
    }
    throw pathNotFound();
  }

  #status(request: ApiRequest, definition: ResourceDefinition): ApiResponse {
    if (request.info.verb === 'get') return this.#reader.get(request, definition);
    if (request.info.verb === 'update') return this.#writer.update(request, definition, 'status');
    if (request.info.verb === 'patch') return this.#writer.patch(request, definition, 'status');
    throw methodNotAllowed({});
  }

  #podSubresource(request: ApiRequest): ApiResponse {
    const { subresource, verb } = request.info;
    if (subresource === 'log' && verb === 'get') return podLog(this.#api, this.#logs, request);
    if (subresource === 'eviction' && verb === 'create') return evictPod(this.#api, request);
    if (subresource === 'binding' && verb === 'create') return bindingSubresource(this.#api, request);
    if (['exec', 'attach', 'portforward', 'proxy', 'ephemeralcontainers', 'resize'].includes(subresource)) {
      this.#api.mustGet('pods', request.info.namespace, request.info.name);
      throw notInLab(subresource);
    }
    throw pathNotFound();
  }
}

/** 405 for what needs a running program: no image runs in the lab. */
function notInLab(subresource: string): StatusError {
  return new StatusError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: `pods/${subresource} is not possible in the lab: containers are stand-ins, no image runs`,
  });
}

function deletedStatus(object: KubeObject, definition: ResourceDefinition): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: object.metadata.name,
      ...(definition.group === '' ? {} : { group: definition.group }),
      kind: definition.plural,
      uid: object.metadata.uid ?? '',
    },
  };
}
