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
 */
export function validateClusterFile(
  document: unknown,
  versions: Versions,
  appFolders: readonly AppFolderEntry[] = [],
): ClusterFileVerdict {
  const parsed = clusterFileSchema.safeParse(document);
  if (parsed.success) {
    const faults = clusterFileRules.flatMap((rule) => rule({ file: parsed.data, versions, appFolders }));
    const refused = faults.some((fault) => fault.severity === 'error');
    return { file: refused ? undefined : parsed.data, faults };
  }
  const refused = schemaFaults(clusterFileSchema, parsed.error.issues, document, codes);
  const mended = mendDocument(clusterFileSchema, document);
  if (mended === undefined) return { file: undefined, faults: refused };
  const ruled = clusterFileRules
    .flatMap((rule) => rule({ file: mended.value, versions, appFolders }))
    .filter((fault) => !touches(fault, mended.filled));
  return { file: undefined, faults: [...refused, ...ruled] };
}

function touches(fault: Fault, filled: readonly DocumentPath[]): boolean {
  if (fault.document !== undefined) return false;
  const places = fault.related === undefined ? [fault.path] : [fault.path, fault.related];
  return filled.some((made) => places.some((place) => pathStartsWith(place, made) || pathStartsWith(made, place)));
}
