import { timestamp } from '../clock.ts';
import { jsonClone, jsonEqual } from '../json.ts';
import type { CronJob, Job } from '../kinds.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import { type ControlLoop, type ControllerContext, keyOf, splitKey } from './controller.ts';
import { nextDue } from './cron-schedule.ts';
import { controllerReference, isControlledBy } from './pod-factory.ts';

const component = 'cronjob-controller';
const write = { manager: 'kube-controller-manager' };

/** Starts the Jobs of each CronJob when they are due, in UTC or the time zone that it names. */
export class CronJobController implements ControlLoop {
  readonly name = component;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  keysOf({ resource, object }: StoreEvent): readonly string[] {
    if (resource === 'cronjobs.batch') return [keyOf(object)];
    const owner =
      resource === 'jobs.batch' ? object.metadata.ownerReferences?.find((item) => item.controller) : undefined;
    return owner?.kind === 'CronJob' ? [`${object.metadata.namespace}/${owner.name}`] : [];
  }

  initialKeys(): readonly string[] {
    return this.#context.store.list('cronjobs.batch').map(keyOf);
  }

  reconcile(key: string): number | undefined {
    const { namespace, name } = splitKey(key);
    const { store, clock } = this.#context;
    const cron = store.get('cronjobs.batch', namespace, name);
    if (!cron?.spec || cron.metadata.deletionTimestamp) return undefined;
    const jobs = store.list('jobs.batch', namespace).filter((job) => isControlledBy(job, cron));
    this.#forget(cron, jobs);
    this.#report(cron, jobs);
    if (cron.spec.suspend) return undefined;
    const since = Date.parse(cron.status?.lastScheduleTime ?? cron.metadata.creationTimestamp ?? '');
    const due = nextDue(cron.spec.schedule, since, cron.spec.timeZone);
    if (due === undefined) return undefined;
    if (due > clock.now()) return due - clock.now();
    this.#startJob(cron, jobs, this.#latest(cron, due));
    return 1000;
  }

  /** The last time that was due: what was missed before it is not made up for. */
  #latest({ spec }: CronJob, due: number): number {
    const next = (after: number): number | undefined => nextDue(spec?.schedule ?? '', after, spec?.timeZone);
    let last = due;
    for (let later = next(last); later !== undefined && later <= this.#context.clock.now(); later = next(last)) {
      last = later;
    }
    return last;
  }

  #startJob(cron: CronJob, jobs: readonly Job[], dueMs: number): void {
    const { api, recorder } = this.#context;
    const { namespace = '', name } = cron.metadata;
    const active = jobs.filter((job) => !isOver(job));
    api.mutate('cronjobs.batch', namespace, name, { ...write, subresource: 'status' }, (draft) => {
      draft.status = { ...draft.status, lastScheduleTime: timestamp(dueMs) };
    });
    if (active.length > 0 && cron.spec?.concurrencyPolicy === 'Forbid') {
      const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
      recorder.record(cron, { type: 'Normal', reason: 'JobAlreadyActive', message }, component);
      return;
    }
    if (cron.spec?.concurrencyPolicy === 'Replace') {
      for (const job of active)
        api.remove('jobs.batch', namespace, job.metadata.name, { propagationPolicy: 'Background' });
    }
    const template = jsonClone(cron.spec?.jobTemplate ?? {});
    const jobName = `${name}-${Math.floor(dueMs / 60_000)}`;
    const metadata = { ...template.metadata, name: jobName, namespace, ownerReferences: [controllerReference(cron)] };
    api.create(
      'jobs.batch',
      { apiVersion: 'batch/v1', kind: 'Job', metadata, ...(template.spec ? { spec: template.spec } : {}) },
      write,
    );
    recorder.record(cron, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created job ${jobName}` }, component);
  }

  #forget(cron: CronJob, jobs: readonly Job[]): void {
    for (const [type, limit] of [
      ['Complete', cron.spec?.successfulJobsHistoryLimit ?? 3],
      ['Failed', cron.spec?.failedJobsHistoryLimit ?? 1],
    ] as const) {
      const ended = jobs
        .filter((job) => job.status?.conditions?.some((item) => item.type === type && item.status === 'True'))
        .toSorted((left, right) => (left.status?.startTime ?? '').localeCompare(right.status?.startTime ?? ''));
      for (const { metadata } of ended.slice(0, Math.max(0, ended.length - limit))) {
        if (metadata.deletionTimestamp) continue;
        this.#context.api.remove('jobs.batch', metadata.namespace ?? '', metadata.name, {
          propagationPolicy: 'Background',
        });
      }
    }
  }

  #report(cron: CronJob, jobs: readonly Job[]): void {
    const active = jobs
      .filter((job) => !isOver(job))
      .map(({ metadata }) => ({
        apiVersion: 'batch/v1',
        kind: 'Job',
        name: metadata.name,
        namespace: metadata.namespace ?? '',
        uid: metadata.uid ?? '',
      }));
    const done = jobs
      .map((job) => job.status?.completionTime ?? '')
      .filter((time) => time !== '')
      .toSorted()
      .at(-1);
    const latest = [cron.status?.lastSuccessfulTime ?? '', done ?? ''].toSorted().at(-1);
    const { active: _active, ...rest } = cron.status ?? {};
    const status = {
      ...rest,
      ...(active.length > 0 ? { active } : {}),
      ...(latest ? { lastSuccessfulTime: latest } : {}),
    };
    if (jsonEqual(status, cron.status)) return;
    this.#context.api.mutate(
      'cronjobs.batch',
      cron.metadata.namespace ?? '',
      cron.metadata.name,
      { ...write, subresource: 'status' },
      (draft) => {
        draft.status = status;
      },
    );
  }
}

function isOver(job: Job): boolean {
  return (
    job.status?.conditions?.some(
      ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
    ) ?? false
  );
}
