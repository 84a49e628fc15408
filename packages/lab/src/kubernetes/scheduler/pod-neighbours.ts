import type { ClusterNode, Pod, PodSpec } from '../kinds.ts';
import { matchesSelector } from '../request/selectors.ts';
import type { ClusterView } from './cluster-view.ts';
import { selectsNode } from './node-fit.ts';

type Affinity = NonNullable<PodSpec['affinity']>;
type Term = NonNullable<NonNullable<Affinity['podAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']>[number];

/** Why a node's neighbourhood does not suit a pod, in the scheduler's words: affinity, anti-affinity, even spreading. */
export function neighbourRefusal(pod: Pod, node: ClusterNode, view: ClusterView): string | undefined {
  if (!affinityHolds(pod, node, view)) return "node(s) didn't match pod affinity rules";
  const apart = pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  if (apart.some((term) => neighbours(pod, term, node, view).length > 0)) {
    return "node(s) didn't match pod anti-affinity rules";
  }
  if (view.placed.some((other) => repels(other, pod, node, view))) {
    return "node(s) didn't satisfy existing pods anti-affinity rules";
  }
  return spreadRefusal(pod, node, view);
}

/** Pods that a term means, seen from the pod that has the term. */
function meant(owner: Pod, term: Term, candidate: Pod, view: ClusterView): boolean {
  const { namespace = '' } = candidate.metadata;
  const named = term.namespaces ?? [];
  const { namespaceSelector } = term;
  const byLabel =
    namespaceSelector !== undefined &&
    matchesSelector(
      namespaceSelector,
      view.namespaces.find(({ metadata }) => metadata.name === namespace)?.metadata.labels,
    );
  const isOwn = named.length === 0 && namespaceSelector === undefined && namespace === owner.metadata.namespace;
  if (!isOwn && !named.includes(namespace) && !byLabel) return false;
  return matchesSelector(term.labelSelector, candidate.metadata.labels);
}

function domainOf(node: ClusterNode | undefined, key: string): string | undefined {
  return node?.metadata.labels?.[key];
}

function nodeOf(pod: Pod, view: ClusterView): ClusterNode | undefined {
  return view.nodes.find(({ metadata }) => metadata.name === pod.spec?.nodeName);
}

/** The placed pods of a term in the node's part of the topology. */
function neighbours(pod: Pod, term: Term, node: ClusterNode, view: ClusterView): Pod[] {
  const domain = domainOf(node, term.topologyKey);
  if (domain === undefined) return [];
  return view.placed.filter(
    (other) => domainOf(nodeOf(other, view), term.topologyKey) === domain && meant(pod, term, other, view),
  );
}

function affinityHolds(pod: Pod, node: ClusterNode, view: ClusterView): boolean {
  const together = pod.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return together.every((term) => {
    if (domainOf(node, term.topologyKey) === undefined) return false;
    if (neighbours(pod, term, node, view).length > 0) return true;
    // The first of a group that wants to be together may go anywhere.
    const isFirst = !view.placed.some((other) => meant(pod, term, other, view));
    return isFirst && meant(pod, term, pod, view);
  });
}

function repels(other: Pod, pod: Pod, node: ClusterNode, view: ClusterView): boolean {
  const apart = other.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return apart.some((term) => {
    const domain = domainOf(node, term.topologyKey);
    return (
      domain !== undefined &&
      domainOf(nodeOf(other, view), term.topologyKey) === domain &&
      meant(other, term, pod, view)
    );
  });
}

function spreadRefusal(pod: Pod, node: ClusterNode, view: ClusterView): string | undefined {
  for (const constraint of pod.spec?.topologySpreadConstraints ?? []) {
    if (constraint.whenUnsatisfiable !== 'DoNotSchedule') continue;
    const { topologyKey, labelSelector, maxSkew } = constraint;
    const domain = domainOf(node, topologyKey);
    if (domain === undefined) return "node(s) didn't match pod topology spread constraints (missing required label)";
    const counts = new Map<string, number>();
    for (const eligible of view.nodes.filter((item) => selectsNode(pod, item))) {
      const part = domainOf(eligible, topologyKey);
      if (part === undefined) continue;
      const matching = view.placed.filter(
        ({ metadata, spec }) =>
          spec?.nodeName === eligible.metadata.name &&
          metadata.namespace === pod.metadata.namespace &&
          !metadata.deletionTimestamp &&
          matchesSelector(labelSelector, metadata.labels),
      );
      counts.set(part, (counts.get(part) ?? 0) + matching.length);
    }
    const own = matchesSelector(labelSelector, pod.metadata.labels) ? 1 : 0;
    if ((counts.get(domain) ?? 0) + own - Math.min(...counts.values()) > maxSkew) {
      return "node(s) didn't match pod topology spread constraints";
    }
  }
  return undefined;
}
