import type * as k8s from '@kubernetes/client-node';

/** An API type as it travels: times are text. */
export type Wire<T> = T extends Date
  ? string
  : T extends (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Field in keyof T]: Wire<T[Field]> }
      : T;

/** Metadata of a stored object. */
export type ObjectMeta = Omit<Wire<k8s.V1ObjectMeta>, 'name'> & { name: string };

/** Entry of `metadata.managedFields`. */
export type ManagedFieldsEntry = Wire<k8s.V1ManagedFieldsEntry>;

/** Reference from an object to its owner. */
export type OwnerReference = Wire<k8s.V1OwnerReference>;

/** Any stored object. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

type Stored<T> = Omit<Wire<T>, 'apiVersion' | 'kind' | 'metadata'> & KubeObject;

/** A Calico resource: only the fields the lab reads are typed. */
export type CalicoObject = KubeObject & { spec?: { [field: string]: unknown } };

export type Pod = Stored<k8s.V1Pod>;
export type PodSpec = Wire<k8s.V1PodSpec>;
export type PodStatus = Wire<k8s.V1PodStatus>;
export type PodTemplateSpec = Wire<k8s.V1PodTemplateSpec>;
export type Container = Wire<k8s.V1Container>;
export type ContainerStatus = Wire<k8s.V1ContainerStatus>;
export type Volume = Wire<k8s.V1Volume>;
export type Toleration = Wire<k8s.V1Toleration>;
export type LabelSelector = Wire<k8s.V1LabelSelector>;
export type NodeSelectorTerm = Wire<k8s.V1NodeSelectorTerm>;
export type ClusterNode = Stored<k8s.V1Node>;
export type Service = Stored<k8s.V1Service>;
export type ServicePort = Wire<k8s.V1ServicePort>;
export type Endpoints = Stored<k8s.V1Endpoints>;
export type EndpointSlice = Stored<k8s.V1EndpointSlice>;
export type Endpoint = Wire<k8s.V1Endpoint>;
export type ConfigMap = Stored<k8s.V1ConfigMap>;
export type Secret = Stored<k8s.V1Secret>;
export type Namespace = Stored<k8s.V1Namespace>;
export type ServiceAccount = Stored<k8s.V1ServiceAccount>;
export type PersistentVolume = Stored<k8s.V1PersistentVolume>;
export type PersistentVolumeClaim = Stored<k8s.V1PersistentVolumeClaim>;
export type ClusterEvent = Stored<k8s.CoreV1Event>;
export type Deployment = Stored<k8s.V1Deployment>;
export type ReplicaSet = Stored<k8s.V1ReplicaSet>;
export type DaemonSet = Stored<k8s.V1DaemonSet>;
export type StatefulSet = Stored<k8s.V1StatefulSet>;
export type ControllerRevision = Stored<k8s.V1ControllerRevision>;
export type Job = Stored<k8s.V1Job>;
export type CronJob = Stored<k8s.V1CronJob>;
export type StorageClass = Stored<k8s.V1StorageClass>;
export type Ingress = Stored<k8s.V1Ingress>;
export type IngressClass = Stored<k8s.V1IngressClass>;
export type NetworkPolicy = Stored<k8s.V1NetworkPolicy>;
export type Role = Stored<k8s.V1Role>;
export type RoleBinding = Stored<k8s.V1RoleBinding>;
export type ClusterRole = Stored<k8s.V1ClusterRole>;
export type ClusterRoleBinding = Stored<k8s.V1ClusterRoleBinding>;
export type PolicyRule = Wire<k8s.V1PolicyRule>;
export type Lease = Stored<k8s.V1Lease>;
export type PriorityClass = Stored<k8s.V1PriorityClass>;
export type PodDisruptionBudget = Stored<k8s.V1PodDisruptionBudget>;
export type ResourceQuota = Stored<k8s.V1ResourceQuota>;
export type LimitRange = Stored<k8s.V1LimitRange>;

/** Stored type of every resource, by its name as in `kubectl api-resources` (`plural` or `plural.group`). */
export interface Kinds {
  namespaces: Namespace;
  nodes: ClusterNode;
  pods: Pod;
  services: Service;
  endpoints: Endpoints;
  'endpointslices.discovery.k8s.io': EndpointSlice;
  configmaps: ConfigMap;
  secrets: Secret;
  serviceaccounts: ServiceAccount;
  persistentvolumes: PersistentVolume;
  persistentvolumeclaims: PersistentVolumeClaim;
  events: ClusterEvent;
  resourcequotas: ResourceQuota;
  limitranges: LimitRange;
  'deployments.apps': Deployment;
  'replicasets.apps': ReplicaSet;
  'daemonsets.apps': DaemonSet;
  'statefulsets.apps': StatefulSet;
  'controllerrevisions.apps': ControllerRevision;
  'jobs.batch': Job;
  'cronjobs.batch': CronJob;
  'storageclasses.storage.k8s.io': StorageClass;
  'ingresses.networking.k8s.io': Ingress;
  'ingressclasses.networking.k8s.io': IngressClass;
  'networkpolicies.networking.k8s.io': NetworkPolicy;
  'clusterroles.rbac.authorization.k8s.io': ClusterRole;
  'clusterrolebindings.rbac.authorization.k8s.io': ClusterRoleBinding;
  'roles.rbac.authorization.k8s.io': Role;
  'rolebindings.rbac.authorization.k8s.io': RoleBinding;
  'leases.coordination.k8s.io': Lease;
  'priorityclasses.scheduling.k8s.io': PriorityClass;
  'poddisruptionbudgets.policy': PodDisruptionBudget;
  'ippools.crd.projectcalico.org': CalicoObject;
  'bgpconfigurations.crd.projectcalico.org': CalicoObject;
  'felixconfigurations.crd.projectcalico.org': CalicoObject;
}

/** Name of a resource that the lab stores. */
export type ResourceName = keyof Kinds;
