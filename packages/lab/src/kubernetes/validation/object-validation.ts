import type { JsonObject } from '../json.ts';
import { jsonEqual } from '../json.ts';
import type {
  ClusterEvent,
  ConfigMap,
  Kinds,
  KubeObject,
  Lease,
  NetworkPolicy,
  Pod,
  PriorityClass,
  ResourceName,
  ResourceQuota,
  Role,
  RoleBinding,
  Secret,
} from '../kinds.ts';
import type { ResourceDefinition } from '../resources.ts';
import { typeSchema } from '../schema/schema.ts';
import {
  forbiddenField,
  invalidValue,
  requiredValue,
  type StatusCause,
  tooLongValue,
  unsupportedValue,
} from '../status-error.ts';
import { metadataFaults, metadataUpdateFaults } from './names.ts';
import { podSpecFaults } from './pod-validation.ts';
import { missingFields } from './required-fields.ts';
import { serviceFaults, serviceUpdateFaults } from './service-validation.ts';
import {
  claimFaults,
  claimUpdateFaults,
  storageClassUpdateFaults,
  volumeFaults,
  volumeUpdateFaults,
} from './storage-validation.ts';
import {
  controllerFaults,
  cronJobFaults,
  deploymentFaults,
  jobFaults,
  jobUpdateFaults,
  selectorUpdateFaults,
  statefulSetUpdateFaults,
} from './workload-validation.ts';

type Validators = { readonly [R in ResourceName]?: (object: Kinds[R]) => StatusCause[] };
type UpdateValidators = { readonly [R in ResourceName]?: (next: Kinds[R], old: Kinds[R]) => StatusCause[] };

type Data = { readonly [key: string]: string };

const largestDataBytes = 1024 * 1024;

function dataKeyFaults(data: Data | undefined, field: string): StatusCause[] {
  return Object.keys(data ?? {})
    .filter((key) => !/^[-._a-zA-Z0-9]+$/u.test(key))
    .map((key) =>
      invalidValue(
        `${field}[${key}]`,
        key,
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      ),
    );
}

function immutableDataFaults(next: ConfigMap | Secret, old: ConfigMap | Secret): StatusCause[] {
  if (!old.immutable) return [];
  const faults = next.immutable ? [] : [forbiddenField('immutable', 'field is immutable when `immutable` is set')];
  if (!jsonEqual(next.data, old.data)) {
    faults.push(forbiddenField('data', 'field is immutable when `immutable` is set'));
  }
  return faults;
}

function secretUpdateFaults(next: Secret, old: Secret): StatusCause[] {
  const faults = next.type === old.type ? [] : [invalidValue('type', next.type, 'field is immutable')];
  return [...faults, ...immutableDataFaults(next, old)];
}

/** A ConfigMap or Secret holds one MiB at most, keys not counted. */
function sizeFaults(field: string, text: Data = {}, base64: Data = {}): StatusCause[] {
  const sum = (values: Data, encoding: 'utf8' | 'base64'): number =>
    Object.values(values).reduce((total, value) => total + Buffer.byteLength(value, encoding), 0);
  return sum(text, 'utf8') + sum(base64, 'base64') > largestDataBytes ? [tooLongValue(field, largestDataBytes)] : [];
}

function ruleFaults(role: Pick<Role, 'rules'>): StatusCause[] {
  return (role.rules ?? []).flatMap((rule, index) => {
    if (rule.nonResourceURLs?.length) return [];
    const at = `rules[${index}]`;
    const faults = rule.apiGroups?.length
      ? []
      : [requiredValue(`${at}.apiGroups`, 'resource rules must supply at least one api group')];
    if (!rule.resources?.length)
      faults.push(requiredValue(`${at}.resources`, 'resource rules must supply at least one resource'));
    return faults;
  });
}

function roleRefFaults(next: Pick<RoleBinding, 'roleRef'>, old: Pick<RoleBinding, 'roleRef'>): StatusCause[] {
  return jsonEqual(next.roleRef, old.roleRef) ? [] : [invalidValue('roleRef', next.roleRef, 'cannot change roleRef')];
}

function podUpdateFaults(next: Pod, old: Pod): StatusCause[] {
  const fixed = (pod: Pod): unknown => {
    const images = (list: { image?: string }[] | undefined): unknown => list?.map(({ image: _image, ...rest }) => rest);
    return {
      ...pod.spec,
      containers: images(pod.spec?.containers),
      initContainers: images(pod.spec?.initContainers),
      activeDeadlineSeconds: undefined,
      terminationGracePeriodSeconds: undefined,
      tolerations: undefined,
      // Gates may be taken away; a new one is refused below.
      schedulingGates: undefined,
      nodeName: old.spec?.nodeName ? pod.spec?.nodeName : undefined,
    };
  };
  const gates = new Set((old.spec?.schedulingGates ?? []).map(({ name }) => name));
  if ((next.spec?.schedulingGates ?? []).some(({ name }) => !gates.has(name))) {
    return [forbiddenField('spec.schedulingGates', 'only deletion is allowed, but found new scheduling gate')];
  }
  if (jsonEqual(fixed(next), fixed(old))) return [];
  return [
    forbiddenField(
      'spec',
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
    ),
  ];
}

function priorityUpdateFaults(next: PriorityClass, old: PriorityClass): StatusCause[] {
  return next.value === old.value ? [] : [forbiddenField('value', 'may not be changed in an update.')];
}

function networkPolicyFaults({ spec }: NetworkPolicy): StatusCause[] {
  return (spec?.policyTypes ?? []).flatMap((type, index) =>
    ['Ingress', 'Egress'].includes(type)
      ? []
      : [invalidValue(`spec.policyTypes[${index}]`, type, 'must be Ingress or Egress')],
  );
}

/** The lab counts by the four plain scopes; what it would not count it does not take. */
function quotaFaults({ spec }: ResourceQuota): StatusCause[] {
  const plain = ['BestEffort', 'NotBestEffort', 'NotTerminating', 'Terminating'];
  const scopes = (spec?.scopes ?? []).flatMap((scope) =>
    plain.includes(scope) ? [] : [unsupportedValue('spec.scopes', scope, plain)],
  );
  const selector = spec?.scopeSelector
    ? [forbiddenField('spec.scopeSelector', 'the lab does not count by a scope selector')]
    : [];
  return [...scopes, ...selector];
}

function leaseFaults({ spec }: Lease): StatusCause[] {
  const faults: StatusCause[] = [];
  if (spec?.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0) {
    faults.push(invalidValue('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0'));
  }
  if (spec?.leaseTransitions !== undefined && spec.leaseTransitions < 0) {
    faults.push(invalidValue('spec.leaseTransitions', spec.leaseTransitions, 'must be greater than or equal to 0'));
  }
  return faults;
}

/** An event lies where its object lies; those about cluster-wide objects lie in `default` (older ones: anywhere of the system). */
function eventFaults({ metadata, involvedObject }: ClusterEvent): StatusCause[] {
  const about = involvedObject.namespace ?? '';
  if (about === metadata.namespace) return [];
  if (about === '' && ['default', 'kube-system'].includes(metadata.namespace ?? '')) return [];
  return [invalidValue('involvedObject.namespace', about, 'does not match event.namespace')];
}

const validators: Validators = {
  pods: ({ spec }) => (spec ? podSpecFaults(spec, 'spec') : [requiredValue('spec.containers')]),
  services: serviceFaults,
  configmaps: ({ data, binaryData }) => [
    ...dataKeyFaults(data, 'data'),
    ...dataKeyFaults(binaryData, 'binaryData'),
    ...sizeFaults('', data, binaryData),
  ],
  secrets: ({ data }) => [...dataKeyFaults(data, 'data'), ...sizeFaults('data', {}, data)],
  persistentvolumes: volumeFaults,
  persistentvolumeclaims: claimFaults,
  'deployments.apps': deploymentFaults,
  'replicasets.apps': controllerFaults,
  'daemonsets.apps': controllerFaults,
  'statefulsets.apps': controllerFaults,
  'jobs.batch': jobFaults,
  'cronjobs.batch': cronJobFaults,
  'roles.rbac.authorization.k8s.io': ruleFaults,
  'clusterroles.rbac.authorization.k8s.io': ruleFaults,
  'networkpolicies.networking.k8s.io': networkPolicyFaults,
  resourcequotas: quotaFaults,
  'leases.coordination.k8s.io': leaseFaults,
  events: eventFaults,
};

const updateValidators: UpdateValidators = {
  pods: podUpdateFaults,
  services: serviceUpdateFaults,
  configmaps: immutableDataFaults,
  secrets: secretUpdateFaults,
  persistentvolumes: volumeUpdateFaults,
  persistentvolumeclaims: claimUpdateFaults,
  'deployments.apps': selectorUpdateFaults,
  'replicasets.apps': selectorUpdateFaults,
  'daemonsets.apps': selectorUpdateFaults,
  'statefulsets.apps': statefulSetUpdateFaults,
  'jobs.batch': jobUpdateFaults,
  'rolebindings.rbac.authorization.k8s.io': roleRefFaults,
  'clusterrolebindings.rbac.authorization.k8s.io': roleRefFaults,
  'storageclasses.storage.k8s.io': storageClassUpdateFaults,
  'priorityclasses.scheduling.k8s.io': priorityUpdateFaults,
};

/** Kinds that are useless without a spec: the server refuses them. */
const needsSpec: ReadonlySet<string> = new Set([
  'deployments',
  'replicasets',
  'daemonsets',
  'statefulsets',
  'jobs',
  'cronjobs',
  'services',
]);

/** Every fault of an object, and of the change from `old` when there is one. */
export function objectFaults(
  definition: ResourceDefinition,
  object: KubeObject,
  old: KubeObject | undefined,
): StatusCause[] {
  const faults = [...metadataFaults(object, definition), ...(old ? metadataUpdateFaults(object, old) : [])];
  const fields = object as unknown as JsonObject;
  const missing = missingFields(typeSchema(definition.type), fields);
  faults.push(...missing);
  if (needsSpec.has(definition.plural) && fields.spec === undefined) faults.push(requiredValue('spec'));
  const validate = validators[definition.name] as ((object: KubeObject) => StatusCause[]) | undefined;
  const validateUpdate = updateValidators[definition.name] as
    | ((next: KubeObject, old: KubeObject) => StatusCause[])
    | undefined;
  const known = new Set(faults.map((fault) => fault.field));
  const special = [...(validate?.(object) ?? []), ...(old ? (validateUpdate?.(object, old) ?? []) : [])];
  return [...faults, ...special.filter((fault) => !known.has(fault.field))];
}
