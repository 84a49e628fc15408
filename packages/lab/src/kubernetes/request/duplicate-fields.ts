/**
 * Paths of the fields that JSON text names twice in one object, in the order of their second naming. The text must be valid:
 * whoever calls has parsed it, and the parser has kept the last of each.
 */
export function duplicateFields(text: string): string[] {
  const found: string[] = [];
  const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/gu);
  const open: { readonly path: string; readonly names: Set<string> | undefined; index: number; field: string }[] = [];
  let last = '';
  for (const [token] of tokens) {
    const inner = open.at(-1);
    if (token === '{' || token === '[') {
      open.push({ path: pathOf(inner), names: token === '{' ? new Set() : undefined, index: 0, field: '' });
    } else if (token === '}' || token === ']') open.pop();
    else if (token === ',' && inner) inner.index++;
    else if (token === ':' && inner?.names) {
      inner.field = JSON.parse(last) as string;
      if (inner.names.has(inner.field)) found.push(pathOf(inner));
      inner.names.add(inner.field);
    }
    last = token;
  }
  return found;
}

function pathOf(
  level: { readonly path: string; readonly names: Set<string> | undefined; index: number; field: string } | undefined,
): string {
  if (!level) return '';
  if (!level.names) return `${level.path}[${level.index}]`;
  return level.path === '' ? level.field : `${level.path}.${level.field}`;
}
