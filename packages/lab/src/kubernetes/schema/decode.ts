import { isObject, type Json, type JsonObject } from '../json.ts';
import { badRequest } from '../status-error.ts';
import type { ScalarKind, Schema, StructSchema } from './schema.ts';

/** A body read against its type: only declared fields remain; `unknownFields` are the paths of the others. */
export interface Decoded {
  readonly object: JsonObject;
  readonly unknownFields: readonly string[];
}

/** What the decoder says of a mistyped field needs the kind and version of the body. */
export interface DecodeSubject {
  readonly kind: string;
  readonly version: string;
}

/**
 * Reads a JSON body as the API server's decoder does: unknown fields are dropped and named, null means absent,
 * quantities become text. Throws 400 BadRequest in the decoder's words for a field of the wrong type.
 */
export function decodeStruct(schema: StructSchema, body: JsonObject, subject: DecodeSubject): Decoded {
  const unknownFields: string[] = [];
  const object = decodeFields(schema, body, '', { subject, unknownFields, owner: schema.type });
  return { object, unknownFields };
}

interface DecodeState {
  readonly subject: DecodeSubject;
  readonly unknownFields: string[];
  /** Type of the struct whose field is read. */
  readonly owner: string;
}

function decodeFields(schema: StructSchema, value: JsonObject, path: string, state: DecodeState): JsonObject {
  const object: JsonObject = {};
  for (const [name, item] of Object.entries(value)) {
    const field = schema.fields.get(name);
    const itemPath = path === '' ? name : `${path}.${name}`;
    if (!field) state.unknownFields.push(itemPath);
    else if (item !== null && item !== undefined) object[name] = decodeValue(field.schema, item, itemPath, state);
  }
  return object;
}

function decodeValue(schema: Schema, value: Json, path: string, state: DecodeState): Json {
  switch (schema.form) {
    case 'any':
      return value;
    case 'scalar':
      return decodeScalar(schema.scalar, value, path, state);
    case 'struct':
      if (!isObject(value)) return mistyped(value, path, 'object', state);
      return decodeFields(schema, value, path, { ...state, owner: schema.type });
    case 'map': {
      if (!isObject(value)) return mistyped(value, path, 'map', state);
      const map: JsonObject = {};
      for (const [key, item] of Object.entries(value)) {
        if (item === null && schema.values.form === 'scalar' && schema.values.scalar === 'text') map[key] = '';
        else if (item !== null && item !== undefined)
          map[key] = decodeValue(schema.values, item, `${path}.${key}`, state);
      }
      return map;
    }
    case 'list':
      if (!Array.isArray(value)) return mistyped(value, path, 'list', state);
      return value.map((item, index) => decodeValue(schema.items, item, `${path}[${index}]`, state));
  }
}

const goTypes: Readonly<Record<ScalarKind, string>> = {
  text: 'string',
  bytes: '[]uint8',
  integer: 'int32',
  decimal: 'float64',
  boolean: 'bool',
  time: 'v1.Time',
  'int-or-text': 'intstr.IntOrString',
  quantity: 'resource.Quantity',
};

function decodeScalar(scalar: ScalarKind, value: Json, path: string, state: DecodeState): Json {
  switch (scalar) {
    case 'text':
      return typeof value === 'string' ? value : mistyped(value, path, scalar, state);
    case 'bytes':
      if (typeof value !== 'string') return mistyped(value, path, scalar, state);
      return isBase64(value) ? value : illegalBase64(value, state);
    case 'integer':
      return Number.isInteger(value) ? value : mistyped(value, path, scalar, state);
    case 'decimal':
      return typeof value === 'number' ? value : mistyped(value, path, scalar, state);
    case 'boolean':
      return typeof value === 'boolean' ? value : mistyped(value, path, scalar, state);
    case 'int-or-text':
      return Number.isInteger(value) || typeof value === 'string' ? value : mistyped(value, path, scalar, state);
    case 'quantity':
      if (typeof value !== 'string' && typeof value !== 'number') return mistyped(value, path, scalar, state);
      return isQuantity(String(value)) ? String(value) : badQuantity(state);
    case 'time':
      if (typeof value !== 'string') return mistyped(value, path, scalar, state);
      return Number.isNaN(Date.parse(value)) ? badTime(value, state) : value;
  }
}

/** True for standard base64 with padding. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/u.test(text);
}

/** True for a quantity such as `500m`, `1.5`, `2Gi`, `1e3`. */
export function isQuantity(text: string): boolean {
  return /^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/u.test(text);
}

function preamble(state: DecodeState): string {
  const { kind, version } = state.subject;
  return `${kind} in version "${version}" cannot be handled as a ${kind}`;
}

function mistyped(value: Json, path: string, wanted: string, state: DecodeState): never {
  const seen = Array.isArray(value)
    ? 'array'
    : isObject(value)
      ? 'object'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value;
  const shown = typeof value === 'number' && wanted === 'integer' ? `number ${value}` : seen;
  const goType =
    goTypes[wanted as ScalarKind] ??
    (wanted === 'list' ? '[]slice' : wanted === 'map' ? 'map[string]string' : 'struct');
  const field = path.replaceAll(/\[\d+\]/gu, '');
  throw badRequest(
    `${preamble(state)}: json: cannot unmarshal ${shown} into Go struct field ${goStruct(state.owner)}.${field} of type ${goType}`,
  );
}

/** Name of a type in Go: `V1DeploymentSpec` is DeploymentSpec there. */
function goStruct(type: string): string {
  return type.replace(/^(Core|Discovery|Rbac|Authentication)?V1/u, '');
}

function illegalBase64(value: string, state: DecodeState): never {
  const at = Math.max(0, value.search(/[^A-Za-z0-9+/]/u));
  throw badRequest(`${preamble(state)}: illegal base64 data at input byte ${at}`);
}

function badQuantity(state: DecodeState): never {
  throw badRequest(
    `${preamble(state)}: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
  );
}

function badTime(value: string, state: DecodeState): never {
  throw badRequest(
    `${preamble(state)}: parsing time "${value}" as "2006-01-02T15:04:05Z07:00": cannot parse "${value}" as "2006"`,
  );
}
