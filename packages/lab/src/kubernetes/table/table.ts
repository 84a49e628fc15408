import type { Json, JsonObject } from '../json.ts';
import type { KubeObject } from '../kinds.ts';
import { fieldsOf } from '../registry/prepare.ts';
import type { ResourceDefinition } from '../resources.ts';
import type { Column } from './column.ts';
import { columnsOf } from './columns.ts';

/** Objects as a `meta.k8s.io/v1` Table, with the columns that kubectl prints. */
export function tableOf(
  objects: readonly KubeObject[],
  definition: ResourceDefinition,
  options: { readonly includeObject: string; readonly nowMs: number },
  resourceVersion: string,
): JsonObject {
  const columns = columnsOf(definition.name);
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion },
    columnDefinitions: columns.map(columnDefinition),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, options.nowMs)),
      object: rowObject(object, options.includeObject),
    })),
  };
}

function columnDefinition(column: Column): JsonObject {
  return {
    name: column.name,
    type: column.type ?? 'string',
    format: column.name === 'Name' ? 'name' : '',
    description: column.name,
    priority: column.wide ? 1 : 0,
  };
}

function rowObject(object: KubeObject, includeObject: string): Json {
  if (includeObject === 'None') return null;
  if (includeObject === 'Object') return fieldsOf(object);
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: fieldsOf(object).metadata };
}
