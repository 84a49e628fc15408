import { kindLines } from './kinds.gen.ts';
import { atomicMaps, atomicTypes, listMapKeys, listSets, strategicMergeKeys } from './list-keys.ts';

/** Kind of a scalar: `int-or-text` and `quantity` accept numbers and text. */
export type ScalarKind = 'text' | 'bytes' | 'integer' | 'decimal' | 'boolean' | 'time' | 'int-or-text' | 'quantity';

/** Structure of a value. `struct` names its fields, `map` has free keys, `any` is not looked into. */
export type Schema =
  | { readonly form: 'scalar'; readonly scalar: ScalarKind }
  | { readonly form: 'any' }
  | StructSchema
  | { readonly form: 'map'; readonly values: Schema; readonly atomic: boolean }
  | ListSchema;

/** An object type with declared fields. */
export interface StructSchema {
  readonly form: 'struct';
  readonly type: string;
  readonly fields: ReadonlyMap<string, FieldSchema>;
  readonly atomic: boolean;
}

/** A list and how its items are told apart. */
export interface ListSchema {
  readonly form: 'list';
  readonly items: Schema;
  /** Key fields of a keyed list, [] for a set of scalars, undefined for a list that is replaced as a whole. */
  readonly keys: readonly string[] | undefined;
  /** Merge key of a strategic merge patch; '' for a set; undefined when the patch replaces the list. */
  readonly patchKey: string | undefined;
}

/** A declared field of a struct. */
export interface FieldSchema {
  readonly schema: Schema;
  readonly required: boolean;
}

const scalarCodes: Readonly<Record<string, ScalarKind>> = {
  s: 'text',
  y: 'bytes',
  i: 'integer',
  d: 'decimal',
  b: 'boolean',
  t: 'time',
  p: 'int-or-text',
  q: 'quantity',
};

const lines = new Map<string, string>();
for (const line of kindLines.split('\n')) {
  const space = line.indexOf(' ');
  if (line !== '') lines.set(space < 0 ? line : line.slice(0, space), space < 0 ? '' : line.slice(space + 1));
}

const structs = new Map<string, StructSchema>();

/** Structure of a named API type. Types are parsed when first asked for. Throws for a name that the table lacks. */
export function typeSchema(type: string): StructSchema {
  const known = structs.get(type);
  if (known) return known;
  const line = lines.get(type);
  if (line === undefined) throw new Error(`the schema table has no type ${type}`);
  const fields = new Map<string, FieldSchema>();
  const schema: StructSchema = { form: 'struct', type, fields, atomic: atomicTypes.has(type) };
  structs.set(type, schema);
  for (const entry of line === '' ? [] : line.split(' ')) {
    const colon = entry.indexOf(':');
    const required = entry[colon - 1] === '!';
    const field = entry.slice(0, required ? colon - 1 : colon);
    fields.set(field, lazyField(`${type}.${field}`, entry.slice(colon + 1), required));
  }
  return schema;
}

/** Field whose schema is made when first read: types refer to one another in circles. */
function lazyField(path: string, code: string, required: boolean): FieldSchema {
  let made: Schema | undefined;
  return {
    required,
    get schema(): Schema {
      made ??= codeSchema(code, path);
      return made;
    },
  };
}

function codeSchema(code: string, path: string): Schema {
  if (code.startsWith('[]')) {
    const keys = listMapKeys[path] ?? (listSets.has(path) ? [] : undefined);
    const patchKey = strategicMergeKeys[path] ?? (keys?.length === 0 ? '' : keys?.[0]);
    return { form: 'list', items: codeSchema(code.slice(2), ''), keys, patchKey };
  }
  if (code.startsWith('{}')) {
    return { form: 'map', values: codeSchema(code.slice(2), ''), atomic: atomicMaps.has(path) };
  }
  if (code === 'a') return { form: 'any' };
  const scalar = scalarCodes[code];
  if (scalar) return { form: 'scalar', scalar };
  const struct = typeSchema(code);
  return atomicMaps.has(path) ? { ...struct, atomic: true } : struct;
}
