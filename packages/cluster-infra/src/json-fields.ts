/** The fields of an object that came from outside; none when it is no object. */
export function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** The items of a list that came from outside, each as an object. */
export function itemsOf(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

/** Text of a word that came from outside; `otherwise` when it is neither text, number nor boolean, or empty. */
export function wordOf(value: unknown, otherwise: string): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : otherwise;
}

/** The words of a list that came from outside. */
export function wordsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map((item) => wordOf(item, '')) : [];
}
