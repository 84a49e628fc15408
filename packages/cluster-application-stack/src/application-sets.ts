import {
  AppError,
  asleepBlock,
  blockOf,
  type Cluster,
  type ClusterApp,
  hostStepId,
  type KubeObject,
  maySleep,
  type NodeReadings,
  nodeOf,
  type Secrets,
  type Workspace,
} from '@vmstation/core';
import { type ManifestSet, manifestSet, manifestStepId, namespace, refKey, refOf, showRef } from '@vmstation/kube';
import { appKinds } from './apps/index.ts';
import { appDataRole } from './declare-application-stack.ts';

/** What the sets are rendered from. */
export interface ApplicationRendering {
  readonly workspace: Pick<Workspace, 'cluster' | 'apps'>;
  readonly secrets: Pick<Secrets, 'get'>;
  readonly readings: Pick<NodeReadings, 'read'>;
}

/**
 * One set an application, in the order of the cluster file. One whose input is faulty is blocked, one whose node sleeps is asleep;
 * neither stops the others.
 */
export async function applicationSets(rendering: ApplicationRendering): Promise<readonly ManifestSet[]> {
  const { apps } = rendering.workspace.cluster;
  return withoutClashes(await Promise.all(apps.map((app) => setOf(app, rendering))));
}

async function setOf(app: ClusterApp, { workspace, secrets, readings }: ApplicationRendering): Promise<ManifestSet> {
  const { cluster } = workspace;
  const kind = appKinds[app.kind];
  const parts = {
    phase: 'application-stack',
    name: app.name,
    title: cluster.endpoints.find(({ name }) => name === app.name)?.title ?? app.name,
    why: kind.why,
    node: app.node,
    needs: needsOf(app, cluster),
  } as const;
  const reveal = async (name: string) => (await secrets.get(name)).reveal();
  try {
    const objects = await kind.objects({ app, workspace, reveal });
    const set = manifestSet({ ...parts, objects: [...namespaceOf(app, cluster, objects), ...objects] });
    const reading = await readings.read(app.node);
    if (reading.state !== 'asleep') return set;
    return { ...set, blockedBy: asleepBlock(`${app.node} is asleep (${reading.evidence})`) };
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.kind === 'bug' || thrown.kind === 'interrupted') throw thrown;
    return { ...parts, objects: [], blockedBy: blockOf(thrown) };
  }
}

function needsOf(app: ClusterApp, cluster: Cluster): readonly string[] {
  const first = namespaceOwner(app, cluster);
  const data = appKinds[app.kind].data(app, cluster);
  return [
    ...(first === undefined || first.name === app.name ? [] : [manifestStepId('application-stack', first.name)]),
    ...(data === undefined ? [] : [hostStepId('application-stack', appDataRole(app.name), app.node, undefined)]),
  ];
}

/** The namespace of an application, unless somebody else brings it: the cluster, monitoring, another application, its own manifests. */
function namespaceOf(app: ClusterApp, cluster: Cluster, objects: readonly KubeObject[]): readonly KubeObject[] {
  const own = objects.some(({ kind, metadata }) => kind === 'Namespace' && metadata.name === app.namespace);
  if (own || namespaceOwner(app, cluster)?.name !== app.name) return [];
  const builtIn = cluster.apps
    .filter((other) => other.namespace === app.namespace)
    .every(({ kind }) => kind !== 'folder');
  return [namespace(app.namespace, builtIn ? { 'pod-security.kubernetes.io/enforce': 'restricted' } : {})];
}

/** Of applications that share a namespace, the one that brings it: one whose node is always on, if there is one. */
function namespaceOwner(app: ClusterApp, cluster: Cluster): ClusterApp | undefined {
  const given = ['default', 'kube-system', 'kube-public', 'kube-node-lease', cluster.monitoring.namespace];
  if (given.includes(app.namespace)) return undefined;
  const sharing = cluster.apps.filter(({ namespace: other }) => other === app.namespace);
  return sharing.find(({ node }) => !maySleep(nodeOf(cluster, node))) ?? sharing[0];
}

/** Two applications that bring the same object would overwrite each other at every run: the later one is blocked. */
function withoutClashes(sets: readonly ManifestSet[]): readonly ManifestSet[] {
  const owners = new Map<string, string>();
  return sets.map((set) => {
    const clash = set.objects.map(refOf).find((ref) => owners.has(refKey(ref)));
    if (clash !== undefined) {
      const reason = `${set.name} and ${owners.get(refKey(clash))} both declare ${showRef(clash)}`;
      return { ...set, objects: [], blockedBy: { code: 'app/object-clash', reason } };
    }
    for (const object of set.objects) owners.set(refKey(refOf(object)), set.name);
    return set;
  });
}
