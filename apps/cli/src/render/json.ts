/** Data as JSON text for `--json`: maps become objects, dates ISO 8601, errors their message. */
export function jsonText(value: unknown, indent = 2): string {
  return JSON.stringify(
    value,
    (_key, part: unknown) => {
      if (part instanceof Map) return Object.fromEntries(part);
      if (part instanceof Set) return [...part];
      return part;
    },
    indent,
  );
}
