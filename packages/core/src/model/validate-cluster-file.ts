import type { AppFolderEntry } from './app-folder-file.ts';
import type { Versions } from './cluster.ts';
import { type ClusterFile, clusterFileSchema } from './cluster-file.ts';
import { type DocumentPath, type Fault, pathStartsWith } from './fault.ts';
import { mendDocument } from './mended-document.ts';
import { clusterFileRules } from './rules/rules.ts';
import { type SchemaFaultCodes, schemaFaults } from './schema-faults.ts';

/** What a check of the cluster file found: every fault, and the file itself when none of them is an error. */
export interface ClusterFileVerdict {
  readonly file: ClusterFile | undefined;
  readonly faults: readonly Fault[];
}

const codes: SchemaFaultCodes = {
  unknownKey: 'cluster-file/unknown-key',
  missingKey: 'cluster-file/missing-key',
  invalidValue: 'cluster-file/invalid-value',
};

/**
 * Judges a cluster file as parsed from YAML: schema and rules, all faults at once.
 * Where the schema refuses a value the rules still judge the rest, without blaming what follows from that value.
 * @param unsure places whose content is not certain (a key that stands twice): faults that touch them are not told
 */
export function validateClusterFile(
  document: unknown,
  versions: Versions,
  appFolders: readonly AppFolderEntry[] = [],
  unsure: readonly DocumentPath[] = [],
): ClusterFileVerdict {
  const parsed = clusterFileSchema.safeParse(document);
  if (parsed.success) {
    const found = clusterFileRules.flatMap((rule) => rule({ file: parsed.data, versions, appFolders }));
    const accepted = unsure.length === 0 && found.every((fault) => fault.severity === 'warning');
    return { file: accepted ? parsed.data : undefined, faults: found.filter((fault) => !touches(fault, unsure)) };
  }
  const refused = schemaFaults(clusterFileSchema, parsed.error.issues, document, codes);
  const mended = mendDocument(clusterFileSchema, document);
  if (mended === undefined) return { file: undefined, faults: refused };
  const ruled = clusterFileRules
    .flatMap((rule) => rule({ file: mended.value, versions, appFolders }))
    .filter((fault) => !touches(fault, [...mended.filled, ...unsure]));
  return { file: undefined, faults: [...refused, ...ruled] };
}

function touches(fault: Fault, filled: readonly DocumentPath[]): boolean {
  if (fault.document !== undefined) return false;
  const places = fault.related === undefined ? [fault.path] : [fault.path, fault.related];
  return filled.some((made) => places.some((place) => pathStartsWith(place, made) || pathStartsWith(made, place)));
}
