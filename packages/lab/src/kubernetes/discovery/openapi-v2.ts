import type { JsonObject } from '../json.ts';
import { openApiDocument, openApiIndex } from './openapi.ts';

let text: string | undefined;

/**
 * OpenAPI v2 text of everything that is served: the definitions of version 3 under their older names. Clients that validate
 * or explain ask version 3 first; the paths, which none of them reads here, are empty.
 */
export function openApiV2Document(): string {
  text ??= JSON.stringify(merged());
  return text;
}

function merged(): JsonObject {
  const definitions: JsonObject = {};
  for (const path of Object.keys(openApiIndex().paths as JsonObject)) {
    const document = (openApiDocument(path) ?? '{}').replaceAll('#/components/schemas/', '#/definitions/');
    const { components } = JSON.parse(document) as { readonly components: { readonly schemas: JsonObject } };
    Object.assign(definitions, components.schemas);
  }
  return { swagger: '2.0', info: { title: 'Kubernetes', version: 'lab' }, paths: {}, definitions };
}
