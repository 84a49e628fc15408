import { isObject, type JsonObject } from '../json.ts';

/**
 * A set of field paths, in the shape of `fieldsV1`: children by path element (`f:name`, `k:{"name":"x"}`,
 * `v:"value"`), and whether the path itself is a member (`.`).
 */
export interface FieldSet {
  member: boolean;
  readonly children: Map<string, FieldSet>;
}

/** A set without members. */
export function emptySet(): FieldSet {
  return { member: false, children: new Map() };
}

/** The child at a path element, made when absent. */
export function childSet(set: FieldSet, element: string): FieldSet {
  let child = set.children.get(element);
  if (!child) {
    child = emptySet();
    set.children.set(element, child);
  }
  return child;
}

/** True when no path is a member. */
export function isEmptySet(set: FieldSet): boolean {
  if (set.member) return false;
  for (const child of set.children.values()) if (!isEmptySet(child)) return false;
  return true;
}

/** Members of either. */
export function unionSets(left: FieldSet, right: FieldSet): FieldSet {
  const result: FieldSet = { member: left.member || right.member, children: new Map(left.children) };
  for (const [element, child] of right.children) {
    const mine = result.children.get(element);
    result.children.set(element, mine ? unionSets(mine, child) : child);
  }
  return result;
}

/** Members of both. */
export function intersectSets(left: FieldSet, right: FieldSet): FieldSet {
  const result: FieldSet = { member: left.member && right.member, children: new Map() };
  for (const [element, child] of left.children) {
    const other = right.children.get(element);
    const common = other ? intersectSets(child, other) : undefined;
    if (common && !isEmptySet(common)) result.children.set(element, common);
  }
  return result;
}

/** Members of `left` that are not in `right`. */
export function subtractSets(left: FieldSet, right: FieldSet): FieldSet {
  const result: FieldSet = { member: left.member && !right.member, children: new Map() };
  for (const [element, child] of left.children) {
    const other = right.children.get(element);
    const rest = other ? subtractSets(child, other) : child;
    if (!isEmptySet(rest)) result.children.set(element, rest);
  }
  return result;
}

/** True when both have the same members. */
export function equalSets(left: FieldSet, right: FieldSet): boolean {
  return isEmptySet(subtractSets(left, right)) && isEmptySet(subtractSets(right, left));
}

/** The set without what lies at or below a path of field names. */
export function withoutPath(set: FieldSet, path: readonly string[]): FieldSet {
  const [field, ...rest] = path;
  if (field === undefined) return emptySet();
  const child = set.children.get(`f:${field}`);
  if (!child) return set;
  const children = new Map(set.children);
  const kept = withoutPath(child, rest);
  if (isEmptySet(kept)) children.delete(`f:${field}`);
  else children.set(`f:${field}`, kept);
  return { member: set.member, children };
}

/** Every member as a readable path, as conflicts print it: `.spec.containers[name="web"].image`. */
export function memberPaths(set: FieldSet, prefix = ''): string[] {
  const own = set.member ? [prefix] : [];
  const below = [...set.children].flatMap(([element, child]) => memberPaths(child, prefix + readable(element)));
  return [...own, ...below];
}

function readable(element: string): string {
  const body = element.slice(2);
  if (element.startsWith('f:')) return `.${body}`;
  if (element.startsWith('v:')) return `[=${body}]`;
  const keys = JSON.parse(body) as JsonObject;
  const parts = Object.entries(keys).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `[${parts.join(',')}]`;
}

/** The set as `fieldsV1`. */
export function fieldsV1Of(set: FieldSet): JsonObject {
  const result: JsonObject = {};
  if (set.member && set.children.size > 0) result['.'] = {};
  for (const element of [...set.children.keys()].toSorted()) {
    const child = set.children.get(element);
    if (child) result[element] = fieldsV1Of(child);
  }
  return result;
}

/** Reads `fieldsV1`. */
export function setOfFieldsV1(fields: unknown): FieldSet {
  const set = emptySet();
  if (!isObject(fields)) return set;
  const names = Object.keys(fields);
  for (const element of names) {
    if (element === '.') set.member = true;
    else {
      const child = setOfFieldsV1(fields[element]);
      if (child.children.size === 0) child.member = true;
      set.children.set(element, child);
    }
  }
  return set;
}
