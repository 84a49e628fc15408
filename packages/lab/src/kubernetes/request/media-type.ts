import { StatusError } from '../status-error.ts';

/** How a client wants objects shown. */
export type Presentation = 'object' | 'table' | 'metadata';

/** One entry of an Accept header. */
interface AcceptedType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

function acceptedTypes(accept: string): AcceptedType[] {
  return accept.split(',').map((entry) => {
    const [type = '', ...parameters] = entry.split(';').map((part) => part.trim());
    const pairs = parameters.map((part): [string, string] => {
      const equals = part.indexOf('=');
      return [part.slice(0, equals), part.slice(equals + 1)];
    });
    return { type, parameters: new Map(pairs) };
  });
}

/** What the Accept header asks for, first match wins. Throws 406 when nothing is JSON. */
export function presentationOf(accept: string | undefined): Presentation {
  for (const { type, parameters } of acceptedTypes(accept ?? '*/*')) {
    if (!['application/json', '*/*', 'application/*', ''].includes(type)) continue;
    const as = parameters.get('as');
    if (as === undefined) return 'object';
    if (parameters.get('g') !== 'meta.k8s.io' || parameters.get('v') !== 'v1') continue;
    if (as === 'Table') return 'table';
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return 'metadata';
  }
  throw notAcceptable();
}

/** True when the client reads aggregated discovery before the plain kind. */
export function wantsAggregatedDiscovery(accept: string | undefined): boolean {
  for (const { type, parameters } of acceptedTypes(accept ?? '')) {
    if (type !== 'application/json') continue;
    const as = parameters.get('as');
    if (as === undefined) return false;
    if (
      as === 'APIGroupDiscoveryList' &&
      parameters.get('v') === 'v2' &&
      parameters.get('g') === 'apidiscovery.k8s.io'
    ) {
      return true;
    }
  }
  return false;
}

/** 406: the lab writes JSON only. */
export function notAcceptable(): StatusError {
  return new StatusError({
    code: 406,
    reason: 'NotAcceptable',
    message: 'only the following media types are accepted: application/json',
  });
}

/** 415 for a body that is not JSON (or YAML, where apply takes it). */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  return new StatusError({
    code: 415,
    reason: 'UnsupportedMediaType',
    message: `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  });
}
