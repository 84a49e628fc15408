import type { ResourceName } from '../kinds.ts';
import { clusterColumns } from './cluster-columns.ts';
import { ageColumn, type Column, type ColumnTable, createdAtColumn, nameColumn } from './column.ts';
import { networkColumns } from './network-columns.ts';
import { nodeColumns } from './node-columns.ts';
import { podColumns } from './pod-columns.ts';
import { workloadColumns } from './workload-columns.ts';

const tables: readonly ColumnTable[] = [podColumns, nodeColumns, workloadColumns, networkColumns, clusterColumns];

/** The columns that kubectl prints for a resource. Source: pkg/printers/internalversion/printers.go. */
export function columnsOf(resource: ResourceName): readonly Column[] {
  for (const table of tables) {
    const found = table[resource] as readonly Column[] | undefined;
    if (found) return found;
  }
  const isAgeKind = resource.endsWith('.crd.projectcalico.org');
  return isAgeKind ? [nameColumn, ageColumn] : [nameColumn, createdAtColumn];
}
