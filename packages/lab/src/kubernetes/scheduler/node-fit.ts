import type { ClusterNode, NodeSelectorTerm, PersistentVolume, Pod, Toleration } from '../kinds.ts';
import { quantityValue } from '../quantity.ts';

type Taint = NonNullable<NonNullable<ClusterNode['spec']>['taints']>[number];

/** True when a toleration covers a taint. */
export function tolerates(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return (tolerations ?? []).some((item) => {
    if (item.effect && item.effect !== taint.effect) return false;
    if (item.key && item.key !== taint.key) return false;
    if (item.operator === 'Exists') return true;
    return item.key === taint.key && (item.value ?? '') === (taint.value ?? '');
  });
}

function termMatches(term: NodeSelectorTerm, node: ClusterNode): boolean {
  const test = (value: string | undefined, operator: string, values: readonly string[] = []): boolean => {
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      case 'Gt':
        return Number(value) > Number(values[0]);
      default:
        return Number(value) < Number(values[0]);
    }
  };
  const labels = (term.matchExpressions ?? []).every((item) =>
    test(node.metadata.labels?.[item.key], item.operator, item.values),
  );
  const fields = (term.matchFields ?? []).every((item) => test(node.metadata.name, item.operator, item.values));
  return labels && fields && (term.matchExpressions ?? term.matchFields) !== undefined;
}

/** True when the pod's node selector and required affinity name the node. */
export function selectsNode(pod: Pick<Pod, 'spec'>, node: ClusterNode): boolean {
  const labels = node.metadata.labels ?? {};
  const selector = Object.entries(pod.spec?.nodeSelector ?? {});
  if (!selector.every(([key, value]) => labels[key] === value)) return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || required.nodeSelectorTerms.some((term) => termMatches(term, node));
}

/** True when a volume may be used from a node. */
export function volumeReaches(volume: PersistentVolume, node: ClusterNode): boolean {
  const required = volume.spec?.nodeAffinity?.required;
  return !required || required.nodeSelectorTerms.some((term) => termMatches(term, node));
}

/** What the pod asks of a node: cores and bytes. */
export function requestsOf(pod: Pod): { readonly cpu: number; readonly memory: number } {
  return { cpu: requestOf(pod, 'cpu'), memory: requestOf(pod, 'memory') };
}

/** What the pod asks of one resource of a node, by whatever name the node counts it. */
function requestOf(pod: Pod, name: string): number {
  const main = (pod.spec?.containers ?? []).reduce(
    (sum, item) => sum + quantityValue(item.resources?.requests?.[name]),
    0,
  );
  const init = (pod.spec?.initContainers ?? []).map((item) => quantityValue(item.resources?.requests?.[name]));
  return Math.max(main, ...init) + quantityValue(pod.spec?.overhead?.[name]);
}

function resourceNames(pod: Pod): Set<string> {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return new Set(containers.flatMap(({ resources }) => Object.keys(resources?.requests ?? {})));
}

function hostPortsOf(pod: Pod): string[] {
  return (pod.spec?.containers ?? []).flatMap(({ ports }) =>
    (ports ?? []).filter((port) => port.hostPort).map((port) => `${port.protocol}/${port.hostPort}`),
  );
}

/** Why a node cannot take a pod, in the scheduler's words; undefined when it can. `present` are the node's pods. */
export function refusalOf(pod: Pod, node: ClusterNode, present: readonly Pod[]): string | undefined {
  const taints = node.spec?.taints ?? [];
  if (
    node.spec?.unschedulable &&
    !tolerates(pod.spec?.tolerations, { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' })
  ) {
    return 'node(s) were unschedulable';
  }
  const unbearable = taints.find(
    (taint) => taint.effect !== 'PreferNoSchedule' && !tolerates(pod.spec?.tolerations, taint),
  );
  if (unbearable) return `node(s) had untolerated taint {${unbearable.key}: ${unbearable.value ?? ''}}`;
  if (!selectsNode(pod, node)) return "node(s) didn't match Pod's node affinity/selector";
  const taken = new Set(present.flatMap(hostPortsOf));
  if (hostPortsOf(pod).some((port) => taken.has(port)))
    return "node(s) didn't have free ports for the requested pod ports";
  const allocatable = node.status?.allocatable ?? {};
  if (present.length + 1 > quantityValue(allocatable.pods ?? '110')) return 'Too many pods';
  for (const name of resourceNames(pod)) {
    const wanted = requestOf(pod, name);
    const used = present.reduce((sum, item) => sum + requestOf(item, name), 0);
    if (wanted > 0 && used + wanted > quantityValue(allocatable[name])) return `Insufficient ${name}`;
  }
  return undefined;
}
