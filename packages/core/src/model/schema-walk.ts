import * as z from 'zod';
import type { DocumentPath } from './fault.ts';

type Part = string | number;

/** The schema of a place of a document; undefined where the schema knows no such place. */
export function schemaAt(root: z.core.$ZodType, path: DocumentPath): z.core.$ZodType | undefined {
  let current: z.core.$ZodType | undefined = root;
  for (const part of path) {
    current = alternatives(current)
      .map((schema) => child(schema, part))
      .find((schema) => schema !== undefined);
    if (current === undefined) return undefined;
  }
  return current;
}

/** Keys that an object at this place may have; empty where names are free, or nothing is known. */
export function knownKeysAt(root: z.core.$ZodType, path: DocumentPath): readonly string[] {
  const schema = schemaAt(root, path);
  if (schema === undefined) return [];
  const keys = alternatives(schema).flatMap((option) => {
    const definition = definitionOf(option);
    return definition.type === 'object' ? Object.keys(definition.shape) : [];
  });
  return [...new Set(keys)];
}

/** Keys that an object at this place must have; empty where nothing is known. */
export function requiredKeysAt(root: z.core.$ZodType, path: DocumentPath): readonly string[] {
  const schema = schemaAt(root, path);
  return knownKeysAt(root, path).filter((key) =>
    alternatives(schema ?? root).every((option) => {
      const part = child(option, key);
      return part !== undefined && part._zod.optin === undefined;
    }),
  );
}

/** The example that the schema gives for a place. */
export function exampleAt(root: z.core.$ZodType, path: DocumentPath): unknown {
  let schema = schemaAt(root, path);
  while (schema !== undefined) {
    const examples: unknown = z.globalRegistry.get(schema)?.['examples'];
    if (Array.isArray(examples) && examples.length > 0) return examples[0];
    schema = inner(schema);
  }
  const last = path.at(-1);
  const around = last === undefined ? undefined : exampleAt(root, path.slice(0, -1));
  // Members of lists and of records have no example of their own: that of the whole has one.
  return typeof around === 'object' && around !== null ? Object.values(around)[0] : undefined;
}

function definitionOf(schema: z.core.$ZodType): z.core.$ZodTypes['_zod']['def'] {
  return (schema as z.core.$ZodTypes)._zod.def;
}

/** What an optional or defaulted schema wraps. */
function inner(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  const definition = definitionOf(schema);
  switch (definition.type) {
    case 'optional':
    case 'default':
    case 'prefault':
      return definition.innerType;
    case 'pipe':
      return definition.in;
    default:
      return undefined;
  }
}

/** The schemas that a value at this place may follow, without wrappers. */
function alternatives(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  const wrapped = inner(schema);
  if (wrapped !== undefined) return alternatives(wrapped);
  const definition = definitionOf(schema);
  return definition.type === 'union' ? definition.options.flatMap(alternatives) : [schema];
}

function child(schema: z.core.$ZodType, part: Part): z.core.$ZodType | undefined {
  const definition = definitionOf(schema);
  if (definition.type === 'object') return definition.shape[part];
  if (definition.type === 'record') return definition.valueType;
  if (definition.type === 'array') return definition.element;
  return undefined;
}
