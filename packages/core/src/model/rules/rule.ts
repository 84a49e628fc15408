import type { AppFolderEntry } from '../app-folder-file.ts';
import type { Versions } from '../cluster.ts';
import type { ClusterFile } from '../cluster-file.ts';
import type { DocumentPath, Fault } from '../fault.ts';

/** What rules judge. */
export interface RuleInput {
  readonly file: ClusterFile;
  readonly versions: Versions;
  readonly appFolders: readonly AppFolderEntry[];
}

/** One rule over a whole cluster file: pure, reports every place at which it is broken. */
export type Rule = (input: RuleInput) => readonly Fault[];

/** An error at a place of the cluster file. */
export function fault(
  code: `cluster-file/${string}`,
  path: DocumentPath,
  message: string,
  tryThis: string,
  more: Partial<Pick<Fault, 'related' | 'atKey' | 'severity' | 'document'>> = {},
): Fault {
  return { code, severity: 'error', path, message, tryThis, ...more };
}
