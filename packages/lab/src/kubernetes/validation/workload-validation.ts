import { isTimeZone } from '../controllers/cron-schedule.ts';
import { jsonEqual } from '../json.ts';
import type {
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  LabelSelector,
  PodTemplateSpec,
  ReplicaSet,
  StatefulSet,
} from '../kinds.ts';
import { matchesSelector } from '../request/selectors.ts';
import { forbiddenField, invalidValue, type StatusCause, unsupportedValue } from '../status-error.ts';
import { enumFaults, templateFaults } from './pod-validation.ts';

function selectorFaults(selector: LabelSelector | undefined, template: PodTemplateSpec | undefined): StatusCause[] {
  if (!selector) return [];
  if (Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0) {
    return [invalidValue('spec.selector', selector, 'empty selector is invalid for deployment')];
  }
  if (!template || matchesSelector(selector, template.metadata?.labels)) return [];
  return [
    invalidValue(
      'spec.template.metadata.labels',
      template.metadata?.labels ?? {},
      '`selector` does not match template `labels`',
    ),
  ];
}

function nonNegative(value: number | undefined, field: string): StatusCause[] {
  return value === undefined || value >= 0 ? [] : [invalidValue(field, value, 'must be greater than or equal to 0')];
}

function alwaysRestarts(template: PodTemplateSpec | undefined): StatusCause[] {
  const policy = template?.spec?.restartPolicy;
  return policy === 'Always' || policy === undefined
    ? []
    : [unsupportedValue('spec.template.spec.restartPolicy', policy, ['Always'])];
}

type Controller = Deployment | ReplicaSet | DaemonSet | StatefulSet;

/** Faults of a Deployment, ReplicaSet, DaemonSet or StatefulSet. */
export function controllerFaults({ spec }: Controller): StatusCause[] {
  if (!spec) return [];
  const replicas = 'replicas' in spec ? nonNegative(spec.replicas, 'spec.replicas') : [];
  const claims = 'volumeClaimTemplates' in spec ? (spec.volumeClaimTemplates ?? []) : [];
  const claimed = claims.map(({ metadata }) => metadata?.name ?? '');
  const faults = [
    ...replicas,
    ...selectorFaults(spec.selector, spec.template),
    ...templateFaults(spec.template, 'spec.template', claimed),
    ...alwaysRestarts(spec.template),
  ];
  return faults;
}

/** Faults of a Deployment besides those of every controller. */
export function deploymentFaults(deployment: Deployment): StatusCause[] {
  const strategy = deployment.spec?.strategy;
  const faults = enumFaults(strategy?.type, 'spec.strategy.type', ['Recreate', 'RollingUpdate']);
  if (strategy?.type === 'Recreate' && strategy.rollingUpdate) {
    faults.push(
      forbiddenField('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'"),
    );
  }
  const { maxSurge, maxUnavailable } = strategy?.rollingUpdate ?? {};
  if (isZero(maxSurge) && isZero(maxUnavailable)) {
    faults.push(
      invalidValue('spec.strategy.rollingUpdate.maxUnavailable', maxUnavailable, 'may not be 0 when `maxSurge` is 0'),
    );
  }
  return [...controllerFaults(deployment), ...faults];
}

function isZero(value: number | string | undefined): boolean {
  return value === 0 || value === '0%';
}

/** Fault when the selector of a workload changes: it cannot. */
export function selectorUpdateFaults(next: Controller, old: Controller): StatusCause[] {
  return jsonEqual(next.spec?.selector, old.spec?.selector)
    ? []
    : [invalidValue('spec.selector', next.spec?.selector, 'field is immutable')];
}

const statefulSetMutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

/** Fault when a StatefulSet's fixed fields change. */
export function statefulSetUpdateFaults(next: StatefulSet, old: StatefulSet): StatusCause[] {
  const fixed = (set: StatefulSet): unknown =>
    Object.fromEntries(Object.entries(set.spec ?? {}).filter(([field]) => !statefulSetMutable.includes(field)));
  if (jsonEqual(withoutClaimStatus(fixed(next)), withoutClaimStatus(fixed(old)))) return [];
  return [
    forbiddenField(
      'spec',
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ),
  ];
}

function withoutClaimStatus(spec: unknown): unknown {
  const templates = (spec as { volumeClaimTemplates?: { status?: unknown }[] }).volumeClaimTemplates;
  if (!templates) return spec;
  return { ...(spec as object), volumeClaimTemplates: templates.map(({ status: _status, ...rest }) => rest) };
}

function jobSpecFaults(spec: NonNullable<Job['spec']>, at: string): StatusCause[] {
  const faults = [
    ...nonNegative(spec.completions, `${at}.completions`),
    ...nonNegative(spec.parallelism, `${at}.parallelism`),
    ...nonNegative(spec.backoffLimit, `${at}.backoffLimit`),
    ...templateFaults(spec.template, `${at}.template`),
  ];
  const policy = spec.template?.spec?.restartPolicy;
  if (policy === 'Always') {
    faults.push(unsupportedValue(`${at}.template.spec.restartPolicy`, policy, ['OnFailure', 'Never']));
  }
  return faults;
}

/** Faults of a Job. */
export function jobFaults({ spec }: Job): StatusCause[] {
  return spec ? jobSpecFaults(spec, 'spec') : [];
}

/** Fault when a Job's fixed fields change. */
export function jobUpdateFaults(next: Job, old: Job): StatusCause[] {
  return (['completions', 'selector', 'template', 'completionMode'] as const).flatMap((field) => {
    if (jsonEqual(next.spec?.[field], old.spec?.[field])) return [];
    return [invalidValue(`spec.${field}`, next.spec?.[field], 'field is immutable')];
  });
}

/** True for a schedule of five cron fields or a nickname such as `@daily`. */
export function isCronSchedule(schedule: string): boolean {
  if (/^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/u.test(schedule)) return true;
  const fields = schedule.trim().split(/\s+/u);
  return fields.length === 5 && fields.every((field) => /^[\d*/,\-A-Za-z?]+$/u.test(field));
}

/** Faults of a CronJob. */
export function cronJobFaults({ spec }: CronJob): StatusCause[] {
  if (!spec) return [];
  const faults = isCronSchedule(spec.schedule)
    ? []
    : [
        invalidValue(
          'spec.schedule',
          spec.schedule,
          `expected exactly 5 fields, found ${spec.schedule.trim().split(/\s+/u).length}: [${spec.schedule}]`,
        ),
      ];
  if (spec.timeZone !== undefined && !isTimeZone(spec.timeZone)) {
    faults.push(invalidValue('spec.timeZone', spec.timeZone, `unknown time zone ${spec.timeZone}`));
  }
  faults.push(...enumFaults(spec.concurrencyPolicy, 'spec.concurrencyPolicy', ['Allow', 'Forbid', 'Replace']));
  return spec.jobTemplate?.spec
    ? [...faults, ...jobSpecFaults(spec.jobTemplate.spec, 'spec.jobTemplate.spec')]
    : faults;
}
