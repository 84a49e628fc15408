import { isObject, type Json, type JsonObject, jsonClone, jsonEqual } from '../json.ts';
import type { ListSchema, Schema } from '../schema/schema.ts';
import { badRequest } from '../status-error.ts';

const directive = '$patch';
const retainKeys = '$retainKeys';
const deletePrefix = '$deleteFromPrimitiveList/';
const orderPrefix = '$setElementOrder/';

/**
 * Applies a strategic merge patch: keyed lists merge by their key, sets of scalars join, other lists are replaced;
 * `$patch: replace|delete`, `$retainKeys`, `$deleteFromPrimitiveList` and `$setElementOrder` are honoured.
 * Rules: k8s.io/apimachinery/pkg/util/strategicpatch. Throws 400 for an item without its key.
 */
export function applyStrategicMerge(target: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  return mergeObject(target, patch, schema);
}

function fieldSchema(schema: Schema, field: string): Schema {
  if (schema.form === 'struct') return schema.fields.get(field)?.schema ?? { form: 'any' };
  return schema.form === 'map' ? schema.values : { form: 'any' };
}

function mergeObject(target: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  if (patch[directive] === 'replace') return withoutDirectives(patch);
  if (patch[directive] === 'delete') return {};
  const result: JsonObject = { ...target };
  const kept = patch[retainKeys];
  if (Array.isArray(kept)) for (const field of Object.keys(result)) if (!kept.includes(field)) delete result[field];
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith(deletePrefix)) {
      const list = field.slice(deletePrefix.length);
      const current = result[list];
      if (Array.isArray(current) && Array.isArray(value)) {
        result[list] = current.filter((item) => !value.some((gone) => jsonEqual(gone, item)));
      }
    } else if (!field.startsWith('$')) mergeField(result, field, value, fieldSchema(schema, field));
  }
  for (const [field, order] of Object.entries(patch)) {
    if (field.startsWith(orderPrefix) && Array.isArray(order)) {
      const list = field.slice(orderPrefix.length);
      const inner = fieldSchema(schema, list);
      const current = result[list];
      if (inner.form === 'list' && Array.isArray(current)) result[list] = ordered(current, order, inner.patchKey ?? '');
    }
  }
  return result;
}

function mergeField(result: JsonObject, field: string, value: Json | undefined, schema: Schema): void {
  if (value === null || value === undefined) {
    delete result[field];
    return;
  }
  const current = result[field];
  if (isObject(value)) result[field] = mergeObject(isObject(current) ? current : {}, value, schema);
  else if (Array.isArray(value) && schema.form === 'list' && schema.patchKey !== undefined) {
    result[field] = mergeList(Array.isArray(current) ? current : [], value, schema, field);
  } else result[field] = jsonClone(value);
}

function mergeList(target: Json[], patch: Json[], schema: ListSchema, field: string): Json[] {
  const key = schema.patchKey ?? '';
  if (key === '') return [...target, ...patch.filter((item) => !target.some((seen) => jsonEqual(seen, item)))];
  if (patch.some((item) => isObject(item) && item[directive] === 'replace')) {
    return patch.filter((item) => !(isObject(item) && item[directive] === 'replace')).map((item) => jsonClone(item));
  }
  let result = [...target];
  for (const item of patch) {
    if (!isObject(item)) throw badRequest(`unable to merge: an item of ${field} is no object`);
    const keyValue = item[key];
    if (keyValue === undefined) {
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    }
    const at = result.findIndex((seen) => isObject(seen) && jsonEqual(seen[key], keyValue));
    if (item[directive] === 'delete') result = result.filter((_, index) => index !== at);
    else if (at >= 0) result[at] = mergeObject(result[at] as JsonObject, item, schema.items);
    else result.push(mergeObject({}, item, schema.items));
  }
  return interleaved(result, patch, target, key);
}

/**
 * The items that the patch names in its order, the others in theirs: each of those comes before the first named one that stood behind it.
 * So a new item comes first. Source: k8s.io/apimachinery/pkg/util/strategicpatch, mergeSortedSlice.
 */
function interleaved(merged: Json[], patch: Json[], before: Json[], key: string): Json[] {
  const place = (list: Json[], item: Json): number =>
    list.findIndex((entry) => isObject(entry) && isObject(item) && jsonEqual(entry[key], item[key]));
  const named = merged
    .filter((item) => place(patch, item) >= 0)
    .toSorted((left, right) => place(patch, left) - place(patch, right));
  const others = merged.filter((item) => place(patch, item) < 0);
  const result: Json[] = [];
  while (named.length > 0 && others.length > 0) {
    const [other, next] = [place(before, others[0] ?? null), place(before, named[0] ?? null)];
    const isOtherFirst = other >= 0 && next >= 0 && other < next;
    result.push((isOtherFirst ? others : named).shift() ?? null);
  }
  return [...result, ...named, ...others];
}

/** Items in the order the patch asks for; those it does not name keep their place after their predecessor. */
function ordered(items: Json[], order: Json[], key: string): Json[] {
  const keyOf = (item: Json): Json => (isObject(item) && key !== '' ? (item[key] ?? null) : item);
  const wanted = order.map(keyOf);
  const place = (item: Json): number => wanted.findIndex((entry) => jsonEqual(entry, keyOf(item)));
  const named = items.filter((item) => place(item) >= 0).toSorted((left, right) => place(left) - place(right));
  const others = items.filter((item) => place(item) < 0);
  return [...named, ...others];
}

function withoutDirectives(patch: JsonObject): JsonObject {
  return jsonClone(Object.fromEntries(Object.entries(patch).filter(([field]) => !field.startsWith('$'))));
}
