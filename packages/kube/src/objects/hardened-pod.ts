import type { Container, PodSpec, SecurityContext, Toleration } from './object-types.ts';

/** Resources that every container states: CPU as `100m`, memory as `128Mi`. A CPU limit would only slow it down. */
export interface ContainerResources {
  readonly cpu: string;
  readonly memory: string;
  readonly memoryLimit: string;
}

/** A container as its component describes it; hardening comes on top. */
export interface ContainerParts extends Omit<Container, 'resources' | 'securityContext'> {
  readonly image: string;
  readonly resources: ContainerResources;
  /** Capabilities that it cannot do without, besides none. */
  readonly capabilities?: readonly string[];
}

/** A container without privileges: no escalation, a read-only root file system, no capabilities, and stated resources. */
export function hardenedContainer({ resources, capabilities, ...parts }: ContainerParts): Container {
  const securityContext: SecurityContext = {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'], ...(capabilities === undefined ? {} : { add: [...capabilities] }) },
  };
  return {
    ...parts,
    securityContext,
    resources: {
      requests: { cpu: resources.cpu, memory: resources.memory },
      limits: { memory: resources.memoryLimit },
    },
  };
}

/** A pod as its component describes it; hardening comes on top. */
export interface PodParts extends Omit<PodSpec, 'securityContext'> {
  /** Numeric user and group that its processes run as; 0 must be justified by an annotation. */
  readonly uid: number;
  /** Groups whose files it may use besides its own. */
  readonly supplementalGroups?: readonly number[];
  /** True only for programs that call the API. */
  readonly usesApi?: boolean;
}

/**
 * A pod that runs as a numeric user, under the runtime's system call filter, without an API token unless it calls the API. It has no
 * fsGroup: with one the kubelet would change group and mode of directories whose owner is declared on the node.
 */
export function hardenedPod({ uid, supplementalGroups, usesApi = false, ...parts }: PodParts): PodSpec {
  return {
    automountServiceAccountToken: usesApi,
    enableServiceLinks: false,
    ...parts,
    securityContext: {
      runAsUser: uid,
      runAsGroup: uid,
      ...(uid === 0 ? {} : { runAsNonRoot: true }),
      ...(supplementalGroups === undefined ? {} : { supplementalGroups: [...supplementalGroups] }),
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
}

/** Lets a pod run on the control plane too: in a small cluster that is the only machine that is always on. */
export const controlPlaneToleration: Toleration = {
  key: 'node-role.kubernetes.io/control-plane',
  operator: 'Exists',
  effect: 'NoSchedule',
};

/** Ties a pod to one node, the control plane included. */
export function pinnedTo(node: string): Pick<PodSpec, 'nodeSelector' | 'tolerations'> {
  return { nodeSelector: { 'kubernetes.io/hostname': node }, tolerations: [controlPlaneToleration] };
}

/** The labels by which a component's pods are selected. */
export function componentLabels(name: string, partOf: string): Record<string, string> {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': partOf };
}

/** A written reason why a component's pods break a rule of hardening; rules are `run-as-root`, `host-network`, `host-path`… */
export function exemption(rule: string, reason: string): Record<string, string> {
  return { [`vmstation.io/exempt-${rule}`]: reason };
}
