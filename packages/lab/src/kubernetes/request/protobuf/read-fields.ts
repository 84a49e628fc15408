import { type Json, type JsonObject } from '../../json.ts';
import { type ScalarKind, type Schema, type StructSchema, typeSchema } from '../../schema/schema.ts';
import { badRequest } from '../../status-error.ts';
import { fieldLines } from './fields.gen.ts';
import { type WireField, wireFields } from './wire-fields.ts';

/** What a number of a message stands for: a field of the object, or a message whose fields are the object's own. */
type Numbered = { readonly field: string; readonly zeroIsAbsent: boolean } | { readonly within: Map<number, Numbered> };

const lines = new Map(
  fieldLines.split('\n').map((line): [string, string[]] => [line.split(' ')[0] ?? '', line.split(' ').slice(1)]),
);
/** Name of a type in OpenAPI documents without `io.k8s.`, `api.core.v1.Pod`; undefined for a type without a protobuf form. */
export function goNameOf(type: string): string | undefined {
  return lines.get(type)?.[0];
}

const tables = new Map<string, Map<number, Numbered>>();

function numbersOf(type: string): Map<number, Numbered> {
  const known = tables.get(type);
  if (known) return known;
  const table = new Map<number, Numbered>();
  for (const entry of lines.get(type)?.slice(1) ?? []) {
    const [, field = '', path = '', mark] = /^(.*)=([\d.]+)(\?)?$/u.exec(entry) ?? [];
    const numbers = path.split('.').map(Number);
    let owner = table;
    for (const number of numbers.slice(0, -1)) {
      const next = owner.get(number);
      const within = next && 'within' in next ? next.within : new Map<number, Numbered>();
      owner.set(number, { within });
      owner = within;
    }
    owner.set(numbers.at(-1) ?? 0, { field, zeroIsAbsent: mark === '?' });
  }
  tables.set(type, table);
  return table;
}

/** Reads a message as the JSON object that the same Go value is written as. Fields that the type lacks are left out, as protobuf does. */
export function readFields(message: Buffer, type: string): JsonObject {
  const object: JsonObject = {};
  readInto(object, message, numbersOf(type), typeSchema(type));
  return object;
}

function readInto(object: JsonObject, message: Buffer, numbers: Map<number, Numbered>, schema: StructSchema): void {
  for (const wire of wireFields(message)) {
    const found = numbers.get(wire.number);
    if (!found) continue;
    if ('within' in found) {
      readInto(object, wire.bytes, found.within, schema);
      continue;
    }
    const field = schema.fields.get(found.field);
    if (!field) continue;
    const value = readValue(wire, field.schema, object[found.field]);
    if (value === undefined || (found.zeroIsAbsent && isZero(value, field.schema))) continue;
    object[found.field] = value;
  }
}

function isZero(value: Json, schema: Schema): boolean {
  return schema.form === 'scalar' && (value === '' || value === 0 || value === false);
}

function readValue(wire: WireField, schema: Schema, before: Json | undefined): Json | undefined {
  switch (schema.form) {
    case 'scalar':
      return readScalar(wire, schema.scalar);
    case 'any':
      return readAny(wire.bytes);
    case 'struct':
      return readFields(wire.bytes, schema.type);
    case 'list':
      return [...(Array.isArray(before) ? before : []), readValue(wire, schema.items, undefined) ?? null];
    case 'map': {
      const { key, value } = readEntry(wire.bytes, schema.values);
      return { ...(before as JsonObject | undefined), [key]: value };
    }
  }
}

/** An entry of a map. A list as value is a message of its own, whose first field repeats. */
function readEntry(entry: Buffer, schema: Schema): { key: string; value: Json } {
  let key = '';
  let value: Json | undefined;
  for (const wire of wireFields(entry)) {
    if (wire.number === 1) key = wire.bytes.toString('utf8');
    if (wire.number !== 2) continue;
    if (schema.form === 'list') {
      for (const item of wireFields(wire.bytes)) value = readValue(item, schema, value);
      value ??= [];
    } else value = readValue(wire, schema, value);
  }
  return { key, value: value ?? '' };
}

function readScalar({ bytes, integer }: WireField, scalar: ScalarKind): Json | undefined {
  switch (scalar) {
    case 'text':
      return bytes.toString('utf8');
    case 'bytes':
      return bytes.toString('base64');
    case 'integer':
      return Number(integer);
    case 'boolean':
      return integer !== 0n;
    case 'decimal':
      return bytes.length === 8 ? bytes.readDoubleLE() : 0;
    case 'quantity':
      return partOf(bytes, 1)?.bytes.toString('utf8') ?? '0';
    case 'int-or-text':
      return partOf(bytes, 1)?.integer === 1n
        ? (partOf(bytes, 3)?.bytes.toString('utf8') ?? '')
        : Number(partOf(bytes, 2)?.integer ?? 0n);
    case 'time':
      return readTime(bytes);
  }
}

function partOf(message: Buffer, number: number): WireField | undefined {
  return [...wireFields(message)].find((part) => part.number === number);
}

/** A time is seconds and nanoseconds; an empty message is no time at all. */
function readTime(message: Buffer): string | undefined {
  const seconds = partOf(message, 1)?.integer;
  if (seconds === undefined) return undefined;
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  const micros = Math.floor(Number(partOf(message, 2)?.integer ?? 0n) / 1000);
  return micros === 0 ? `${text}Z` : `${text}.${String(micros).padStart(6, '0')}Z`;
}

/** Free-form content is JSON text in the message's one field. */
function readAny(message: Buffer): Json | undefined {
  const raw = partOf(message, 1)?.bytes.toString('utf8');
  if (!raw) return undefined;
  try {
    return JSON.parse(raw) as Json;
  } catch (error) {
    throw badRequest(`error decoding body: ${error instanceof Error ? error.message : String(error)}`);
  }
}
