import { isObject, type Json, type JsonObject } from '../json.ts';
import type { Schema, StructSchema } from '../schema/schema.ts';
import { requiredValue, type StatusCause } from '../status-error.ts';

/** Every field that its type requires and the object lacks, status and metadata apart. */
export function missingFields(schema: StructSchema, object: JsonObject): StatusCause[] {
  const faults: StatusCause[] = [];
  for (const [name, field] of schema.fields) {
    if (name === 'status' || name === 'metadata') continue;
    check(field.schema, object[name], name, field.required, faults);
  }
  return faults;
}

function check(schema: Schema, value: Json | undefined, path: string, required: boolean, faults: StatusCause[]): void {
  if (isAbsent(value, schema)) {
    if (required) faults.push(requiredValue(path));
    return;
  }
  if (schema.form === 'struct' && isObject(value)) {
    for (const [name, field] of schema.fields) {
      if (name === 'metadata' || name === 'status') continue;
      check(field.schema, value[name], `${path}.${name}`, field.required, faults);
    }
  } else if (schema.form === 'list' && Array.isArray(value)) {
    value.forEach((item, index) => check(schema.items, item, `${path}[${index}]`, false, faults));
  } else if (schema.form === 'map' && isObject(value)) {
    for (const [key, item] of Object.entries(value)) check(schema.values, item, `${path}[${key}]`, false, faults);
  }
}

/** Types whose empty text is a meaning of its own: the core API group, a label's empty value. */
function isAbsent(value: Json | undefined, schema: Schema): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0 && schema.form === 'list';
  return false;
}
