import type { z } from 'zod';
import { suggestion } from './did-you-mean.ts';
import { type DocumentPath, type Fault, formatPath } from './fault.ts';
import { secretPattern } from './field.ts';
import { exampleAt, knownKeysAt, requiredKeysAt } from './schema-walk.ts';

/** The codes that one family of documents uses for what its schema refuses. */
export interface SchemaFaultCodes {
  readonly unknownKey: Fault['code'];
  readonly missingKey: Fault['code'];
  readonly invalidValue: Fault['code'];
}

/** What a schema refuses in a document, in the operator's words. */
export function schemaFaults(
  schema: z.core.$ZodType,
  issues: readonly z.core.$ZodIssue[],
  document: unknown,
  codes: SchemaFaultCodes,
): readonly Fault[] {
  return issues.flatMap((issue) => faultsOfIssue({ schema, document, codes }, issue, []));
}

interface Judged {
  readonly schema: z.core.$ZodType;
  readonly document: unknown;
  readonly codes: SchemaFaultCodes;
}

function faultsOfIssue(judged: Judged, issue: z.core.$ZodIssue, base: DocumentPath): readonly Fault[] {
  const path = [...base, ...documentPath(issue.path)];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(judged, path, key));
  if (issue.code === 'invalid_union') {
    const nearest = nearestBranch(issue.errors);
    if (nearest !== undefined) return nearest.flatMap((inner) => faultsOfIssue(judged, inner, path));
  }
  if (path.length > 0 && valueAt(judged.document, path) === undefined) return [missingKey(judged, path)];
  return [invalidValue(judged, path, issue)];
}

/** The alternative whose shape the value has: the only one that does not already refuse the value's own type. */
function nearestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  const fitting = branches.filter((issues) => issues.every((issue) => issue.path.length > 0 || !refusesType(issue)));
  const byCost = fitting.toSorted((a, b) => cost(a) - cost(b));
  return byCost[0];
}

function refusesType(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' || (issue.code === 'invalid_value' && typeof issue.input === 'object');
}

/** A wrong key points at another alternative more than a wrong value does. */
function cost(issues: readonly z.core.$ZodIssue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? 10 : 1), 0);
}

function unknownKey(judged: Judged, path: DocumentPath, key: string): Fault {
  const where = path.length === 0 ? 'at the top of the file' : `in ${formatPath(path)}`;
  return {
    code: judged.codes.unknownKey,
    severity: 'error',
    path: [...path, key],
    message: `The key ${key} is not known ${where}.`,
    tryThis: suggestion(key, knownKeysAt(judged.schema, path)),
    atKey: true,
  };
}

function missingKey(judged: Judged, path: DocumentPath): Fault {
  const key = String(path.at(-1) ?? '');
  const where = path.length <= 1 ? 'the file' : formatPath(path.slice(0, -1));
  return {
    code: judged.codes.missingKey,
    severity: 'error',
    path,
    atKey: true,
    message: `${where === 'the file' ? 'The file' : where} lacks the key ${key}.`,
    tryThis: `Add it, for example ${snippet(key, exampleAt(judged.schema, path))}`,
  };
}

function invalidValue(judged: Judged, path: DocumentPath, issue: z.core.$ZodIssue): Fault {
  const value = valueAt(judged.document, path);
  const sensitive = issue.code === 'invalid_format' && issue.pattern === secretPattern.toString();
  const at = { code: judged.codes.invalidValue, severity: 'error', path } as const;
  if (path.length === 0) {
    const message =
      value === null || value === undefined ? 'The file is empty.' : `The file ${complaint(issue, value)}.`;
    return {
      ...at,
      message,
      tryThis: `Write the keys that it needs: ${requiredKeysAt(judged.schema, []).join(', ')}.`,
    };
  }
  return {
    ...at,
    ...(sensitive ? { sensitive } : {}),
    ...(value === null ? { atKey: true } : {}),
    message: `${formatPath(path)}: ${sensitive ? 'the value' : shown(value)} ${complaint(issue, value)}.`,
    tryThis: remedy(judged, path, issue, value),
  };
}

function complaint(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      if (value === null) return 'has no value';
      return `is ${kindOf(value)}, not ${article(expectedWord(issue.expected))}`;
    case 'invalid_value':
      return `is not one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return issue.origin === 'array' || issue.origin === 'string' ? 'is empty' : `is less than ${issue.minimum}`;
    case 'too_big':
      return `is more than ${issue.maximum}`;
    case 'invalid_union':
      return `is ${kindOf(value)}, which is not possible here`;
    default:
      return issue.message;
  }
}

function remedy(judged: Judged, path: DocumentPath, issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_value' && typeof value === 'string') return suggestion(value, issue.values.map(String));
  const example = exampleAt(judged.schema, path);
  if (issue.code === 'invalid_type' && issue.expected === 'string' && typeof value === 'number') {
    return `Put it in quotes, for example ${JSON.stringify(example ?? String(value))}.`;
  }
  return example === undefined ? 'Correct it.' : `Write it like this: ${inline(example)}`;
}

function expectedWord(expected: string): string {
  const words: Readonly<Record<string, string>> = {
    string: 'text',
    number: 'number',
    int: 'whole number',
    boolean: 'true or false',
    array: 'list',
    object: 'group of keys',
    record: 'group of keys',
  };
  return words[expected] ?? expected;
}

function article(word: string): string {
  return word === 'text' || word === 'true or false' ? word : `a ${word}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a group of keys';
  if (typeof value === 'boolean') return 'true or false';
  return typeof value === 'number' ? 'a number' : 'text';
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value);
  if (typeof value === 'object' && value !== null) return 'the value';
  return value === null ? 'the key' : JSON.stringify(value);
}

/** A value on one line, as YAML's flow style writes it. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, part]) => `${key}: ${inline(part)}`)
      .join(', ')} }`;
  }
  if (typeof value === 'string') {
    const isPlain = /^[A-Za-z0-9/][\w./:-]*$/.test(value) && Number.isNaN(Number(value));
    return isPlain ? value : JSON.stringify(value);
  }
  return String(value);
}

function snippet(key: string, example: unknown): string {
  return example === undefined ? `${key}: …` : `${key}: ${inline(example)}`;
}

function documentPath(path: readonly PropertyKey[]): DocumentPath {
  return path.map((part) => (typeof part === 'symbol' ? String(part) : part));
}

/** The value at a place; undefined where there is none. */
export function valueAt(document: unknown, path: DocumentPath): unknown {
  let current = document;
  for (const part of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}
