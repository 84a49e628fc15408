import { isObject, type JsonObject } from '../json.ts';
import type { Deployment, KubeObject, ReplicaSet, StatefulSet } from '../kinds.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import type { ApiObjects } from '../registry/api-objects.ts';
import { fieldsOf } from '../registry/prepare.ts';
import type { ResourceDefinition } from '../resources.ts';
import { decodeStruct } from '../schema/decode.ts';
import { typeSchema } from '../schema/schema.ts';
import { conflict, invalid, invalidValue, methodNotAllowed } from '../status-error.ts';
import { selectorText } from '../table/workload-columns.ts';
import { type ApiRequest, type ApiResponse, jsonBody, parseObject } from './api-request.ts';
import { unsupportedMediaType } from './media-type.ts';
import { isDryRun, managerOf } from './request-options.ts';

type Scalable = Deployment | ReplicaSet | StatefulSet;

/** Answers the scale subresource: reads it, or sets the number of replicas. Throws 404, 409, 415, 422. */
export function scaleSubresource(api: ApiObjects, request: ApiRequest, definition: ResourceDefinition): ApiResponse {
  const { namespace, name } = request.info;
  const current = api.mustGet(definition.name, namespace, name) as Scalable;
  if (request.method === 'GET') return { code: 200, body: scaleOf(current) };
  const body = requestedScale(request, current);
  const scale = decodeStruct(typeSchema('V1Scale'), body, { kind: 'Scale', version: 'v1' }).object;
  const replicas = isObject(scale.spec) && typeof scale.spec.replicas === 'number' ? scale.spec.replicas : 0;
  if (replicas < 0) {
    throw invalid({ group: 'autoscaling', kind: 'Scale', name }, [
      invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ]);
  }
  const version = isObject(scale.metadata) ? scale.metadata.resourceVersion : undefined;
  if (version && version !== current.metadata.resourceVersion) {
    throw conflict(
      { group: definition.group, resource: definition.plural, name },
      'the object has been modified; please apply your changes to the latest version and try again',
    );
  }
  const next = { ...fieldsOf(current), spec: { ...current.spec, replicas } } as unknown as KubeObject;
  const options = { manager: managerOf(request), subresource: 'scale' as const, dryRun: isDryRun(request) };
  return { code: 200, body: scaleOf(api.update(definition.name, next, options) as Scalable) };
}

function requestedScale(request: ApiRequest, current: Scalable): JsonObject {
  if (request.method === 'PUT') return jsonBody(request);
  if (request.method !== 'PATCH') throw methodNotAllowed({});
  const type = request.contentType.split(';')[0]?.trim() ?? '';
  const live = scaleOf(current);
  if (type === 'application/json-patch+json') {
    return applyJsonPatch(live, JSON.parse(request.body)) as JsonObject;
  }
  if (type === 'application/merge-patch+json' || type === 'application/strategic-merge-patch+json') {
    return applyMergePatch(live, parseObject(request.body)) as JsonObject;
  }
  throw unsupportedMediaType(['application/json-patch+json', 'application/merge-patch+json']);
}

function scaleOf({ metadata, spec, status }: Scalable): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec?.replicas ?? 0 },
    status: { replicas: status?.replicas ?? 0, selector: selectorText(spec?.selector) },
  };
}
