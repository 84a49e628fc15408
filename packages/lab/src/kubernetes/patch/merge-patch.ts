import { isObject, type Json, type JsonObject, jsonClone } from '../json.ts';

/** Applies an RFC 7386 merge patch and returns the new value; neither argument is changed. */
export function applyMergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return jsonClone(patch);
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete result[field];
    else if (value !== undefined) result[field] = applyMergePatch(result[field] ?? null, value);
  }
  return result;
}
