import type { CronJob, Job, KubeObject, LabelSelector, PodTemplateSpec } from '../kinds.ts';
import { age, duration } from './age.ts';
import { ageColumn, type ColumnOf, type ColumnTable, nameColumn } from './column.ts';

type Templated = KubeObject & { spec?: { template?: PodTemplateSpec; selector?: LabelSelector } };

/** A selector as kubectl prints it. */
export function selectorText(selector: LabelSelector | undefined): string {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector?.matchExpressions ?? []).map(({ key, operator, values }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator.toLowerCase()} (${(values ?? []).join(',')})`;
  });
  const parts = [...labels.toSorted(), ...expressions];
  return parts.length === 0 ? '<none>' : parts.join(',');
}

const containers = (object: Templated): string =>
  (object.spec?.template?.spec?.containers ?? []).map(({ name }) => name).join(',');
const images = (object: Templated): string =>
  (object.spec?.template?.spec?.containers ?? []).map(({ image }) => image ?? '').join(',');

const templateColumns: readonly ColumnOf<Templated>[] = [
  { name: 'Containers', wide: true, cell: containers },
  { name: 'Images', wide: true, cell: images },
];
const selectorColumn: ColumnOf<Templated> = {
  name: 'Selector',
  wide: true,
  cell: (object) => selectorText(object.spec?.selector),
};

function jobStatusText(job: Job): string {
  const conditions = job.status?.conditions ?? [];
  const holds = (type: string): boolean => conditions.some((item) => item.type === type && item.status === 'True');
  if (holds('Complete')) return 'Complete';
  if (holds('Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp) return 'Terminating';
  return holds('Suspended') ? 'Suspended' : 'Running';
}

function jobDuration(job: Job, nowMs: number): string {
  const start = job.status?.startTime;
  if (!start) return '';
  const end = job.status?.completionTime;
  return duration((end ? Date.parse(end) : nowMs) - Date.parse(start));
}

function completions(job: Job): string {
  const wanted = job.spec?.completions;
  const done = job.status?.succeeded ?? 0;
  if (wanted !== undefined) return `${done}/${wanted}`;
  const parallelism = job.spec?.parallelism ?? 1;
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
}

const cronJobColumns: readonly ColumnOf<CronJob>[] = [
  nameColumn,
  { name: 'Schedule', cell: ({ spec }) => spec?.schedule ?? '' },
  { name: 'Timezone', cell: ({ spec }) => spec?.timeZone ?? '<none>' },
  { name: 'Suspend', cell: ({ spec }) => (spec?.suspend ? 'True' : 'False') },
  { name: 'Active', type: 'integer', cell: ({ status }) => status?.active?.length ?? 0 },
  {
    name: 'Last Schedule',
    cell: ({ status }, nowMs) => (status?.lastScheduleTime ? age(status.lastScheduleTime, nowMs) : '<none>'),
  },
  ageColumn,
  { name: 'Containers', wide: true, cell: ({ spec }) => containers(jobOf(spec)) },
  { name: 'Images', wide: true, cell: ({ spec }) => images(jobOf(spec)) },
  { name: 'Selector', wide: true, cell: ({ spec }) => selectorText(spec?.jobTemplate.spec?.selector) },
];

/** A CronJob's template as an object of its own, whose pods' template is where others have it. */
function jobOf(spec: CronJob['spec']): Templated {
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: '' }, spec: spec?.jobTemplate.spec ?? {} };
}

/** `daemonset.apps/kube-proxy`, or `<none>`. */
function controllerOf({ metadata }: KubeObject): string {
  const controller = metadata.ownerReferences?.find((owner) => owner.controller);
  if (!controller) return '<none>';
  const group = controller.apiVersion.includes('/') ? `.${controller.apiVersion.split('/')[0]}` : '';
  return `${controller.kind.toLowerCase()}${group}/${controller.name}`;
}

export const workloadColumns: ColumnTable = {
  'deployments.apps': [
    nameColumn,
    { name: 'Ready', cell: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}` },
    { name: 'Up-to-date', type: 'integer', cell: ({ status }) => status?.updatedReplicas ?? 0 },
    { name: 'Available', type: 'integer', cell: ({ status }) => status?.availableReplicas ?? 0 },
    ageColumn,
    ...templateColumns,
    selectorColumn,
  ],
  'replicasets.apps': [
    nameColumn,
    { name: 'Desired', type: 'integer', cell: ({ spec }) => spec?.replicas ?? 0 },
    { name: 'Current', type: 'integer', cell: ({ status }) => status?.replicas ?? 0 },
    { name: 'Ready', type: 'integer', cell: ({ status }) => status?.readyReplicas ?? 0 },
    ageColumn,
    ...templateColumns,
    selectorColumn,
  ],
  'daemonsets.apps': [
    nameColumn,
    { name: 'Desired', type: 'integer', cell: ({ status }) => status?.desiredNumberScheduled ?? 0 },
    { name: 'Current', type: 'integer', cell: ({ status }) => status?.currentNumberScheduled ?? 0 },
    { name: 'Ready', type: 'integer', cell: ({ status }) => status?.numberReady ?? 0 },
    { name: 'Up-to-date', type: 'integer', cell: ({ status }) => status?.updatedNumberScheduled ?? 0 },
    { name: 'Available', type: 'integer', cell: ({ status }) => status?.numberAvailable ?? 0 },
    {
      name: 'Node Selector',
      cell: ({ spec }) => selectorText({ matchLabels: spec?.template.spec?.nodeSelector ?? {} }),
    },
    ageColumn,
    ...templateColumns,
    selectorColumn,
  ],
  'statefulsets.apps': [
    nameColumn,
    { name: 'Ready', cell: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}` },
    ageColumn,
    ...templateColumns,
  ],
  'jobs.batch': [
    nameColumn,
    { name: 'Status', cell: jobStatusText },
    { name: 'Completions', cell: completions },
    { name: 'Duration', cell: jobDuration },
    ageColumn,
    ...templateColumns,
    selectorColumn,
  ],
  'cronjobs.batch': cronJobColumns,
  'controllerrevisions.apps': [
    nameColumn,
    { name: 'Controller', cell: controllerOf },
    { name: 'Revision', type: 'integer', cell: ({ revision }) => revision },
    ageColumn,
  ],
};
