import type { CronJob, DaemonSet, Deployment, Job, PodSpec, ReplicaSet, StatefulSet } from '../kinds.ts';
import { defaultPodSpec } from './pod-defaults.ts';
import { defaultClaim } from './storage-defaults.ts';

function defaultTemplate(template: { spec?: PodSpec } | undefined): void {
  if (template?.spec) defaultPodSpec(template.spec);
}

/** Defaults of a Deployment. Source: pkg/apis/apps/v1/defaults.go, as for the other workloads. */
export function defaultDeployment({ spec }: Deployment): void {
  if (!spec) return;
  spec.replicas ??= 1;
  spec.strategy ??= {};
  spec.strategy.type ??= 'RollingUpdate';
  if (spec.strategy.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate ??= {};
    spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
    spec.strategy.rollingUpdate.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  defaultTemplate(spec.template);
}

/** Defaults of a ReplicaSet. */
export function defaultReplicaSet({ spec }: ReplicaSet): void {
  if (!spec) return;
  spec.replicas ??= 1;
  defaultTemplate(spec.template);
}

/** Defaults of a DaemonSet. */
export function defaultDaemonSet({ spec }: DaemonSet): void {
  if (!spec) return;
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ??= 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  defaultTemplate(spec.template);
}

/** Defaults of a StatefulSet, its claim templates included. */
export function defaultStatefulSet({ spec }: StatefulSet): void {
  if (!spec) return;
  spec.replicas ??= 1;
  spec.podManagementPolicy ??= 'OrderedReady';
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ??= 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.partition ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ??= 'Retain';
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ??= 'Retain';
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion ??= 'v1';
    claim.kind ??= 'PersistentVolumeClaim';
    defaultClaim(claim);
  }
  defaultTemplate(spec.template);
}

function defaultJobSpec(spec: NonNullable<Job['spec']>): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= 6;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  defaultTemplate(spec.template);
}

/** Defaults of a Job. */
export function defaultJob({ spec }: Job): void {
  if (spec) {
    defaultJobSpec(spec);
    spec.manualSelector ??= false;
  }
}

/** Defaults of a CronJob and of the Job it makes. */
export function defaultCronJob({ spec }: CronJob): void {
  if (!spec) return;
  spec.concurrencyPolicy ??= 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  const template = spec.jobTemplate.spec?.template;
  if (template) defaultTemplate(template);
}
