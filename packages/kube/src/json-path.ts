/** True for a plain JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The value at a dotted path; undefined where the path ends early. */
export function valueAt(object: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, field) => (isRecord(value) ? value[field] : undefined), object);
}

/** The text at a dotted path; undefined when there is none. */
export function textAt(object: unknown, path: string): string | undefined {
  const value = valueAt(object, path);
  return typeof value === 'string' ? value : undefined;
}

/** The number at a dotted path; undefined when there is none. */
export function numberAt(object: unknown, path: string): number | undefined {
  const value = valueAt(object, path);
  return typeof value === 'number' ? value : undefined;
}

/** The records of a list at a dotted path; empty when there is none. */
export function listAt(object: unknown, path: string): readonly Record<string, unknown>[] {
  const value = valueAt(object, path);
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
