import type { ClusterNode, Namespace, Pod } from '../kinds.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/** Nodes and pods as the scheduler sees them while it places one pod. */
export interface ClusterView {
  readonly nodes: readonly ClusterNode[];
  /** Pods that are bound and not over. */
  readonly placed: readonly Pod[];
  readonly namespaces: readonly Namespace[];
}

/** The cluster as it is now; nodes by name. */
export function clusterView(store: ObjectStore): ClusterView {
  return {
    nodes: store.list('nodes').toSorted((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1)),
    placed: store
      .list('pods')
      .filter(({ spec, status }) => spec?.nodeName && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'),
    namespaces: store.list('namespaces'),
  };
}

/** The pods of a node. */
export function podsOn(view: ClusterView, node: ClusterNode): Pod[] {
  return view.placed.filter(({ spec }) => spec?.nodeName === node.metadata.name);
}
