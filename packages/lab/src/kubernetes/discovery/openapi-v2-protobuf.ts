import { isObject, type Json, type JsonObject, textAt } from '../json.ts';

/** Media type in which kubectl asks for OpenAPI v2; it reads no other. */
export const openApiV2ProtobufType = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

/**
 * An OpenAPI v2 document as a protobuf message. Only what the lab's documents have is written.
 * Source of the numbers: openapiv2/OpenAPIv2.proto of https://github.com/google/gnostic.
 */
export function openApiV2Protobuf(document: JsonObject): Uint8Array {
  const info = message(text(1, textAt(document, 'info', 'title')), text(2, textAt(document, 'info', 'version')));
  return message(
    text(1, textAt(document, 'swagger')),
    bytes(2, info),
    bytes(8, message(...named(document.paths, 2, pathItem))),
    bytes(9, message(...named(document.definitions, 1, schemaMessage))),
  );
}

function message(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}

function varint(value: number): Buffer {
  const result: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) result.push((rest % 128) | 0x80);
  return Buffer.from([...result, rest]);
}

function bytes(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
}

function text(number: number, value: Json | undefined): Buffer {
  return typeof value === 'string' && value !== '' ? bytes(number, Buffer.from(value)) : Buffer.alloc(0);
}

/** Entries of a map, each a message of name and value, under `number`. */
function named(map: Json | undefined, number: number, write: (value: JsonObject) => Uint8Array): Buffer[] {
  if (!isObject(map)) return [];
  return Object.entries(map).map(([name, value]) =>
    bytes(number, message(text(1, name), bytes(2, write(isObject(value) ? value : {})))),
  );
}

/** Fields that begin with `x-`, each as YAML text: JSON is that too. */
function extensions(object: JsonObject, number: number): Buffer[] {
  return Object.entries(object)
    .filter(([name]) => name.startsWith('x-'))
    .map(([name, value]) => bytes(number, message(text(1, name), bytes(2, text(2, JSON.stringify(value))))));
}

function pathItem(item: JsonObject): Uint8Array {
  const operations = { put: 3, post: 4, patch: 8 };
  const parts = Object.entries(operations).flatMap(([verb, number]) => {
    const operation = item[verb];
    return isObject(operation) ? [bytes(number, operationMessage(operation))] : [];
  });
  return message(...parts);
}

function operationMessage(operation: JsonObject): Uint8Array {
  const parameters = Array.isArray(operation.parameters) ? operation.parameters.filter(isObject) : [];
  const response = (value: JsonObject): Uint8Array => bytes(1, text(1, value.description));
  return message(
    ...parameters.map((parameter) => bytes(8, queryParameter(parameter))),
    bytes(9, message(...named(operation.responses, 1, response))),
    ...extensions(operation, 13),
  );
}

/** ParametersItem > Parameter > NonBodyParameter > QueryParameterSubSchema. */
function queryParameter({ name, in: place, type }: JsonObject): Uint8Array {
  return bytes(1, bytes(2, bytes(3, message(text(2, place), text(4, name), text(6, type)))));
}

function schemaMessage(schema: JsonObject): Uint8Array {
  const { required, additionalProperties, items, properties } = schema;
  return message(
    text(1, schema.$ref),
    text(2, schema.format),
    ...(Array.isArray(required) ? required.map((name) => text(19, name)) : []),
    ...(isObject(additionalProperties) ? [bytes(21, bytes(1, schemaMessage(additionalProperties)))] : []),
    ...(typeof schema.type === 'string' ? [bytes(22, text(1, schema.type))] : []),
    ...(isObject(items) ? [bytes(23, bytes(1, schemaMessage(items)))] : []),
    ...(isObject(properties) ? [bytes(25, message(...named(properties, 1, schemaMessage)))] : []),
    ...extensions(schema, 31),
  );
}
