import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../kinds.ts';
import { fieldsOf } from '../registry/prepare.ts';
import { apiVersionOf, type ResourceDefinition } from '../resources.ts';
import { tableOf } from '../table/table.ts';
import type { Presentation } from './media-type.ts';

/** What a table needs besides the objects. */
export interface PresentContext {
  readonly definition: ResourceDefinition;
  readonly presentation: Presentation;
  readonly includeObject: string;
  readonly nowMs: number;
}

/** One object as the client wants to see it. */
export function presentObject(object: KubeObject, context: PresentContext): JsonObject {
  if (context.presentation === 'table') {
    return tableOf([object], context.definition, context, object.metadata.resourceVersion ?? '');
  }
  return context.presentation === 'metadata' ? metadataOnly(object) : fieldsOf(object);
}

function metadataOnly(object: KubeObject): JsonObject {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: fieldsOf(object).metadata,
  };
}

/** Metadata of a list reply. */
export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** Objects as a list or a table. Items of built-in kinds carry no type of their own, as on the wire of a real server. */
export function presentList(objects: readonly KubeObject[], meta: ListMeta, context: PresentContext): JsonObject {
  const { definition, presentation } = context;
  if (presentation === 'table') {
    const table = tableOf(objects, definition, context, meta.resourceVersion);
    return { ...table, metadata: { ...meta } };
  }
  if (presentation === 'metadata') {
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { ...meta },
      items: objects.map(metadataOnly),
    };
  }
  const items = objects.map((object) => {
    if (definition.custom) return fieldsOf(object);
    const { apiVersion: _apiVersion, kind: _kind, ...rest } = fieldsOf(object);
    return rest;
  });
  return { kind: `${definition.kind}List`, apiVersion: apiVersionOf(definition), metadata: { ...meta }, items };
}
