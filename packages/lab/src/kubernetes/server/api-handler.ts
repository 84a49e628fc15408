import { isNoRoom } from '../../disk/no-room.ts';
import { type ApiUser, anonymousUser } from '../auth/api-user.ts';
import { impersonated } from '../auth/impersonation.ts';
import { accessDenied, attributesOf, isAllowed } from '../auth/rbac.ts';
import type { TokenAuthenticator } from '../auth/token-authentication.ts';
import { gitVersionOf } from '../cluster-config.ts';
import { discoveryReply } from '../discovery/discovery.ts';
import { openApiDocument, openApiIndex } from '../discovery/openapi.ts';
import { openApiV2Document } from '../discovery/openapi-v2.ts';
import type { ClusterFaults } from '../faults/cluster-faults.ts';
import type { JsonObject } from '../json.ts';
import type { ApiObjects } from '../registry/api-objects.ts';
import type { ApiRequest, ApiResponse } from '../request/api-request.ts';
import { wantsAggregatedDiscovery } from '../request/media-type.ts';
import type { LogSource } from '../request/pod-log.ts';
import { readRequestInfo } from '../request/request-info.ts';
import { ResourceHandler } from '../request/resource-handler.ts';
import { conflict, internalError, pathNotFound, StatusError, tooLarge, tooManyRequests } from '../status-error.ts';

/** A request as it came over the wire. */
export interface WireRequest {
  readonly method: string;
  /** Path with query. */
  readonly url: string;
  /** By name in lower case; a header that came several times has its values one a line. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** Bytes of the largest body that is read. */
export const largestBodyBytes = 3 * 1024 * 1024;

/** Paths that anybody may read, as `system:public-info-viewer` grants. */
const publicPaths = /^\/(healthz|livez|readyz|version)(\/.*)?$/u;

/** The API server without its socket: authentication, authorization, discovery, resources. */
export class ApiHandler {
  readonly #api: ApiObjects;
  readonly #tokens: TokenAuthenticator;
  readonly #faults: ClusterFaults;
  readonly #resources: ResourceHandler;
  readonly #address: string;

  constructor(parts: {
    readonly api: ApiObjects;
    readonly tokens: TokenAuthenticator;
    readonly faults: ClusterFaults;
    readonly logs: LogSource;
    /** Address of the API in the model, `192.168.4.63:6443`. */
    readonly address: string;
  }) {
    this.#api = parts.api;
    this.#tokens = parts.tokens;
    this.#faults = parts.faults;
    this.#address = parts.address;
    this.#resources = new ResourceHandler(parts.api, parts.tokens, parts.logs);
  }

  /** Answers a request; refusals are answers too. */
  handle(wire: WireRequest): ApiResponse {
    this.#api.servingClient = true;
    try {
      return this.#answer(wire);
    } catch (error) {
      const refusal = error instanceof StatusError ? error : unexpected(error);
      return { code: refusal.code, body: refusal.toStatus() };
    } finally {
      this.#api.servingClient = false;
    }
  }

  #answer(wire: WireRequest): ApiResponse {
    const url = new URL(wire.url, 'https://lab.invalid');
    const info = readRequestInfo(wire.method, url.pathname, url.searchParams);
    const sender = this.#authenticate(wire.headers.authorization, url.pathname);
    const user = impersonated(this.#api.store, sender, wire.headers);
    this.#faultBefore(info.isResource ? info.resource : '', info.verb);
    const request: ApiRequest = {
      info,
      method: wire.method,
      query: url.searchParams,
      user,
      accept: wire.headers.accept,
      contentType: wire.headers['content-type'] ?? '',
      userAgent: wire.headers['user-agent'] ?? '',
      body: wire.body,
    };
    const attributes = attributesOf(info);
    const isPublic = publicPaths.test(url.pathname);
    if (!isPublic && !isAllowed(this.#api.store, user, attributes)) throw accessDenied(user, attributes);
    if (Buffer.byteLength(wire.body) > largestBodyBytes) throw tooLarge(`limit is ${largestBodyBytes}`);
    return info.isResource ? this.#resources.handle(request) : this.#plainPath(request);
  }

  /** Throws 401 for a missing or bad token, except where anybody may read. */
  #authenticate(authorization: string | undefined, path: string): ApiUser {
    const token = /^Bearer (.+)$/u.exec(authorization ?? '')?.[1];
    const user = token === undefined ? undefined : this.#tokens.authenticate(token);
    if (user) return user;
    if (authorization === undefined && publicPaths.test(path)) return anonymousUser;
    throw new StatusError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
  }

  #faultBefore(resource: string, verb: string): void {
    const throttle = this.#faults.take('api-throttled');
    if (throttle) {
      throw tooManyRequests('Too many requests, please try again later.', throttle.retryAfterSeconds ?? 1);
    }
    if (this.#faults.take('api-errors')) {
      throw new StatusError({
        code: 500,
        reason: 'InternalError',
        message: 'Internal error occurred: etcdserver: request timed out',
      });
    }
    if (!['create', 'update', 'patch', 'delete'].includes(verb)) return;
    const storm = this.#faults.take(
      'api-conflicts',
      (fault) => fault.resource === undefined || fault.resource === resource,
    );
    if (storm) {
      throw conflict(
        { resource, name: '' },
        'the object has been modified; please apply your changes to the latest version and try again',
      );
    }
  }

  #plainPath(request: ApiRequest): ApiResponse {
    const { path } = request.info;
    if (request.method !== 'GET' && request.method !== 'HEAD') throw pathNotFound();
    if (/^\/(healthz|livez|readyz)(\/|$)/u.test(path))
      return { code: 200, body: 'ok', contentType: 'text/plain; charset=utf-8' };
    if (path === '/version') return { code: 200, body: this.#version() };
    if (path === '/' || path === '')
      return {
        code: 200,
        body: { paths: ['/api', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'] },
      };
    if (path === '/openapi/v2') return { code: 200, ...openApiV2Document(request.accept) };
    if (path === '/openapi/v3') return { code: 200, body: openApiIndex() };
    if (path.startsWith('/openapi/v3/')) {
      const text = openApiDocument(path.slice('/openapi/v3/'.length));
      if (text === undefined) throw pathNotFound();
      return { code: 200, body: text, contentType: 'application/json' };
    }
    const found = discoveryReply(path, wantsAggregatedDiscovery(request.accept), this.#address);
    if (!found) throw pathNotFound();
    return { code: 200, ...found };
  }

  #version(): JsonObject {
    const gitVersion = gitVersionOf(this.#api.config);
    const [major = '', minor = ''] = gitVersion.slice(1).split('.');
    return {
      major,
      minor,
      gitVersion,
      gitCommit: '',
      gitTreeState: 'clean',
      buildDate: '1970-01-01T00:00:00Z',
      goVersion: '',
      compiler: 'vmstation-lab',
      platform: 'linux/amd64',
    };
  }
}

function unexpected(error: unknown): StatusError {
  if (isNoRoom(error)) return internalError(`${error.message} ${error.tryThis ?? ''}`);
  return internalError(
    `Internal error occurred: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
}
