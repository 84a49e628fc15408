import { type Cluster, type ClusterApp, type KubeObject, maySleep, nodeOf, type Workspace } from '@vmstation/core';
import { componentLabels, hardenedPod, type Place, type PodParts, type PodSpec, pinnedTo } from '@vmstation/kube';

/** What the manifests of an application are built from. */
export interface AppContext {
  readonly app: ClusterApp;
  readonly workspace: Pick<Workspace, 'cluster' | 'apps'>;
  /** The value of a secret; asked for only where it becomes the content of a Secret. */
  readonly reveal: (name: string) => Promise<string>;
}

/** A directory on the application's node that holds what must outlive its pods, owned by the numeric user of its program. */
export interface AppData {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
}

/** One kind of application: one folder, one shape. */
export interface AppKind {
  readonly why: string;
  /** Its directory on its node; undefined when it keeps nothing there. */
  data(app: ClusterApp, cluster: Cluster): AppData | undefined;
  /** Everything but its namespace. Throws AppError when the operator's input does not allow it. */
  objects(context: AppContext): Promise<readonly KubeObject[]> | readonly KubeObject[];
}

/** Namespace, name and labels of an object of an application. */
export function appPlace(app: ClusterApp, name = app.name): Place {
  return { name, namespace: app.namespace, labels: componentLabels(app.name, 'applications') };
}

/** Where an application keeps its data; a second one of a kind gets a name that no other program of the node uses. */
export function appDataPath(app: ClusterApp): string {
  return app.name === app.kind ? `/var/lib/${app.kind}` : `/var/lib/${app.kind}-${app.name}`;
}

/** The pinned image of a kind. Throws when versions.lock has none: a checked workspace never lacks one. */
export function appImage(cluster: Cluster, kind: string): string {
  const image = cluster.versions.images[kind];
  if (image === undefined) throw new Error(`versions.lock has no image for ${kind}`);
  return image;
}

/** What {@link appPod} is made of. */
export interface AppPodParts extends PodParts {
  readonly cluster: Cluster;
  readonly app: ClusterApp;
}

/**
 * A hardened pod on the application's node. It stays bound to a node that sleeps, so that it is there again when the node wakes.
 */
export function appPod({ cluster, app, ...parts }: AppPodParts): PodSpec {
  const place = pinnedTo(app.node);
  const stay = maySleep(nodeOf(cluster, app.node))
    ? ['not-ready', 'unreachable'].map((condition) => ({
        key: `node.kubernetes.io/${condition}`,
        operator: 'Exists',
        effect: 'NoExecute',
      }))
    : [];
  return hardenedPod({ ...place, tolerations: [...(place.tolerations ?? []), ...stay], ...parts });
}
