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
  let candidate: unknown = structuredClone(document ?? {});
  for (let round = 0; round < 4; round += 1) {
    const parsed = schema.safeParse(candidate);
    if (parsed.success) return { value: parsed.data, filled };
    for (const issue of parsed.error.issues) {
      const path = leafPath(issue).slice(0, issue.code === 'unrecognized_keys' ? undefined : pathEnd(issue, round));
      if (issue.code === 'unrecognized_keys') {
        for (const key of issue.keys) candidate = replaced(candidate, [...path, key], undefined);
      } else {
        candidate = replaced(candidate, path, exampleAt(schema, path));
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

function replaced(document: unknown, path: DocumentPath, value: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  if (Array.isArray(document)) {
    return document.map((part: unknown, index) => (index === head ? replaced(part, rest, value) : part));
  }
  const record = typeof document === 'object' && document !== null ? { ...(document as Record<string, unknown>) } : {};
  const next = replaced(record[head], rest, value);
  if (next === undefined) delete record[head];
  else record[head] = next;
  return record;
}
