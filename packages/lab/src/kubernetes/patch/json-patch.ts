import { isObject, type Json, jsonClone, jsonEqual } from '../json.ts';
import { badRequest, internalError, StatusError } from '../status-error.ts';

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from: string | undefined;
  readonly value: Json | undefined;
}

/**
 * Applies an RFC 6902 patch and returns the new value; `target` stays as it is.
 * Throws 400 for a malformed patch and 422 for one that does not fit, as the API server does.
 */
export function applyJsonPatch(target: Json, patch: Json): Json {
  if (!Array.isArray(patch))
    throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  if (patch.length > 10_000) throw badRequest('The allowed maximum operations in a JSON patch is 10000');
  let document = jsonClone(target);
  for (const entry of patch) document = applyOperation(document, readOperation(entry));
  return document;
}

function readOperation(entry: Json): Operation {
  if (!isObject(entry) || typeof entry.op !== 'string' || typeof entry.path !== 'string') {
    throw badRequest('error decoding patch: each operation needs op and path');
  }
  return {
    op: entry.op,
    path: entry.path,
    from: typeof entry.from === 'string' ? entry.from : undefined,
    value: entry.value,
  };
}

function applyOperation(document: Json, operation: Operation): Json {
  switch (operation.op) {
    case 'add':
      return addAt(document, operation.path, valueOf(operation));
    case 'remove':
      return removeAt(document, operation.path);
    case 'replace':
      readAt(document, operation.path, 'replace');
      return addAt(removeAt(document, operation.path, true), operation.path, valueOf(operation));
    case 'move': {
      const moved = readAt(document, operation.from ?? '', 'move');
      return addAt(removeAt(document, operation.from ?? ''), operation.path, moved);
    }
    case 'copy':
      return addAt(document, operation.path, jsonClone(readAt(document, operation.from ?? '', 'copy')));
    case 'test':
      if (jsonEqual(readAt(document, operation.path, 'test'), operation.value ?? null)) return document;
      throw doesNotFit(`testing value ${operation.path} failed: test failed`);
    default:
      throw doesNotFit(`Unexpected kind: ${operation.op}`);
  }
}

function valueOf(operation: Operation): Json {
  if (operation.value === undefined) throw badRequest(`${operation.op} operation does not have a value`);
  return jsonClone(operation.value);
}

function pointer(path: string): string[] {
  if (path === '') return [];
  if (!path.startsWith('/')) throw doesNotFit(`JSON pointer ${path} does not start with /`);
  return path
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function doesNotFit(why: string): StatusError {
  return new StatusError({
    code: 422,
    reason: 'Invalid',
    message: `the server rejected our request due to an error in our request: ${why}`,
  });
}

function readAt(document: Json, path: string, op: string): Json {
  let current: Json | undefined = document;
  for (const part of pointer(path)) {
    if (Array.isArray(current)) current = current[Number(part)];
    else if (isObject(current)) current = current[part];
    else current = undefined;
  }
  if (current === undefined)
    throw doesNotFit(`${op} operation does not apply: doc is missing path: ${path}: missing value`);
  return current;
}

function parentOf(document: Json, path: string): { parent: Json; last: string } {
  const parts = pointer(path);
  const last = parts.pop();
  if (last === undefined) throw internalError('the root has no parent');
  let parent: Json | undefined = document;
  for (const part of parts)
    parent = Array.isArray(parent) ? parent[Number(part)] : isObject(parent) ? parent[part] : undefined;
  if (parent === undefined)
    throw doesNotFit(`add operation does not apply: doc is missing path: "${path}": missing value`);
  return { parent, last };
}

function addAt(document: Json, path: string, value: Json): Json {
  if (path === '') return value;
  const { parent, last } = parentOf(document, path);
  if (Array.isArray(parent)) {
    const index = last === '-' ? parent.length : Number(last);
    if (!Number.isInteger(index) || index < 0 || index > parent.length) {
      throw doesNotFit(`add operation does not apply: doc is missing path: "${path}": invalid array index`);
    }
    parent.splice(index, 0, value);
  } else if (isObject(parent)) parent[last] = value;
  else throw doesNotFit(`add operation does not apply: doc is missing path: "${path}": missing value`);
  return document;
}

function removeAt(document: Json, path: string, forReplace = false): Json {
  if (path === '') return forReplace ? document : null;
  readAt(document, path, 'remove');
  const { parent, last } = parentOf(document, path);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isObject(parent)) delete parent[last];
  return document;
}
