import type { ApiUser } from '../auth/api-user.ts';
import { isObject, type JsonObject } from '../json.ts';
import { badRequest } from '../status-error.ts';
import { unsupportedMediaType } from './media-type.ts';
import { readProtobufBody } from './protobuf/read-body.ts';
import type { RequestInfo } from './request-info.ts';

/** A request after authentication. */
export interface ApiRequest {
  readonly info: RequestInfo;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly user: ApiUser;
  readonly accept: string | undefined;
  readonly contentType: string;
  readonly userAgent: string;
  readonly body: string;
}

/** A stream's way out: `write` sends one line, `end` closes. */
export interface StreamSink {
  write(text: string): void;
  end(): void;
}

/** A reply: a whole body, or a stream that `open` feeds until the function it returned is called. */
export type ApiResponse =
  | {
      readonly code: number;
      readonly body: JsonObject | string;
      readonly contentType?: string;
      readonly warnings?: readonly string[];
    }
  | { readonly code: number; readonly open: (sink: StreamSink) => () => void; readonly contentType?: string };

/** The body as a JSON object. Throws 415 for another media type and 400 for what is no object. */
export function jsonBody(request: ApiRequest): JsonObject {
  const type = request.contentType.split(';')[0]?.trim() ?? '';
  if (type === 'application/vnd.kubernetes.protobuf') return readProtobufBody(request.body);
  if (type !== '' && type !== 'application/json' && !type.endsWith('+json')) {
    throw unsupportedMediaType(['application/json', 'application/yaml']);
  }
  return parseObject(request.body);
}

/** Parses JSON text that must be an object. Throws 400. */
export function parseObject(text: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw badRequest(`error decoding body: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(parsed)) throw badRequest("couldn't get version/kind; json parse error: the body is no JSON object");
  return parsed;
}

/** Name under which a write's fields are owned: `fieldManager`, else the user agent's program name. */
export function managerOf(request: ApiRequest): string {
  const named = request.query.get('fieldManager');
  if (named) {
    if (named.length > 128) throw badRequest('fieldManager: Invalid value: must be no more than 128 characters');
    return named;
  }
  return request.userAgent.split('/')[0]?.slice(0, 128) || 'unknown';
}

/** True when the client asks for a dry run. Throws 400 for any value but All. */
export function isDryRun(request: ApiRequest): boolean {
  const value = request.query.getAll('dryRun').filter((item) => item !== '');
  if (value.length === 0) return false;
  if (value.every((item) => item === 'All')) return true;
  throw badRequest(`dryRun: Unsupported value: ${JSON.stringify(value)}: supported values: "All"`);
}

/** What to do about unknown fields. Throws 400 for an unknown wish. */
export function fieldValidationOf(request: ApiRequest): 'Strict' | 'Warn' | 'Ignore' {
  const value = request.query.get('fieldValidation') ?? 'Warn';
  if (value === '' || value === 'Warn') return 'Warn';
  if (value === 'Strict' || value === 'Ignore') return value;
  throw badRequest(`fieldValidation: Unsupported value: "${value}": supported values: "Ignore", "Strict", "Warn"`);
}
