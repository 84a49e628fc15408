import { canonicalJson, isObject, type Json, type JsonObject, jsonEqual } from '../json.ts';
import { keyDefaults } from '../schema/list-keys.ts';
import type { ListSchema, Schema } from '../schema/schema.ts';
import { childSet, emptySet, type FieldSet } from './field-set.ts';

/** A keyed list whose items can be told apart: what structured-merge-diff calls an associative list. */
export type KeyedList = ListSchema & { readonly keys: readonly string[] };

/** True for lists merged item by item. */
export function isKeyed(schema: Schema): schema is KeyedList {
  return schema.form === 'list' && schema.keys !== undefined;
}

/** True for values owned as one piece: scalars, untyped values, replaced lists, atomic maps and structs. */
export function isAtomic(schema: Schema): boolean {
  if (schema.form === 'scalar' || schema.form === 'any') return true;
  if (schema.form === 'list') return schema.keys === undefined;
  return schema.atomic;
}

/** Schema of a field of a struct or a map. Undeclared fields are untyped. */
export function schemaOfField(schema: Schema, field: string): Schema {
  if (schema.form === 'struct') return schema.fields.get(field)?.schema ?? { form: 'any' };
  return schema.form === 'map' ? schema.values : { form: 'any' };
}

/** Path element of a list item: its key fields (with their defaults), or its value in a set. */
export function itemElement(schema: KeyedList, item: Json): string {
  if (schema.keys.length === 0) return `v:${JSON.stringify(item)}`;
  const key: JsonObject = {};
  for (const field of schema.keys) key[field] = (isObject(item) ? item[field] : undefined) ?? keyDefaults[field];
  return `k:${canonicalJson(key)}`;
}

/** Every field that a value sets: what its writer owns after an apply. */
export function fieldSetOf(schema: Schema, value: Json): FieldSet {
  const set = emptySet();
  collect(schema, value, set);
  return set;
}

function collect(schema: Schema, value: Json, set: FieldSet): void {
  if (isAtomic(schema)) set.member = true;
  else if (isKeyed(schema) && Array.isArray(value)) {
    for (const item of value) {
      const child = childSet(set, itemElement(schema, item));
      collect(schema.items, item, child);
      child.member = true;
    }
  } else if (isObject(value)) {
    for (const [field, item] of Object.entries(value)) {
      if (item === undefined) continue;
      const child = childSet(set, `f:${field}`);
      collect(schemaOfField(schema, field), item, child);
      if (isBlank(item) || schema.form === 'map') child.member = true;
    }
  } else set.member = true;
}

function isBlank(value: Json): boolean {
  return value === null || (isObject(value) && Object.keys(value).length === 0);
}

/** How two values of one type differ, as sets of fields. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Compares two values field by field. */
export function compareValues(schema: Schema, left: Json | undefined, right: Json | undefined): Comparison {
  const comparison: Comparison = { added: emptySet(), modified: emptySet(), removed: emptySet() };
  compareInto(schema, left, right, comparison);
  return comparison;
}

function compareInto(schema: Schema, left: Json | undefined, right: Json | undefined, at: Comparison): void {
  if (left === undefined && right === undefined) return;
  if (left === undefined || right === undefined) {
    const side = left === undefined ? at.added : at.removed;
    const value = left ?? right ?? null;
    collect(schema, value, side);
    side.member = true;
    return;
  }
  if (isAtomic(schema)) {
    if (!jsonEqual(left, right)) at.modified.member = true;
    return;
  }
  const before = members(schema, left);
  const after = members(schema, right);
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    const inner = {
      added: childSet(at.added, element),
      modified: childSet(at.modified, element),
      removed: childSet(at.removed, element),
    };
    const innerSchema = isKeyed(schema) ? schema.items : schemaOfField(schema, element.slice(2));
    compareInto(innerSchema, before.get(element), after.get(element), inner);
    for (const part of ['added', 'modified', 'removed'] as const) {
      if (!inner[part].member && inner[part].children.size === 0) at[part].children.delete(element);
    }
  }
}

/** Parts of a value by path element. */
function members(schema: Schema, value: Json): Map<string, Json> {
  if (isKeyed(schema)) {
    return new Map(Array.isArray(value) ? value.map((item) => [itemElement(schema, item), item]) : []);
  }
  const parts = new Map<string, Json>();
  if (isObject(value)) {
    for (const [field, item] of Object.entries(value)) if (item !== undefined) parts.set(`f:${field}`, item);
  }
  return parts;
}

/** Lays `config` over `live`: what config sets wins, the rest of live stays, keyed lists join by key. */
export function mergeValues(schema: Schema, live: Json | undefined, config: Json | undefined): Json {
  if (config === undefined) return live ?? null;
  if (live === undefined || isAtomic(schema)) return config;
  if (isKeyed(schema)) {
    return mergeItems(schema, Array.isArray(live) ? live : [], Array.isArray(config) ? config : []);
  }
  if (!isObject(live) || !isObject(config)) return config;
  const result: JsonObject = { ...live };
  for (const [field, value] of Object.entries(config)) {
    if (value !== undefined) result[field] = mergeValues(schemaOfField(schema, field), live[field], value);
  }
  return result;
}

/** Joins two keyed lists: items of live keep their order, those that config also names follow config's order. */
function mergeItems(schema: KeyedList, live: Json[], config: Json[]): Json[] {
  const wanted = new Map(config.map((item) => [itemElement(schema, item), item]));
  const present = new Map(live.map((item) => [itemElement(schema, item), item]));
  const result: Json[] = [];
  const merged = new Set<string>();
  let at = 0;
  const takeLive = (): void => {
    for (; at < live.length; at++) {
      const item = live[at] ?? null;
      const element = itemElement(schema, item);
      if (merged.has(element)) continue;
      if (wanted.has(element)) return;
      result.push(item);
    }
  };
  for (const [element, item] of wanted) {
    takeLive();
    result.push(mergeValues(schema.items, present.get(element), item));
    merged.add(element);
  }
  takeLive();
  return result;
}

/** The value without the members of `gone`; what lies below a removed member goes with it. */
export function removeMembers(schema: Schema, value: Json, gone: FieldSet): Json {
  if (gone.children.size === 0) return value;
  if (isKeyed(schema)) {
    if (!Array.isArray(value)) return value;
    const kept: Json[] = [];
    for (const item of value) {
      const child = gone.children.get(itemElement(schema, item));
      if (!child?.member) kept.push(child ? removeMembers(schema.items, item, child) : item);
    }
    return kept;
  }
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [field, item] of Object.entries(value)) {
    const child = gone.children.get(`f:${field}`);
    if (item === undefined || child?.member) continue;
    const inner = child ? removeMembers(schemaOfField(schema, field), item, child) : item;
    const emptied = child && isEmptied(inner) && !isEmptied(item);
    if (!emptied) result[field] = inner;
  }
  return result;
}

function isEmptied(value: Json): boolean {
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}
