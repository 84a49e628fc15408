import type { Cluster, KubeObject, Secrets } from '@vmstation/core';
import { componentLabels, type Place } from '@vmstation/kube';

/** What a component builds its objects from. */
export interface ComponentContext {
  readonly cluster: Cluster;
  /** Values are asked for only where they become the content of a Secret. */
  readonly secrets: Pick<Secrets, 'get'>;
  /** The workspace's own Grafana dashboards. */
  readonly dashboards: readonly { readonly name: string; readonly text: string }[];
}

/** One part of the monitoring stack: one folder, one set of manifests, one step of a plan. */
export interface MonitorComponent {
  /** Also the name of its workload and its key in versions.lock. */
  readonly name: string;
  readonly title: string;
  readonly why: string;
  /** Runs on every node instead of on the monitoring node. */
  readonly everywhere?: boolean;
  /** Its directory below the monitoring data, and the numeric user that its image runs as. */
  readonly data?: { readonly uid: number };
  /** False when this cluster has no use for it. */
  wanted?(cluster: Cluster): boolean;
  objects(context: ComponentContext): Promise<readonly KubeObject[]> | readonly KubeObject[];
}

/** Name of the storage class of the stack's volumes. */
export const monitoringStorageClass = 'monitoring-local';

/** Namespace, name and labels of an object of a component. */
export function placeOf(cluster: Cluster, component: string, name = component): Place {
  return { name, namespace: cluster.monitoring.namespace, labels: componentLabels(component, 'monitoring') };
}

/** Where a component keeps its data on the monitoring node. */
export function dataPathOf(cluster: Cluster, component: string): string {
  return `${cluster.monitoring.dataPath}/${component}`;
}

/** Address of a component's Service inside the cluster, `host:port`. */
export function serviceAddress(cluster: Cluster, component: string, port: number): string {
  return `${component}.${cluster.monitoring.namespace}.svc:${port}`;
}

/** The pinned image of a component. Throws when versions.lock has none: a checked workspace never lacks one. */
export function imageOf(cluster: Cluster, component: string): string {
  const image = cluster.versions.images[component];
  if (image === undefined) throw new Error(`versions.lock has no image for ${component}`);
  return image;
}

/** The published URL of a component. */
export function publishedUrl(cluster: Cluster, component: string): string {
  const endpoint = cluster.endpoints.find((candidate) => candidate.name === component);
  if (endpoint === undefined) throw new Error(`the model publishes no ${component}`);
  return endpoint.url;
}
