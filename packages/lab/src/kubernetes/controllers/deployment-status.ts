import type { Deployment, ReplicaSet } from '../kinds.ts';
import { countOrShare } from './pod-factory.ts';

type Status = NonNullable<Deployment['status']>;
type Condition = NonNullable<Status['conditions']>[number];

/** Status of a Deployment from its ReplicaSets. Source: pkg/controller/deployment/sync.go and progress.go. */
export function deploymentStatus(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
  now: string,
  nowMs: number,
): Status {
  const total = (field: 'replicas' | 'readyReplicas' | 'availableReplicas'): number =>
    sets.reduce((count, set) => count + (set.status?.[field] ?? 0), 0);
  const replicas = deployment.spec?.replicas ?? 1;
  const counts = {
    replicas: total('replicas'),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: total('readyReplicas'),
    availableReplicas: total('availableReplicas'),
    unavailableReplicas: Math.max(0, replicas - total('availableReplicas')),
  };
  const shown = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  const before = deployment.status ?? {};
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...shown,
    conditions: [
      availableCondition(deployment, counts.availableReplicas, now),
      progressingCondition(deployment, current, counts, before, now, nowMs),
    ],
  };
}

function condition(
  before: Condition | undefined,
  next: Omit<Condition, 'lastUpdateTime' | 'lastTransitionTime'>,
  now: string,
  moved: boolean,
): Condition {
  const same = before && before.status === next.status && before.reason === next.reason && !moved;
  return {
    ...next,
    lastUpdateTime: same ? (before.lastUpdateTime ?? now) : now,
    lastTransitionTime: before?.status === next.status ? (before.lastTransitionTime ?? now) : now,
  };
}

function availableCondition(deployment: Deployment, available: number, now: string): Condition {
  const replicas = deployment.spec?.replicas ?? 1;
  const { strategy } = deployment.spec ?? {};
  const mayMiss =
    strategy?.type === 'Recreate' ? 0 : countOrShare(strategy?.rollingUpdate?.maxUnavailable, replicas, 'down');
  const isEnough = available >= replicas - mayMiss;
  const before = deployment.status?.conditions?.find(({ type }) => type === 'Available');
  const next = isEnough
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
  return condition(before, next, now, false);
}

function progressingCondition(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  counts: Readonly<Record<string, number>>,
  old: Status,
  now: string,
  nowMs: number,
): Condition {
  const replicas = deployment.spec?.replicas ?? 1;
  const before = old.conditions?.find(({ type }) => type === 'Progressing');
  const name = current?.metadata.name ?? '';
  const isDone =
    counts.updatedReplicas === replicas && counts.replicas === replicas && counts.availableReplicas === replicas;
  const entry = (status: string, reason: string, message: string): Omit<Condition, 'lastUpdateTime'> => ({
    type: 'Progressing',
    status,
    reason,
    message,
  });
  const pausedReason = 'DeploymentPaused';
  if (deployment.spec?.paused)
    return condition(before, entry('Unknown', pausedReason, 'Deployment is paused'), now, false);
  if (before?.reason === pausedReason) {
    return condition(before, entry('Unknown', 'DeploymentResumed', 'Deployment is resumed'), now, true);
  }
  if (isDone) {
    return condition(
      before,
      entry('True', 'NewReplicaSetAvailable', `ReplicaSet "${name}" has successfully progressed.`),
      now,
      false,
    );
  }
  const moved =
    (counts.updatedReplicas ?? 0) > (old.updatedReplicas ?? 0) ||
    (counts.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (counts.availableReplicas ?? 0) > (old.availableReplicas ?? 0) ||
    deployment.metadata.generation !== old.observedGeneration;
  const deadlineMs = (deployment.spec?.progressDeadlineSeconds ?? 600) * 1000;
  const isLate = before !== undefined && !moved && Date.parse(before.lastUpdateTime ?? '') + deadlineMs < nowMs;
  if (isLate && before.reason !== 'NewReplicaSetAvailable') {
    return condition(
      before,
      entry('False', 'ProgressDeadlineExceeded', `ReplicaSet "${name}" has timed out progressing.`),
      now,
      false,
    );
  }
  return condition(before, entry('True', 'ReplicaSetUpdated', `ReplicaSet "${name}" is progressing.`), now, moved);
}
