import { join } from 'node:path';
import {
  AppError,
  type DriftIgnore,
  driftIgnoreFileSchema,
  type Fault,
  schemaFaults,
  suggestion,
} from '@vmstation/core';
import { type Document, isMap, isSeq, parseDocument } from 'yaml';
import type { LocatedFault } from './located-fault.ts';
import { textOf } from './read-folder.ts';
import { writeFileAtomically } from './write-file.ts';
import { readYamlDocument, type YamlDocument } from './yaml-document.ts';

/** Name of the file of differences that are let be; it is in git, as everything that the operator decides. */
export const driftIgnoreFileName = 'drift-ignore.yaml';

const codes = {
  unknownKey: 'drift/ignore-file',
  missingKey: 'drift/ignore-file',
  invalidValue: 'drift/ignore-file',
  syntax: 'drift/ignore-file',
  duplicateKey: 'drift/ignore-file',
} as const;

const head = `# Differences that are known and let be: vmstation drift shows them, and they count again after their day.
# vmstation up repairs them all the same. Written by vmstation drift ignore, or by hand.
`;

/** The file as read. */
export interface ReadDriftIgnores {
  readonly ignores: readonly DriftIgnore[];
  readonly document: YamlDocument | undefined;
  readonly faults: readonly LocatedFault[];
}

/** Reads the text of the file; undefined: there is none, and nothing is ignored. `nodes` undefined: names are not judged. */
export function readDriftIgnores(text: string | undefined, nodes: readonly string[] | undefined): ReadDriftIgnores {
  if (text === undefined) return { ignores: [], document: undefined, faults: [] };
  const document = readYamlDocument(driftIgnoreFileName, text, codes);
  if (document.faults.length > 0) return { ignores: [], document, faults: document.faults };
  const value = document.value ?? { ignore: [] };
  const parsed = driftIgnoreFileSchema.safeParse(value);
  const faults = parsed.success
    ? entryFaults(parsed.data.ignore, nodes)
    : schemaFaults(driftIgnoreFileSchema, parsed.error.issues, value, codes);
  const ignores = parsed.success ? parsed.data.ignore : [];
  return { ignores, document, faults: faults.map((fault) => document.locate(fault)) };
}

function entryFaults(ignores: readonly DriftIgnore[], nodes: readonly string[] | undefined): readonly Fault[] {
  return ignores.flatMap(({ node, resource }, index): readonly Fault[] => {
    const first = ignores.findIndex((one) => one.node === node && one.resource === resource);
    const base = { code: codes.invalidValue, severity: 'error' } as const;
    if (nodes !== undefined && !nodes.includes(node))
      return [
        {
          ...base,
          path: ['ignore', index, 'node'],
          message: `There is no node ${node}.`,
          tryThis: suggestion(node, nodes),
        },
      ];
    if (first === index) return [];
    return [
      {
        ...base,
        path: ['ignore', index, 'resource'],
        message: `${resource} of ${node} stands here twice.`,
        tryThis: 'Remove one of the two.',
        related: ['ignore', first, 'resource'],
      },
    ];
  });
}

/** Writes a difference into the file, in place of what it says of the same resource; comments stay. */
export async function addDriftIgnore(root: string, entry: DriftIgnore): Promise<void> {
  const document = parseDocument((await textOf(join(root, driftIgnoreFileName))) ?? head);
  remove(document, entry);
  const { node, resource, until, reason } = entry;
  const item = document.createNode({ node, resource, until, ...(reason === undefined ? {} : { reason }) });
  if (isSeq(document.get('ignore'))) document.addIn(['ignore'], item);
  else document.set('ignore', document.createNode([item]));
  await write(root, document);
}

/** Takes a difference out of the file; comments stay. Throws drift/not-ignored when it is not in there. */
export async function removeDriftIgnore(root: string, entry: Pick<DriftIgnore, 'node' | 'resource'>): Promise<void> {
  const document = parseDocument((await textOf(join(root, driftIgnoreFileName))) ?? head);
  if (!remove(document, entry))
    throw new AppError({
      code: 'drift/not-ignored',
      kind: 'user',
      message: `${driftIgnoreFileName} does not ignore ${entry.resource} of ${entry.node}; nothing was changed.`,
      tryThis: '`vmstation drift ignore` lists what is ignored.',
    });
  await write(root, document);
}

function remove(document: Document, { node, resource }: Pick<DriftIgnore, 'node' | 'resource'>): boolean {
  const list = document.get('ignore');
  if (!isSeq(list)) return false;
  const before = list.items.length;
  list.items = list.items.filter(
    (item) => !(isMap(item) && item.get('node') === node && item.get('resource') === resource),
  );
  return list.items.length < before;
}

async function write(root: string, document: Document): Promise<void> {
  const text = document.toString({ lineWidth: 0 });
  await writeFileAtomically(join(root, driftIgnoreFileName), text, { mode: 0o644, directoryMode: 0o755 });
}
