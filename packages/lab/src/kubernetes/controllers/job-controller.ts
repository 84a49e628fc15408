import { timestamp } from '../clock.ts';
import { jsonEqual } from '../json.ts';
import type { Job, Pod } from '../kinds.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import { type ControlLoop, type ControllerContext, keyOf, splitKey } from './controller.ts';
import { isActive, isPodReady, podFromTemplate, podsControlledBy } from './pod-factory.ts';

const component = 'job-controller';

type JobCondition = NonNullable<NonNullable<Job['status']>['conditions']>[number];

/** Runs the pods of each Job until enough have succeeded or too many have failed. */
export class JobController implements ControlLoop {
  readonly name = component;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  keysOf({ resource, object }: StoreEvent): readonly string[] {
    if (resource === 'jobs.batch') return [keyOf(object)];
    const owner = resource === 'pods' ? object.metadata.ownerReferences?.find((item) => item.controller) : undefined;
    return owner?.kind === 'Job' ? [`${object.metadata.namespace}/${owner.name}`] : [];
  }

  initialKeys(): readonly string[] {
    return this.#context.store.list('jobs.batch').map(keyOf);
  }

  reconcile(key: string): number | undefined {
    const { namespace, name } = splitKey(key);
    const { api, store, clock, recorder } = this.#context;
    const job = store.get('jobs.batch', namespace, name);
    if (!job?.spec || job.metadata.deletionTimestamp) return undefined;
    const isOver = job.status?.conditions?.some(
      ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
    );
    if (isOver) return this.#expire(job);
    const now = timestamp(clock.now());
    const pods = podsControlledBy(api, job);
    const count = (phase: string): number => pods.filter((pod) => pod.status?.phase === phase).length;
    const [succeeded, failed] = [count('Succeeded'), count('Failed') + restarts(pods)];
    const wanted = job.spec.completions ?? 1;
    const verdict = conclude(job, succeeded >= wanted, failed, now, clock.now());
    const active = pods.filter(isActive);
    if (verdict || job.spec.suspend) for (const pod of active) api.remove('pods', namespace, pod.metadata.name);
    else if (!job.spec.suspend)
      this.#startPods(job, Math.min(job.spec.parallelism ?? 1, wanted - succeeded) - active.length);
    const remaining = podsControlledBy(api, job).filter(isActive);
    const status: Job['status'] = {
      ...job.status,
      startTime: job.status?.startTime ?? now,
      ready: remaining.filter(isPodReady).length,
      ...(succeeded > 0 ? { succeeded } : {}),
      ...(failed > 0 ? { failed } : {}),
      ...(verdict ? {} : suspension(job, now)),
      ...(verdict ? { conditions: [verdict], ...(verdict.type === 'Complete' ? { completionTime: now } : {}) } : {}),
      uncountedTerminatedPods: {},
    };
    if (remaining.length > 0) status.active = remaining.length;
    else delete status.active;
    if (verdict) {
      const type = verdict.type === 'Complete' ? 'Normal' : 'Warning';
      recorder.record(
        job,
        {
          type,
          reason: verdict.type === 'Complete' ? 'Completed' : (verdict.reason ?? ''),
          message: verdict.type === 'Complete' ? 'Job completed' : (verdict.message ?? ''),
        },
        component,
      );
    }
    if (!jsonEqual(status, job.status)) {
      api.mutate(
        'jobs.batch',
        namespace,
        name,
        { manager: 'kube-controller-manager', subresource: 'status' },
        (draft) => {
          draft.status = status;
        },
      );
    }
    const deadline = job.spec.activeDeadlineSeconds;
    return deadline === undefined
      ? undefined
      : Math.max(500, Date.parse(status.startTime ?? now) + deadline * 1000 - clock.now());
  }

  #startPods(job: Job, count: number): void {
    for (let started = 0; started < count; started++) {
      const pod = podFromTemplate(job.spec?.template ?? {}, job, { generateName: `${job.metadata.name}-` });
      const created = this.#context.api.create('pods', pod, { manager: 'kube-controller-manager' });
      const message = `Created pod: ${created.metadata.name}`;
      this.#context.recorder.record(job, { type: 'Normal', reason: 'SuccessfulCreate', message }, component);
    }
  }

  #expire(job: Job): number | undefined {
    const ttl = job.spec?.ttlSecondsAfterFinished;
    const end = job.status?.completionTime ?? job.status?.conditions?.[0]?.lastTransitionTime;
    if (ttl === undefined || !end) return undefined;
    const wait = Date.parse(end) + ttl * 1000 - this.#context.clock.now();
    if (wait > 0) return wait;
    this.#context.api.remove('jobs.batch', job.metadata.namespace ?? '', job.metadata.name, {
      propagationPolicy: 'Background',
    });
    return undefined;
  }
}

/** Whether the Job is suspended, as a condition that appears with the first suspension. */
function suspension(job: Job, now: string): { conditions?: JobCondition[] } {
  const before = job.status?.conditions?.find(({ type }) => type === 'Suspended');
  const status = job.spec?.suspend ? 'True' : 'False';
  if (before?.status === status || (!before && status === 'False')) return {};
  const [reason, message] = job.spec?.suspend ? ['JobSuspended', 'Job suspended'] : ['JobResumed', 'Job resumed'];
  const others = (job.status?.conditions ?? []).filter(({ type }) => type !== 'Suspended');
  const next = { type: 'Suspended', status, reason, message, lastProbeTime: now, lastTransitionTime: now };
  return { conditions: [...others, next] };
}

function restarts(pods: readonly Pod[]): number {
  return pods.filter(isActive).reduce((sum, pod) => sum + (pod.status?.containerStatuses?.[0]?.restartCount ?? 0), 0);
}

function conclude(job: Job, isComplete: boolean, failed: number, now: string, nowMs: number): JobCondition | undefined {
  const of = (type: string, reason: string, message: string): JobCondition => ({
    type,
    status: 'True',
    reason,
    message,
    lastProbeTime: now,
    lastTransitionTime: now,
  });
  if (isComplete) return of('Complete', 'CompletionsReached', 'Reached expected number of succeeded pods');
  if (failed > (job.spec?.backoffLimit ?? 6)) {
    return of('Failed', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const deadline = job.spec?.activeDeadlineSeconds;
  const started = Date.parse(job.status?.startTime ?? '');
  const isLate = deadline !== undefined && started + deadline * 1000 < nowMs;
  return isLate ? of('Failed', 'DeadlineExceeded', 'Job was active longer than specified deadline') : undefined;
}
