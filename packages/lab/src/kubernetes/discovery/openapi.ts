import { createHash } from 'node:crypto';
import type { JsonObject } from '../json.ts';
import { goNameOf } from '../request/protobuf/read-fields.ts';
import { apiVersionOf, type ResourceDefinition, resourceDefinitions } from '../resources.ts';
import type { ScalarKind, Schema, StructSchema } from '../schema/schema.ts';
import { typeSchema } from '../schema/schema.ts';

const scalars: Readonly<Record<ScalarKind, JsonObject>> = {
  text: { type: 'string' },
  bytes: { type: 'string', format: 'byte' },
  integer: { type: 'integer', format: 'int64' },
  decimal: { type: 'number', format: 'double' },
  boolean: { type: 'boolean' },
  time: { type: 'string', format: 'date-time' },
  'int-or-text': reference('io.k8s.apimachinery.pkg.util.intstr.IntOrString'),
  quantity: reference('io.k8s.apimachinery.pkg.api.resource.Quantity'),
};

/** Scalars that a real server's documents name. */
const namedScalars: Readonly<Record<string, JsonObject>> = {
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    'x-kubernetes-int-or-string': true,
    oneOf: [{ type: 'integer' }, { type: 'string' }],
    format: 'int-or-string',
  },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { oneOf: [{ type: 'string' }, { type: 'number' }] },
};

function reference(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}

/** Name of a type among the document's schemas: that of its Go type, whose last part `kubectl explain` prints. */
function schemaName(type: string): string {
  if (type.startsWith('Calico')) return `org.projectcalico.crd.v1.${type.slice('Calico'.length)}`;
  return `io.k8s.${goNameOf(type) ?? `api.core.v1.${type.replace(/^V1/u, '')}`}`;
}

function describe(schema: Schema, referred: Set<string>): JsonObject {
  switch (schema.form) {
    case 'any':
      return {};
    case 'scalar':
      return { ...scalars[schema.scalar] };
    case 'struct':
      referred.add(schema.type);
      return reference(schemaName(schema.type));
    case 'map':
      return {
        type: 'object',
        additionalProperties: describe(schema.values, referred),
        ...(schema.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      };
    case 'list':
      return {
        type: 'array',
        items: describe(schema.items, referred),
        'x-kubernetes-list-type': schema.keys === undefined ? 'atomic' : schema.keys.length === 0 ? 'set' : 'map',
        ...(schema.keys?.length ? { 'x-kubernetes-list-map-keys': [...schema.keys] } : {}),
        ...(schema.patchKey === undefined ? {} : { 'x-kubernetes-patch-strategy': 'merge' }),
        ...(schema.patchKey ? { 'x-kubernetes-patch-merge-key': schema.patchKey } : {}),
      };
  }
}

function structDocument(schema: StructSchema, referred: Set<string>): JsonObject {
  const properties: JsonObject = {};
  const required: string[] = [];
  for (const [name, field] of schema.fields) {
    properties[name] = describe(field.schema, referred);
    if (field.required) required.push(name);
  }
  return {
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
    ...(schema.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
  };
}

function parameter(name: string): JsonObject {
  return { name, in: 'query', schema: { type: 'string', uniqueItems: true } };
}

/** Paths of a resource, with the parameters by which kubectl learns that the server validates fields and dry-runs. */
function pathsOf(definition: ResourceDefinition): JsonObject {
  const root = definition.group === '' ? '/api' : `/apis/${definition.group}`;
  const scope = definition.namespaced ? '/namespaces/{namespace}' : '';
  const collection = `${root}/${definition.version}${scope}/${definition.plural}`;
  const gvk = { group: definition.group, version: definition.version, kind: definition.kind };
  const operation = (action: string, extra: readonly string[]): JsonObject => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
    parameters: ['dryRun', 'fieldManager', 'fieldValidation', ...extra].map(parameter),
    responses: { 200: { description: 'OK' } },
  });
  return {
    [collection]: { post: operation('post', []) },
    [`${collection}/{name}`]: { put: operation('put', []), patch: operation('patch', ['force']) },
  };
}

const documents = new Map<string, string>();

function groupDocument(group: string, version: string): string {
  const definitions = resourceDefinitions.filter((item) => item.group === group && item.version === version);
  const schemas: JsonObject = { ...namedScalars };
  const waiting = new Set(definitions.map(({ type }) => type));
  for (const type of waiting) {
    const schema = structDocument(typeSchema(type), waiting);
    const owner = definitions.find((item) => item.type === type);
    const gvk = owner ? [{ group, version, kind: owner.kind }] : undefined;
    schemas[schemaName(type)] = gvk ? { ...schema, 'x-kubernetes-group-version-kind': gvk } : schema;
  }
  const paths = Object.assign({}, ...definitions.map(pathsOf)) as JsonObject;
  return JSON.stringify({
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'lab' },
    paths,
    components: { schemas },
  });
}

function documentPath(group: string, version: string): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

/** OpenAPI v3 text of one group version (`apis/apps/v1`), or undefined when it is not served. Made when first asked for. */
export function openApiDocument(path: string): string | undefined {
  const known = documents.get(path);
  if (known) return known;
  const found = resourceDefinitions.find(({ group, version }) => documentPath(group, version) === path);
  if (!found) return undefined;
  const text = groupDocument(found.group, found.version);
  documents.set(path, text);
  return text;
}

/** The list of OpenAPI v3 documents, each with a hash of its content in its address. */
export function openApiIndex(): JsonObject {
  const paths: JsonObject = {};
  for (const definition of resourceDefinitions) {
    const path = documentPath(definition.group, definition.version);
    if (paths[path]) continue;
    const hash = createHash('sha256')
      .update(`${apiVersionOf(definition)} 1`)
      .digest('hex')
      .toUpperCase();
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
  }
  return { paths };
}
