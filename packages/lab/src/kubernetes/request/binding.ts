import { timestamp } from '../clock.ts';
import { textAt } from '../json.ts';
import type { ApiObjects } from '../registry/api-objects.ts';
import { badRequest, conflict } from '../status-error.ts';
import { type ApiRequest, type ApiResponse, jsonBody } from './api-request.ts';

/** Assigns a pod to a node, as the scheduler does. Throws 404, and 409 when it already has one. */
export function bindPod(api: ApiObjects, namespace: string, name: string, nodeName: string, manager: string): void {
  const pod = api.mustGet('pods', namespace, name);
  if (pod.spec?.nodeName) {
    throw conflict(
      { resource: 'pods/binding', name },
      `pod ${name} is already assigned to node "${pod.spec.nodeName}"`,
    );
  }
  const scheduled = api.mutate('pods', namespace, name, { manager, subresource: 'binding' }, (draft) => {
    if (draft.spec) draft.spec.nodeName = nodeName;
  });
  if (!scheduled) return;
  api.mutate('pods', namespace, name, { manager, subresource: 'status' }, (draft) => {
    const others = (draft.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
    const condition = { type: 'PodScheduled', status: 'True', lastTransitionTime: timestamp(api.clock.now()) };
    draft.status = { ...draft.status, conditions: [...others, condition] };
  });
}

/** Answers `pods/NAME/binding`. */
export function bindingSubresource(api: ApiObjects, request: ApiRequest): ApiResponse {
  const { namespace, name } = request.info;
  const target = textAt(jsonBody(request), 'target', 'name');
  if (target === '') throw badRequest('target.name: Required value');
  bindPod(api, namespace, name, target, 'kube-scheduler');
  return { code: 201, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } };
}
