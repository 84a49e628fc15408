import type { ContainerStatus, Pod, PodStatus } from '../kinds.ts';

type Condition = NonNullable<PodStatus['conditions']>[number];

/** How far a pod is, as its kubelet knows it. */
export interface PodProgress {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly initStatuses: readonly ContainerStatus[];
  readonly statuses: readonly ContainerStatus[];
  readonly initialized: boolean;
  readonly hostIp: string;
  readonly podIp: string | undefined;
  readonly now: string;
}

/** The status that kubelet reports. Conditions keep their time while they do not change. */
export function podStatusOf(pod: Pod, progress: PodProgress): PodStatus {
  const ready = progress.phase === 'Running' && progress.statuses.every((status) => status.ready);
  const unready = progress.statuses.filter((status) => !status.ready).map((status) => status.name);
  const over = progress.phase === 'Succeeded' || progress.phase === 'Failed';
  const why = over
    ? { reason: progress.phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
    : { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
  const generation = pod.metadata.generation ?? 1;
  const conditions: Condition[] = [
    { type: 'PodReadyToStartContainers', status: progress.podIp && !over ? 'True' : 'False' },
    {
      type: 'Initialized',
      status: progress.initialized ? 'True' : 'False',
      ...(over ? { reason: 'PodCompleted' } : {}),
    },
    { type: 'Ready', status: ready ? 'True' : 'False', ...(ready ? {} : why) },
    { type: 'ContainersReady', status: ready ? 'True' : 'False', ...(ready ? {} : why) },
  ];
  const known = pod.status?.conditions ?? [];
  const others = known.filter(({ type }) => !conditions.some((item) => item.type === type));
  return {
    ...pod.status,
    phase: progress.phase,
    observedGeneration: generation,
    conditions: [...conditions.map((item) => timed(item, known, progress.now)), ...others],
    hostIP: progress.hostIp,
    hostIPs: [{ ip: progress.hostIp }],
    ...(progress.podIp ? { podIP: progress.podIp, podIPs: [{ ip: progress.podIp }] } : {}),
    startTime: pod.status?.startTime ?? progress.now,
    ...(progress.initStatuses.length > 0 ? { initContainerStatuses: [...progress.initStatuses] } : {}),
    containerStatuses: [...progress.statuses],
  };
}

function timed(condition: Condition, known: readonly Condition[], now: string): Condition {
  const before = known.find(({ type }) => type === condition.type);
  const same = before?.status === condition.status;
  return { ...condition, lastTransitionTime: same ? (before.lastTransitionTime ?? now) : now };
}
