import type { DocumentPath } from '@vmstation/core';
import { type Document, isAlias, isMap, isNode, isPair, isScalar, isSeq, type Node, visit } from 'yaml';

/** A stretch of a text, by offset. */
export interface TextRange {
  readonly start: number;
  readonly length: number;
}

/** True when the document writes something at the path. */
export function hasPath(document: Document, path: DocumentPath): boolean {
  return find(document, path).depth === path.length;
}

/** The path of the key that starts at an offset; undefined when none does. */
export function pathOfKeyAt(document: Document, offset: number): DocumentPath | undefined {
  let found: DocumentPath | undefined;
  visit(document, {
    Pair: (_key, pair, ancestors) => {
      if (!isScalar(pair.key) || pair.key.range?.[0] !== offset) return undefined;
      const above = ancestors.flatMap((node) => (isPair(node) && isScalar(node.key) ? [String(node.key.value)] : []));
      found = [...above, String(pair.key.value)];
      return visit.BREAK;
    },
  });
  return found;
}

interface Found {
  /** How much of the path is written. */
  readonly depth: number;
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

function find(document: Document, path: DocumentPath): Found {
  let found: Found = { depth: 0, key: undefined, value: nodeOf(document, document.contents) };
  for (const part of path) {
    const next = step(document, found.value, part);
    if (next === undefined) return found;
    found = { depth: found.depth + 1, key: next.key ?? found.key, value: next.value };
  }
  return found;
}

function step(
  document: Document,
  node: Node | undefined,
  part: string | number,
): { readonly key: Node | undefined; readonly value: Node | undefined } | undefined {
  if (isSeq(node)) {
    const item = nodeOf(document, node.items[Number(part)]);
    return item === undefined ? undefined : { key: item, value: item };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part));
  if (pair === undefined) return undefined;
  return { key: isNode(pair.key) ? pair.key : undefined, value: nodeOf(document, pair.value) };
}

function nodeOf(document: Document, value: unknown): Node | undefined {
  if (isAlias(value)) return value.resolve(document) ?? value;
  return isNode(value) ? value : undefined;
}

/** Where a path stands: its value, or its key; for a path that is not written, its nearest written ancestor. */
export function rangeOf(
  document: Document,
  path: DocumentPath,
  atKey: boolean,
): { readonly start: number; readonly length: number } {
  const found = find(document, path);
  const { key, value } = found;
  const isLeaf = found.depth === path.length && !atKey && value?.range !== undefined && value.range !== null;
  const node = (isLeaf ? value : key) ?? value;
  const range = node?.range;
  if (range === undefined || range === null) return { start: 0, length: 1 };
  const isBlock = isMap(node) || isSeq(node);
  const flow = isBlock && (node as { flow?: boolean }).flow !== true;
  // A block of many lines is marked by its key; where it has none, by its first character.
  if (isBlock && flow && key?.range !== undefined && key.range !== null && key !== node) {
    return { start: key.range[0], length: key.range[1] - key.range[0] };
  }
  return { start: range[0], length: isBlock && flow ? 1 : range[1] - range[0] };
}
