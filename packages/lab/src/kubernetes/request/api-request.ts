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
      /** True when the text of the body holds one character per byte, as that of a protobuf request does. */
      readonly isBinary?: boolean;
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
