import { isObject, type JsonObject } from '../json.ts';
import type { Pod, PodDisruptionBudget } from '../kinds.ts';
import type { ApiObjects } from '../registry/api-objects.ts';
import { decodeStruct } from '../schema/decode.ts';
import { typeSchema } from '../schema/schema.ts';
import { internalError, tooManyRequests } from '../status-error.ts';
import { type ApiRequest, type ApiResponse, jsonBody } from './api-request.ts';
import { isDryRun } from './request-options.ts';
import { matchesSelector } from './selectors.ts';

/**
 * Answers `pods/NAME/eviction`: deletes the pod when its disruption budget allows it, else 429 with the budget's figures.
 * Source: pkg/registry/core/pod/storage/eviction.go.
 */
export function evictPod(api: ApiObjects, request: ApiRequest): ApiResponse {
  const { namespace, name } = request.info;
  const body = decodeStruct(typeSchema('V1Eviction'), jsonBody(request), { kind: 'Eviction', version: 'v1' }).object;
  const pod = api.mustGet('pods', namespace, name);
  const options = isObject(body.deleteOptions) ? body.deleteOptions : {};
  const dryRun = isDryRun(request) || (Array.isArray(options.dryRun) && options.dryRun.includes('All'));
  if (needsBudget(pod)) spendBudget(api, pod, dryRun);
  if (!dryRun) {
    api.mutate('pods', namespace, name, { manager: 'kube-apiserver', subresource: 'status' }, (draft) => {
      const now = new Date(api.clock.now()).toISOString();
      const others = (draft.status?.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget');
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'EvictionByEvictionAPI',
        message: 'Eviction API: evicting',
        lastTransitionTime: `${now.slice(0, 19)}Z`,
      };
      draft.status = { ...draft.status, conditions: [...others, condition] };
    });
  }
  api.remove('pods', namespace, name, {
    dryRun,
    ...(typeof options.gracePeriodSeconds === 'number' ? { gracePeriodSeconds: options.gracePeriodSeconds } : {}),
  });
  return { code: 201, body: success() };
}

function success(): JsonObject {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}

/** Pods that are over, pending or already going are evicted without asking the budget. */
function needsBudget(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase !== 'Succeeded' && phase !== 'Failed' && phase !== 'Pending' && !pod.metadata.deletionTimestamp;
}

function spendBudget(api: ApiObjects, pod: Pod, dryRun: boolean): void {
  const budgets = api.store
    .list('poddisruptionbudgets.policy', pod.metadata.namespace)
    .filter(({ spec }) => matchesSelector(spec?.selector, pod.metadata.labels));
  if (budgets.length > 1) {
    throw internalError(
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  const [budget] = budgets;
  if (!budget) return;
  const isReady = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {};
  const unhealthyMayGo =
    budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow' ||
    (currentHealthy >= desiredHealthy && desiredHealthy > 0);
  if (!isReady && unhealthyMayGo) return;
  refuseWithoutAllowance(budget);
  if (dryRun) return;
  const { namespace = '', name } = budget.metadata;
  api.mutate(
    'poddisruptionbudgets.policy',
    namespace,
    name,
    { manager: 'kube-apiserver', subresource: 'status' },
    (draft) => {
      if (draft.status) draft.status.disruptionsAllowed = (draft.status.disruptionsAllowed ?? 0) - 1;
    },
  );
}

function refuseWithoutAllowance(budget: PodDisruptionBudget): void {
  const { name, generation = 0 } = budget.metadata;
  const status = budget.status;
  if ((status?.observedGeneration ?? 0) < generation) {
    throw tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 10, [
      {
        reason: 'DisruptionBudget',
        message: `The disruption budget ${name} is still being processed by the server.`,
        field: '',
      },
    ]);
  }
  if ((status?.disruptionsAllowed ?? 0) > 0) return;
  throw tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 0, [
    {
      reason: 'DisruptionBudget',
      message: `The disruption budget ${name} needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`,
      field: '',
    },
  ]);
}
