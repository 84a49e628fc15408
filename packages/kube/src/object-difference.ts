import type { KubeDifference, KubeObject } from '@vmstation/core';
import { isRecord } from './json-path.ts';

type PathDifference = KubeDifference['differences'][number];

/** Metadata that the server keeps: no part of what is declared. */
const serverMetadata = new Set([
  'managedFields',
  'resourceVersion',
  'generation',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
]);
/** kubectl's copy of the whole object, secrets included. */
const ignoredAnnotations = new Set(['kubectl.kubernetes.io/last-applied-configuration']);

const absent = '(absent)';
const shownLength = 80;

/**
 * Paths in which `want` (the object as it would be after an apply) differs from `seen` (the live one). What the server keeps
 * (status, resourceVersion, managed fields…) is left out; values of a Secret are never shown.
 */
export function objectDifferences(want: KubeObject, seen: KubeObject): readonly PathDifference[] {
  const found: PathDifference[] = [];
  walk('', declaredPart(want), declaredPart(seen), {
    hide: (path) => want.kind === 'Secret' && /^(data|stringData)\b/.test(path),
    found,
  });
  return found;
}

interface Walk {
  readonly hide: (path: string) => boolean;
  readonly found: PathDifference[];
}

function declaredPart(object: KubeObject): Record<string, unknown> {
  const { status: _status, metadata, ...rest } = object;
  const kept = Object.entries(metadata).filter(([field]) => !serverMetadata.has(field));
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => !ignoredAnnotations.has(name));
  return {
    ...rest,
    metadata: { ...Object.fromEntries(kept), annotations: Object.fromEntries(annotations) },
  };
}

function walk(path: string, want: unknown, seen: unknown, state: Walk): void {
  if (isEmpty(want) && isEmpty(seen)) return;
  if (isRecord(want) && isRecord(seen)) {
    for (const field of new Set([...Object.keys(want), ...Object.keys(seen)]))
      walk(joinPath(path, field), want[field], seen[field], state);
    return;
  }
  if (Array.isArray(want) && Array.isArray(seen) && walkList(path, want, seen, state)) return;
  if (JSON.stringify(want) === JSON.stringify(seen)) return;
  const hidden = state.hide(path);
  const [wanted, was] = hidden ? [secretText(want), secretText(seen)] : shortTexts(want, seen);
  state.found.push({ path, want: wanted, seen: hidden && was !== absent ? '[another secret]' : was });
}

/** Compares lists item by item, named items by name; false when their items cannot be told apart that way. */
function walkList(path: string, want: readonly unknown[], seen: readonly unknown[], state: Walk): boolean {
  const wantNames = want.map(itemName);
  const seenNames = seen.map(itemName);
  const named = [...wantNames, ...seenNames].every((name) => name !== undefined);
  if (named && new Set(wantNames).size === want.length && new Set(seenNames).size === seen.length) {
    for (const name of new Set([...wantNames, ...seenNames]))
      walk(`${path}[${name}]`, want[wantNames.indexOf(name)], seen[seenNames.indexOf(name)], state);
    return true;
  }
  if (want.length !== seen.length || !want.some(isRecord)) return false;
  for (const [index, item] of want.entries()) walk(`${path}[${index}]`, item, seen[index], state);
  return true;
}

function itemName(item: unknown): string | undefined {
  return isRecord(item) && typeof item.name === 'string' ? item.name : undefined;
}

function joinPath(path: string, field: string): string {
  const shown = /[./]/.test(field) ? `["${field}"]` : field;
  return path === '' || shown.startsWith('[') ? `${path}${shown}` : `${path}.${shown}`;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return isRecord(value) && Object.keys(value).length === 0;
}

function secretText(value: unknown): string {
  return value === undefined ? absent : '[secret]';
}

/** Both values as short text; of long text the first line that differs. */
function shortTexts(want: unknown, seen: unknown): readonly [string, string] {
  if (typeof want === 'string' && typeof seen === 'string' && (want.includes('\n') || seen.includes('\n'))) {
    const [wantLines, seenLines] = [want.split('\n'), seen.split('\n')];
    const line = wantLines.findIndex((text, index) => text !== seenLines[index]);
    const at = line === -1 ? wantLines.length : line;
    const show = (lines: readonly string[]) => cut(`line ${at + 1}: ${lines[at]?.trim() ?? '(end)'}`);
    return [show(wantLines), show(seenLines)];
  }
  return [shortText(want), shortText(seen)];
}

function shortText(value: unknown): string {
  if (value === undefined) return absent;
  return cut(typeof value === 'string' ? value.replaceAll('\n', '⏎') : JSON.stringify(value));
}

function cut(text: string): string {
  return text.length > shownLength ? `${text.slice(0, shownLength - 1)}…` : text;
}
