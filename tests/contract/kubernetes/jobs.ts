import { PatchStrategy, setHeaderOptions, type V1Job, type V1Pod } from '@kubernetes/client-node';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { type AnyObject, puppetSpec } from './objects.ts';
import { livePods, playEnd } from './puppets.ts';
import { refusal } from './refusal.ts';
import type { Scratch } from './scratch.ts';
import { versionHolds } from './server-version.ts';

const strategic = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch);

type JobSpec = Partial<NonNullable<V1Job['spec']>>;

function jobSpec(spec: JobSpec): NonNullable<V1Job['spec']> {
  const template = { spec: Object.assign(puppetSpec('job:1'), { restartPolicy: 'Never' }) };
  return { template, ...spec };
}

async function makeJob(scratch: Scratch, spec: JobSpec): Promise<string> {
  const namespace = await scratch.namespace();
  await scratch.subject.batch.createNamespacedJob({
    namespace,
    body: { metadata: { name: 'work' }, spec: jobSpec(spec) },
  });
  return namespace;
}

async function read({ subject }: Scratch, namespace: string): Promise<V1Job> {
  return subject.batch.readNamespacedJob({ name: 'work', namespace });
}

function running(pods: readonly V1Pod[]): V1Pod[] {
  return pods.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed');
}

async function awaitRunning(scratch: Scratch, namespace: string, count: number): Promise<V1Pod[]> {
  return scratch.until(`${count} pods at work`, async () => {
    const pods = running(await livePods(scratch, namespace, 'job-name=work'));
    return pods.length === count && pods;
  });
}

async function verdict(scratch: Scratch, namespace: string, type: string): Promise<{ reason?: string; job: V1Job }> {
  return scratch.until(`the verdict ${type}`, async () => {
    const job = await read(scratch, namespace);
    const found = job.status?.conditions?.find((item) => item.type === type && item.status === 'True');
    return found && { ...(found.reason === undefined ? {} : { reason: found.reason }), job };
  });
}

const jobCases = [
  kubernetesCase('a Job runs as many pods at a time as it may until enough have succeeded', async (scratch) => {
    const namespace = await makeJob(scratch, { completions: 3, parallelism: 2 });
    const [first, second] = await awaitRunning(scratch, namespace, 2);
    expect(first?.metadata?.labels?.['job-name']).toBe('work');
    for (const pod of [first, second]) if (pod) await playEnd(scratch, pod, 'Succeeded');
    const [third] = await awaitRunning(scratch, namespace, 1);
    if (third) await playEnd(scratch, third, 'Succeeded');
    const { job } = await verdict(scratch, namespace, 'Complete');
    expect(job.status).toMatchObject({ succeeded: 3 });
    expect(job.status?.completionTime).toBeInstanceOf(Date);
    expect(job.status?.active ?? 0).toBe(0);
    expect(job.status?.failed ?? 0).toBe(0);
  }),
  kubernetesCase('a failed pod is made up for until the limit is passed', async (scratch) => {
    const namespace = await makeJob(scratch, { backoffLimit: 1 });
    for (let count = 0; count < 2; count++) {
      const [pod] = await awaitRunning(scratch, namespace, 1);
      if (pod) await playEnd(scratch, pod, 'Failed');
    }
    const { reason, job } = await verdict(scratch, namespace, 'Failed');
    expect(reason).toBe('BackoffLimitExceeded');
    expect(job.status?.failed).toBe(2);
    expect(job.status?.active ?? 0).toBe(0);
  }),
  kubernetesCase('one failure within the limit does not fail the Job', async (scratch) => {
    const namespace = await makeJob(scratch, { backoffLimit: 2 });
    const [failing] = await awaitRunning(scratch, namespace, 1);
    if (failing) await playEnd(scratch, failing, 'Failed');
    const [next] = await scratch.until('another pod', async () => {
      const pods = running(await livePods(scratch, namespace, 'job-name=work'));
      return pods.length === 1 && pods[0]?.metadata?.uid !== failing?.metadata?.uid && pods;
    });
    if (next) await playEnd(scratch, next, 'Succeeded');
    const { job } = await verdict(scratch, namespace, 'Complete');
    expect(job.status).toMatchObject({ succeeded: 1, failed: 1 });
  }),
  kubernetesCase('a Job that takes too long is failed and its pods are ended', async (scratch) => {
    const namespace = await makeJob(scratch, { activeDeadlineSeconds: 2 });
    const { reason } = await verdict(scratch, namespace, 'Failed');
    expect(reason).toBe('DeadlineExceeded');
    await awaitRunning(scratch, namespace, 0);
  }),
  kubernetesCase(
    'a finished Job goes when its time to live is over',
    async (scratch) => {
      const namespace = await makeJob(scratch, { ttlSecondsAfterFinished: 1 });
      const [pod] = await awaitRunning(scratch, namespace, 1);
      if (pod) await playEnd(scratch, pod, 'Succeeded');
      await scratch.until('the end of the Job', async () => {
        const { items } = await scratch.subject.batch.listNamespacedJob({ namespace });
        return items.length === 0;
      });
    },
    { holds: '>=1.21' },
  ),
  kubernetesCase(
    'a suspended Job has no pods; resumed it has',
    async (scratch) => {
      const namespace = await makeJob(scratch, { suspend: true });
      await scratch.until('its condition', async () => {
        const { status } = await read(scratch, namespace);
        return status?.conditions?.some((item) => item.type === 'Suspended' && item.status === 'True');
      });
      expect(await livePods(scratch, namespace, 'job-name=work')).toEqual([]);
      await scratch.subject.batch.patchNamespacedJob(
        { name: 'work', namespace, body: { spec: { suspend: false } } },
        strategic,
      );
      await awaitRunning(scratch, namespace, 1);
      await scratch.subject.batch.patchNamespacedJob(
        { name: 'work', namespace, body: { spec: { suspend: true } } },
        strategic,
      );
      await awaitRunning(scratch, namespace, 0);
    },
    { holds: '>=1.22' },
  ),
  kubernetesCase('deleting a Job leaves its pods unless told otherwise', async (scratch) => {
    const namespace = await makeJob(scratch, {});
    await awaitRunning(scratch, namespace, 1);
    await scratch.subject.batch.deleteNamespacedJob({ name: 'work', namespace });
    await scratch.until('the end of the Job', async () => {
      const { items } = await scratch.subject.batch.listNamespacedJob({ namespace });
      return items.length === 0;
    });
    expect(await livePods(scratch, namespace, 'job-name=work')).toHaveLength(1);
  }),
  kubernetesCase('what a Job runs cannot be changed, nor a restart policy be left out', async (scratch) => {
    const namespace = await makeJob(scratch, {});
    const { batch } = scratch.subject;
    const template = { spec: { containers: [{ name: 'main', image: 'job:2' }] } };
    const changed = batch.patchNamespacedJob({ name: 'work', namespace, body: { spec: { template } } }, strategic);
    expect(await refusal(changed)).toMatchObject({ code: 422, reason: 'Invalid' });
    const body = { metadata: { name: 'other' }, spec: { template: { spec: puppetSpec() } } };
    const refused = await refusal(batch.createNamespacedJob({ namespace, body }));
    expect(refused.causes[0]).toMatchObject({ field: 'spec.template.spec.restartPolicy' });
  }),
];

/** CronJobs left beta in 1.21. */
const cronVersion = ({ subject }: Scratch): string =>
  versionHolds('>=1.21', subject.version) ? 'batch/v1' : 'batch/v1beta1';

async function makeCron(scratch: Scratch, name: string, spec: object): Promise<void> {
  const namespace = await scratch.namespace();
  const cron: AnyObject = {
    apiVersion: cronVersion(scratch),
    kind: 'CronJob',
    metadata: { name, namespace },
    spec: { schedule: '* * * * *', jobTemplate: { spec: jobSpec({}) }, ...spec },
  };
  await scratch.subject.objects.create(cron);
}

/** Jobs of a CronJob, oldest first. */
async function jobsOf(scratch: Scratch, name: string): Promise<V1Job[]> {
  const namespace = await scratch.namespace();
  const { items } = await scratch.subject.batch.listNamespacedJob({ namespace });
  const own = items.filter(({ metadata }) => metadata?.ownerReferences?.some((owner) => owner.name === name));
  const age = ({ metadata }: V1Job): number => metadata?.creationTimestamp?.getTime() ?? 0;
  return own.toSorted((left, right) => age(left) - age(right));
}

const cronCases = [
  kubernetesCase(
    'what happens when the last one still runs: Allow, Forbid, Replace; a suspended one starts nothing',
    async (scratch) => {
      const namespace = await scratch.namespace();
      for (const policy of ['Allow', 'Forbid', 'Replace']) {
        await makeCron(scratch, policy.toLowerCase(), { concurrencyPolicy: policy });
      }
      await makeCron(scratch, 'sleeping', { suspend: true });
      const [early] = await scratch.until('the first Job to be replaced', async () => {
        const jobs = await jobsOf(scratch, 'replace');
        return jobs.length > 0 && jobs;
      });
      expect(early?.metadata?.name).toMatch(/^replace-\d+$/u);
      await scratch.until('two Jobs side by side', async () => (await jobsOf(scratch, 'allow')).length >= 2);
      await scratch.until('the replacement', async () => {
        const jobs = await jobsOf(scratch, 'replace');
        return jobs.length === 1 && jobs[0]?.metadata?.uid !== early?.metadata?.uid;
      });
      // The older controller only logged it.
      if (versionHolds('>=1.21', scratch.subject.version)) {
        await scratch.until('the refusal of a second', async () => {
          const fieldSelector = 'involvedObject.name=forbid,reason=JobAlreadyActive';
          return (await scratch.subject.core.listNamespacedEvent({ namespace, fieldSelector })).items.length > 0;
        });
      }
      expect(await jobsOf(scratch, 'forbid')).toHaveLength(1);
      expect(await jobsOf(scratch, 'sleeping')).toEqual([]);
      const path = `/apis/${cronVersion(scratch)}/namespaces/${namespace}/cronjobs/forbid`;
      const { body } = await scratch.subject.wire({ path });
      const [active] = await jobsOf(scratch, 'forbid');
      expect(body).toMatchObject({ status: { active: [{ kind: 'Job', name: active?.metadata?.name }] } });
      expect(body).toHaveProperty('status.lastScheduleTime');
    },
  ),
  kubernetesCase('only as many finished Jobs are kept as the limits say', async (scratch) => {
    const namespace = await scratch.namespace();
    await makeCron(scratch, 'brief', { successfulJobsHistoryLimit: 1 });
    const seen = new Set<string>();
    await scratch.until('the end of an older Job', async () => {
      const jobs = await jobsOf(scratch, 'brief');
      for (const { metadata } of jobs) seen.add(metadata?.name ?? '');
      for (const pod of running(await livePods(scratch, namespace, 'job-name')))
        await playEnd(scratch, pod, 'Succeeded');
      const finished = jobs.filter(({ status }) => status?.succeeded === 1);
      return seen.size >= 2 && finished.length === 1 && jobs.length === 1;
    });
  }),
  kubernetesCase('a schedule that cannot be read is 422', async (scratch) => {
    const refused = await refusal(makeCron(scratch, 'never', { schedule: 'every full moon' }));
    expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(refused.causes[0]).toMatchObject({ field: 'spec.schedule', reason: 'FieldValueInvalid' });
  }),
  kubernetesCase(
    'a time zone that is none is 422',
    async (scratch) => {
      const refused = await refusal(makeCron(scratch, 'nowhere', { timeZone: 'Nowhere/Land' }));
      expect(refused.causes[0]).toMatchObject({ field: 'spec.timeZone', reason: 'FieldValueInvalid' });
    },
    { holds: '>=1.27' },
  ),
];

/** Jobs and CronJobs. Source: kubernetes.io/docs/concepts/workloads/controllers/job and /cron-jobs. */
export const jobs: Contract<KubernetesSubject> = {
  port: 'Kubernetes: jobs',
  cases: [...jobCases, ...cronCases],
};
