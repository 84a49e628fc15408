import type { Job, KubeObject, PersistentVolumeClaim, Pod, ResourceName } from '../kinds.ts';
import { forbidden, notFound, StatusError } from '../status-error.ts';
import type { AdmissionContext } from './admission-context.ts';
import { admitWithinLimits, fillFromLimitRanges } from './limit-ranges.ts';
import { admitPodServiceAccount } from './service-account-token.ts';
import { allocateServiceAddresses } from './service-addresses.ts';

/** Refuses a new object in a namespace that is absent or being deleted. */
export function admitNamespace(object: KubeObject, { store, definition }: AdmissionContext): void {
  if (!definition.namespaced) return;
  const name = object.metadata.namespace ?? '';
  const namespace = store.get('namespaces', '', name);
  if (!namespace) throw notFound({ resource: 'namespaces', name });
  if (namespace.metadata.deletionTimestamp) {
    throw new StatusError({
      ...forbidden(
        { group: definition.group, resource: definition.plural, name: object.metadata.name },
        `unable to create new content in namespace ${name} because it is being terminated`,
      ).parts,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${name} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    });
  }
}

/** What the server adds to a new or changed object by its own knowledge of the cluster, in place. */
export function admitObject(object: KubeObject, old: KubeObject | undefined, context: AdmissionContext): void {
  const admit = admitters[context.definition.name];
  admit?.(object, old, context);
}

type Admit = (object: KubeObject, old: KubeObject | undefined, context: AdmissionContext) => void;

const builtInPriorities: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

function admitPod(object: KubeObject, old: KubeObject | undefined, context: AdmissionContext): void {
  if (old) return;
  const pod = object as Pod;
  if (!pod.spec) return;
  const className = pod.spec.priorityClassName;
  if (className) {
    const value =
      builtInPriorities[className] ?? context.store.get('priorityclasses.scheduling.k8s.io', '', className)?.value;
    if (value === undefined) {
      throw forbidden(
        { resource: 'pods', name: pod.metadata.name },
        `no PriorityClass with name ${className} was found`,
      );
    }
    pod.spec.priority = value;
  } else {
    const standard = context.store.list('priorityclasses.scheduling.k8s.io').find((item) => item.globalDefault);
    pod.spec.priority = standard?.value ?? 0;
    if (standard) pod.spec.priorityClassName = standard.metadata.name;
  }
  pod.spec.preemptionPolicy ??= 'PreemptLowerPriority';
  addNodeTolerations(pod);
  fillFromLimitRanges(pod, context.store);
  admitWithinLimits(pod, 'pods', context.store);
  pod.status ??= {};
  pod.status.qosClass = qosClassOf(pod);
  if (pod.spec.schedulingGates?.length) {
    const message = 'Scheduling is blocked due to non-empty scheduling gates';
    const gated = { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message };
    pod.status.conditions = [...(pod.status.conditions ?? []), gated];
  }
  const isMirror = pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;
  if (!isMirror) admitPodServiceAccount(pod, context);
}

function addNodeTolerations(pod: Pod): void {
  const tolerations = [...(pod.spec?.tolerations ?? [])];
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const covered = tolerations.some(
      (item) =>
        (item.key === key || (!item.key && item.operator === 'Exists')) &&
        (!item.effect || item.effect === 'NoExecute'),
    );
    if (!covered) tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  }
  if (pod.spec) pod.spec.tolerations = tolerations;
}

function qosClassOf(pod: Pod): string {
  const containers = pod.spec?.containers ?? [];
  const amounts = containers.flatMap(({ resources }) => [resources?.requests ?? {}, resources?.limits ?? {}]);
  if (amounts.every((amount) => amount.cpu === undefined && amount.memory === undefined)) return 'BestEffort';
  const guaranteed = containers.every(({ resources }) =>
    (['cpu', 'memory'] as const).every(
      (name) => resources?.limits?.[name] !== undefined && resources.requests?.[name] === resources.limits[name],
    ),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function admitJob(object: KubeObject, old: KubeObject | undefined): void {
  const job = object as Job;
  if (old || !job.spec || job.spec.manualSelector) return;
  const uid = job.metadata.uid ?? '';
  const labels = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': job.metadata.name,
    'controller-uid': uid,
    'job-name': job.metadata.name,
  };
  job.spec.selector ??= { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
  job.spec.template.metadata = {
    ...job.spec.template.metadata,
    labels: { ...job.spec.template.metadata?.labels, ...labels },
  };
}

function admitClaim(object: KubeObject, old: KubeObject | undefined, { store }: AdmissionContext): void {
  const claim = object as PersistentVolumeClaim;
  if (old || !claim.spec) return;
  protect(claim, 'kubernetes.io/pvc-protection');
  admitWithinLimits(claim, 'persistentvolumeclaims', store);
  if (claim.spec.storageClassName !== undefined) return;
  const standard = store
    .list('storageclasses.storage.k8s.io')
    .find(({ metadata }) => metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true');
  if (standard) claim.spec.storageClassName = standard.metadata.name;
}

function protect(object: KubeObject, finalizer: string): void {
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes(finalizer)) object.metadata.finalizers = [...finalizers, finalizer];
}

const admitters: { readonly [R in ResourceName]?: Admit } = {
  pods: admitPod,
  services: (object, old, { store, config }) => allocateServiceAddresses(object, old, store, config),
  'jobs.batch': admitJob,
  persistentvolumeclaims: admitClaim,
  persistentvolumes: (object, old) => {
    if (!old) protect(object, 'kubernetes.io/pv-protection');
  },
};
