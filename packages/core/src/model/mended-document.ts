import type { z } from 'zod';
import type { DocumentPath } from './fault.ts';
import { exampleAt } from './schema-walk.ts';

/** A document made valid by filling in examples where the schema refused it, so that the rules can judge all the rest. */
export interface MendedDocument<T> {
  readonly value: T;
  /** Places whose content is made up; a fault that touches one is not the operator's. */
  readonly filled: readonly DocumentPath[];
}

/** Mends a document, or gives up (undefined) when examples do not help. */
export function mendDocument<T extends z.ZodType>(
  schema: T,
  document: unknown,
): MendedDocument<z.output<T>> | undefined {
  const filled: DocumentPath[] = [];
  let candidate: unknown = ownCopy(document ?? {});
  for (let round = 0; round < 4; round += 1) {
    const parsed = schema.safeParse(candidate);
    if (parsed.success) return { value: parsed.data, filled };
    for (const issue of parsed.error.issues) {
      const path = leafPath(issue).slice(0, issue.code === 'unrecognized_keys' ? undefined : pathEnd(issue, round));
      if (issue.code === 'unrecognized_keys') {
        for (const key of issue.keys) candidate = withValue(candidate, [...path, key], undefined);
      } else {
        candidate = withValue(candidate, path, ownCopy(exampleAt(schema, path)));
        filled.push(path);
      }
    }
  }
  return undefined;
}

function leafPath(issue: z.core.$ZodIssue): (string | number)[] {
  return issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
}

/** The first round fills the leaf; a place that stays wrong is filled one level higher each round. */
function pathEnd(issue: z.core.$ZodIssue, round: number): number {
  return Math.max(0, issue.path.length - Math.max(0, round - 1));
}

/** A copy in which nothing stands twice, as what an alias repeats does: it may be changed in one place. */
function ownCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ownCopy);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, ownCopy(part)]));
}

/** Puts a value into a copy of ours, in place: a file may have thousands of faults. Gives the whole back. */
function withValue(document: unknown, path: DocumentPath, value: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  if (Array.isArray(document)) {
    if (typeof head === 'number' && head < document.length) document[head] = withValue(document[head], rest, value);
    return document;
  }
  const record = isRecord(document) ? document : {};
  const next = withValue(record[head], rest, value);
  if (next === undefined) delete record[head];
  else record[head] = next;
  return record;
}

function isRecord(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
