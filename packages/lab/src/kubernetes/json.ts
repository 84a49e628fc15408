/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object; an absent field may be written as undefined. */
export interface JsonObject {
  [field: string]: Json | undefined;
}

/** True for a JSON object (not null, not a list). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Deep equality of JSON values; an undefined field equals an absent one. */
export function jsonEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => jsonEqual(item, right[index]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  for (const field of Object.keys(left)) if (!jsonEqual(left[field], right[field])) return false;
  for (const field of Object.keys(right)) if (right[field] !== undefined && left[field] === undefined) return false;
  return true;
}

/** A deep copy without undefined fields. */
export function jsonClone<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item) => jsonClone<unknown>(item)) as T;
  if (!isObject(value)) return value;
  const copy: JsonObject = {};
  for (const [field, item] of Object.entries(value)) if (item !== undefined) copy[field] = jsonClone(item);
  return copy as T;
}

/** Reads a nested field: `fieldAt(pod, 'spec', 'nodeName')`. */
export function fieldAt(value: unknown, ...path: string[]): Json | undefined {
  let current = value as Json | undefined;
  for (const field of path) {
    if (!isObject(current)) return undefined;
    current = current[field];
  }
  return current;
}

/** Nested text field, or '' when absent. */
export function textAt(value: unknown, ...path: string[]): string {
  const found = fieldAt(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** Sorted-key JSON text, the same for equal values. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const fields = Object.keys(value)
    .filter((field) => value[field] !== undefined)
    .toSorted();
  return `{${fields.map((field) => `${JSON.stringify(field)}:${canonicalJson(value[field])}`).join(',')}}`;
}
