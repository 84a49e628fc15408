import { parse as parseYaml } from 'yaml';
import { refuseEscalation } from '../auth/escalation.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import type { KubeObject } from '../kinds.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { applyStrategicMerge } from '../patch/strategic-merge.ts';
import type { ApiObjects } from '../registry/api-objects.ts';
import { fieldsOf, objectOf } from '../registry/prepare.ts';
import type { DeleteRequest, Subresource, WriteOptions } from '../registry/write-options.ts';
import { apiVersionOf, type ResourceDefinition } from '../resources.ts';
import { type Decoded, decodeStruct } from '../schema/decode.ts';
import { typeSchema } from '../schema/schema.ts';
import { badRequest, internalError, invalid, invalidValue, StatusError, unsupportedValue } from '../status-error.ts';
import { type ApiRequest, type ApiResponse, jsonBody } from './api-request.ts';
import { duplicateFields } from './duplicate-fields.ts';
import { unsupportedMediaType } from './media-type.ts';
import { presentObject } from './present.ts';
import { presentContext } from './read-objects.ts';
import { fieldValidationOf, forceOf, invalidOption, isDryRun, managerOf } from './request-options.ts';

/** Answers create, update, patch and apply of stored objects. */
export class ObjectWriter {
  readonly #api: ApiObjects;

  constructor(api: ApiObjects) {
    this.#api = api;
  }

  create(request: ApiRequest, definition: ResourceDefinition): ApiResponse {
    const { object, warnings } = this.#read(request, definition, jsonBody(request));
    refuseEscalation(this.#api.store, request.user, object, definition);
    const created = this.#api.create(definition.name, object, this.#options(request, ''));
    return this.#reply(request, definition, created, 201, warnings);
  }

  update(request: ApiRequest, definition: ResourceDefinition, subresource: Subresource): ApiResponse {
    const { object, warnings } = this.#read(request, definition, jsonBody(request));
    this.#refuseOtherName(request, object);
    refuseEscalation(this.#api.store, request.user, object, definition);
    const updated = this.#api.update(definition.name, object, this.#options(request, subresource));
    return this.#reply(request, definition, updated, 200, warnings);
  }

  patch(request: ApiRequest, definition: ResourceDefinition, subresource: Subresource): ApiResponse {
    const type = request.contentType.split(';')[0]?.trim() ?? '';
    const isApply = type === 'application/apply-patch+yaml';
    const force = forceOf(request, isApply);
    if (isApply) return this.#apply(request, definition, subresource, force);
    const { namespace, name } = request.info;
    const current = this.#api.mustGet(definition.name, namespace, name);
    const patched = this.#patched(fieldsOf(current), request, definition, type);
    const { object, warnings } = asPatch(patched, () => this.#read(request, definition, patched));
    this.#refuseOtherName(request, object);
    refuseEscalation(this.#api.store, request.user, object, definition);
    const updated = this.#api.update(definition.name, object, this.#options(request, subresource));
    return this.#reply(request, definition, updated, 200, warnings);
  }

  #patched(current: JsonObject, request: ApiRequest, definition: ResourceDefinition, type: string): JsonObject {
    const patch = parsePatch(request.body);
    if (type === 'application/json-patch+json') return mustBeObject(applyJsonPatch(current, patch));
    if (type === 'application/merge-patch+json') return mustBeObject(applyMergePatch(current, mustBeObject(patch)));
    if (type === 'application/strategic-merge-patch+json' && !definition.custom) {
      return applyStrategicMerge(current, mustBeObject(patch), typeSchema(definition.type));
    }
    throw unsupportedMediaType([
      'application/json-patch+json',
      'application/merge-patch+json',
      ...(definition.custom ? [] : ['application/strategic-merge-patch+json']),
      'application/apply-patch+yaml',
    ]);
  }

  #apply(request: ApiRequest, definition: ResourceDefinition, subresource: Subresource, force: boolean): ApiResponse {
    const body = parseApplyBody(request.body);
    this.#refuseOtherType(body, definition);
    const { object, unknownFields } = this.#decode(body, definition);
    const config = objectOf(object);
    this.#address(config, request);
    this.#refuseOtherName(request, config);
    const [unknown] = unknownFields;
    if (unknown !== undefined) {
      const address = `${config.metadata.namespace ?? ''}/${config.metadata.name}`;
      throw internalError(
        `failed to create typed patch object (${address}; ${apiVersionOf(definition)}, Kind=${definition.kind}): .${unknown}: field not declared in schema`,
        '',
      );
    }
    refuseEscalation(this.#api.store, request.user, config, definition);
    const options = { ...this.#options(request, subresource), force };
    const { object: applied, created } = this.#api.apply(definition.name, config, options);
    return this.#reply(request, definition, applied, created ? 201 : 200, []);
  }

  #read(
    request: ApiRequest,
    definition: ResourceDefinition,
    body: JsonObject,
  ): { object: KubeObject; warnings: string[] } {
    this.#refuseOtherType(body, definition);
    const { object: fields, unknownFields } = this.#decode(body, definition);
    const wish = fieldValidationOf(request);
    const repeated = isJson(request) ? duplicateFields(request.body) : [];
    const named = [
      ...repeated.map((field) => `duplicate field "${field}"`),
      ...unknownFields.map((field) => `unknown field "${field}"`),
    ];
    if (wish === 'Strict' && named.length > 0) {
      throw badRequest(
        `${definition.kind} in version "${definition.version}" cannot be handled as a ${definition.kind}: strict decoding error: ${named.join(', ')}`,
      );
    }
    fields.metadata ??= {};
    const object = objectOf(fields);
    this.#address(object, request);
    return { object, warnings: wish === 'Warn' ? named : [] };
  }

  #decode(body: JsonObject, definition: ResourceDefinition): Decoded {
    const decoded = decodeStruct(typeSchema(definition.type), body, definition);
    const object: JsonObject = { ...decoded.object, apiVersion: apiVersionOf(definition), kind: definition.kind };
    return { object, unknownFields: decoded.unknownFields };
  }

  #refuseOtherType(body: JsonObject, definition: ResourceDefinition): void {
    const { kind, apiVersion } = body;
    const wanted = apiVersionOf(definition);
    if ((kind && kind !== definition.kind) || (apiVersion && apiVersion !== wanted)) {
      throw badRequest(
        `${plainText(kind)} in version "${plainText(apiVersion)}" cannot be handled as a ${definition.kind}: the object provided is unrecognized (must be of type ${definition.kind} in ${wanted})`,
      );
    }
  }

  /** Fills in the namespace and name that the URL gives. Throws 400 when the body names another namespace. */
  #address(object: KubeObject, request: ApiRequest): void {
    const { namespace, name } = request.info;
    if (namespace !== '') {
      object.metadata.namespace ??= namespace;
      if (object.metadata.namespace !== namespace) {
        throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
      }
    }
    if (name !== '') object.metadata.name ??= name;
  }

  #refuseOtherName(request: ApiRequest, object: KubeObject): void {
    const { name } = request.info;
    if (object.metadata.name !== name) {
      throw badRequest(`the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`);
    }
  }

  #options(request: ApiRequest, subresource: Subresource): WriteOptions {
    return { manager: managerOf(request), subresource, dryRun: isDryRun(request) };
  }

  #reply(
    request: ApiRequest,
    definition: ResourceDefinition,
    object: KubeObject,
    code: number,
    warnings: readonly string[],
  ): ApiResponse {
    return { code, body: presentObject(object, presentContext(request, definition, this.#api)), warnings };
  }
}

/** What the decoder refuses in a patched object is a fault of the patch: 422 instead of 400. */
function asPatch<T>(patched: JsonObject, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 400) throw error;
    throw invalid({ kind: '' }, [invalidValue('patch', JSON.stringify(patched), error.message)]);
  }
}

function isJson({ contentType }: ApiRequest): boolean {
  return !contentType.includes('protobuf') && !contentType.includes('yaml');
}

function parsePatch(body: string): Json {
  try {
    return JSON.parse(body) as Json;
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function mustBeObject(value: Json): JsonObject {
  if (isObject(value)) return value;
  throw badRequest('error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}');
}

/** An apply's body is YAML, which nearly always is JSON. */
function parseApplyBody(body: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = body.trimStart().startsWith('{') ? JSON.parse(body) : parseYaml(body);
  } catch (error) {
    throw badRequest(`error decoding YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(parsed)) throw badRequest('error decoding YAML: the body is no object');
  if (!isObject(parsed.metadata)) parsed.metadata = {};
  return parsed;
}

/** Text as it is, anything else as JSON. */
function plainText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** Reads `DeleteOptions` from the body and the query. Throws 400. */
export function deleteRequestOf(request: ApiRequest): DeleteRequest {
  const body = request.body.trim() === '' ? {} : jsonBody(request);
  const options = decodeStruct(typeSchema('V1DeleteOptions'), body, { kind: 'DeleteOptions', version: 'v1' }).object;
  const grace = request.query.get('gracePeriodSeconds') ?? options.gracePeriodSeconds;
  const policy = request.query.get('propagationPolicy') ?? options.propagationPolicy;
  if (policy !== undefined && !['Orphan', 'Background', 'Foreground'].includes(plainText(policy))) {
    throw invalidOption(
      'DeleteOptions',
      unsupportedValue('propagationPolicy', policy, ['Background', 'Foreground', 'Orphan']),
    );
  }
  const preconditions = isObject(options.preconditions) ? options.preconditions : {};
  return {
    ...(grace === undefined || grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(policy === undefined ? {} : { propagationPolicy: plainText(policy) }),
    preconditions: {
      ...(preconditions.uid ? { uid: plainText(preconditions.uid) } : {}),
      ...(preconditions.resourceVersion ? { resourceVersion: plainText(preconditions.resourceVersion) } : {}),
    },
    dryRun: isDryRun(request) || (Array.isArray(options.dryRun) && options.dryRun.includes('All')),
  };
}
