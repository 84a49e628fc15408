/** What a URL and a method ask for, as the API server's request filter reads them. */
export interface RequestInfo {
  readonly verb: string;
  readonly path: string;
  /** False for `/version`, `/openapi/v3` and the like; the fields below are then ''. */
  readonly isResource: boolean;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** What follows the subresource, for proxies. */
  readonly rest: string;
}

const verbs: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** Subresources that hang on a namespace itself rather than being resources inside it. */
const namespaceSubresources: ReadonlySet<string> = new Set(['status', 'finalize']);

/** Reads a request's path and method. */
export function readRequestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const [root] = parts;
  const isCore = root === 'api' && parts.length >= 3;
  const isGrouped = root === 'apis' && parts.length >= 4;
  if (!isCore && !isGrouped) return nonResource(method, path);
  const group = isCore ? '' : (parts[1] ?? '');
  const version = (isCore ? parts[1] : parts[2]) ?? '';
  let rest = parts.slice(isCore ? 2 : 3);
  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length >= 3 && !namespaceSubresources.has(rest[2] ?? '')) {
    namespace = rest[1] ?? '';
    rest = rest.slice(2);
  }
  const [resource = '', name = '', subresource = '', ...tail] = rest;
  const scope = resource === 'namespaces' ? name : namespace;
  return {
    verb: resourceVerb(method, name, query),
    path,
    isResource: true,
    group,
    version,
    resource,
    subresource,
    namespace: resource === 'namespaces' ? '' : scope,
    name,
    rest: tail.join('/'),
  };
}

function nonResource(method: string, path: string): RequestInfo {
  const empty = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '', rest: '' };
  return { verb: method.toLowerCase(), path, isResource: false, ...empty };
}

function resourceVerb(method: string, name: string, query: URLSearchParams): string {
  if (method === 'GET' || method === 'HEAD') {
    if (query.get('watch') === 'true' || query.get('watch') === '1') return 'watch';
    return name === '' ? 'list' : 'get';
  }
  if (method === 'DELETE' && name === '') return 'deletecollection';
  return verbs[method] ?? method.toLowerCase();
}
