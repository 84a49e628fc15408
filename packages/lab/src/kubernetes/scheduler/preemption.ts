import type { ClusterNode, Pod } from '../kinds.ts';
import { type ClusterView, podsOn } from './cluster-view.ts';
import { refusalOf } from './node-fit.ts';
import { neighbourRefusal } from './pod-neighbours.ts';

/** A node that can take a pod once some of lower priority have left it. */
export interface Preemption {
  readonly node: ClusterNode;
  readonly victims: readonly Pod[];
}

function priorityOf(pod: Pod): number {
  return pod.spec?.priority ?? 0;
}

/**
 * The node where a pod displaces the least: lowest highest victim, then fewest. Undefined when it may not displace, or when
 * that would not help. `mayUse` tells of what leaves no room for displacing, such as volumes.
 */
export function preemptionFor(
  pod: Pod,
  view: ClusterView,
  mayUse: (node: ClusterNode) => boolean,
): Preemption | undefined {
  if (pod.spec?.preemptionPolicy === 'Never') return undefined;
  const options = view.nodes.flatMap((node): Preemption[] => {
    const present = podsOn(view, node);
    const lower = present.filter((other) => priorityOf(other) < priorityOf(pod));
    if (lower.length === 0 || !mayUse(node)) return [];
    let kept = present.filter((other) => !lower.includes(other));
    if (!fits(pod, node, kept, view)) return [];
    const victims: Pod[] = [];
    for (const other of lower.toSorted((left, right) => priorityOf(right) - priorityOf(left))) {
      if (fits(pod, node, [...kept, other], view)) kept = [...kept, other];
      else victims.push(other);
    }
    return victims.length === 0 ? [] : [{ node, victims }];
  });
  const highest = ({ victims }: Preemption): number => Math.max(...victims.map(priorityOf));
  return options.toSorted(
    (left, right) => highest(left) - highest(right) || left.victims.length - right.victims.length,
  )[0];
}

function fits(pod: Pod, node: ClusterNode, present: readonly Pod[], view: ClusterView): boolean {
  const elsewhere = view.placed.filter(({ spec }) => spec?.nodeName !== node.metadata.name);
  const then = { ...view, placed: [...elsewhere, ...present] };
  return refusalOf(pod, node, present) === undefined && neighbourRefusal(pod, node, then) === undefined;
}
