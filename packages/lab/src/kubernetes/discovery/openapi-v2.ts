import { isObject, type JsonObject } from '../json.ts';
import { openApiDocument, openApiIndex } from './openapi.ts';
import { openApiV2Protobuf, openApiV2ProtobufType } from './openapi-v2-protobuf.ts';

let text: string | undefined;
let encoded: string | undefined;

/**
 * OpenAPI v2 of everything that is served: the paths and definitions of version 3 under their older names, as JSON text or, where a client asks
 * for it, as protobuf. kubectl falls back to that for kinds that version 3 does not know.
 */
export function openApiV2Document(accept: string | undefined): OpenApiV2Reply {
  if (accept?.includes(openApiV2ProtobufType)) {
    encoded ??= Buffer.from(openApiV2Protobuf(merged())).toString('latin1');
    return { body: encoded, contentType: openApiV2ProtobufType.replace('@', '.'), isBinary: true };
  }
  text ??= JSON.stringify(merged());
  return { body: text, contentType: 'application/json' };
}

/** The document as an answer has it; one of bytes holds one character for each. */
export interface OpenApiV2Reply {
  readonly body: string;
  readonly contentType: string;
  readonly isBinary?: boolean;
}

interface Version3 {
  readonly paths: JsonObject;
  readonly components: { readonly schemas: JsonObject };
}

function merged(): JsonObject {
  const definitions: JsonObject = {};
  const paths: JsonObject = {};
  for (const path of Object.keys(openApiIndex().paths as JsonObject)) {
    const document = (openApiDocument(path) ?? '{}').replaceAll('#/components/schemas/', '#/definitions/');
    const { components, paths: itsPaths } = JSON.parse(document) as Version3;
    Object.assign(definitions, components.schemas);
    for (const [name, item] of Object.entries(itsPaths)) paths[name] = pathItem(item as JsonObject);
  }
  Object.assign(definitions, namedScalars);
  return { swagger: '2.0', info: { title: 'Kubernetes', version: 'lab' }, paths, definitions };
}

/** Version 2 has no `oneOf`. */
const namedScalars: JsonObject = {
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: 'string', format: 'int-or-string' },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: 'string' },
};

/** A parameter's type stands in the parameter itself in version 2. */
function pathItem(item: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(item).map(([verb, operation]) => {
      if (!isObject(operation) || !Array.isArray(operation.parameters)) return [verb, operation];
      const parameters = operation.parameters.filter(isObject).map(({ schema, ...parameter }) => ({
        ...parameter,
        ...(isObject(schema) ? schema : {}),
      }));
      return [verb, { ...operation, parameters }];
    }),
  );
}
