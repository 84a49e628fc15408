import { AppError, type Cluster, type NodeReading, type PhaseContext, toAppError } from '@vmstation/core';
import { clusterMembers, type RenderedFile, renderKubespray } from '../kubespray/render-kubespray.ts';
import { accessOf } from '../kubespray/write-kubespray.ts';
import { type JudgedProperty, judgeCluster, silentCluster } from '../live/judge-cluster.ts';
import type { LiveCluster } from '../live/live-cluster.ts';
import { readCluster } from '../live/read-cluster.ts';

/** What phase infra is given. */
export type InfraContext = PhaseContext<'setup'>;

/** The running cluster beside the model. `live` is undefined when no cluster answered. */
export interface JudgedCluster {
  readonly live: LiveCluster | undefined;
  readonly properties: readonly JudgedProperty[];
  /** Why nothing answered, with its code. */
  readonly silence: { readonly code: string; readonly because: string } | undefined;
}

/** The files that the inventory of this workspace consists of. */
export async function renderFor(context: InfraContext): Promise<readonly RenderedFile[]> {
  const { cluster } = context.workspace;
  return renderKubespray(cluster, cluster.versions, await accessOf(context.files));
}

/** Reads the running cluster and judges it. Throws for bugs only. */
export async function judgeRunning(context: InfraContext): Promise<JudgedCluster> {
  let live: LiveCluster;
  try {
    live = await readCluster(await context.kube.connect());
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === 'bug') throw error;
    return {
      live: undefined,
      properties: [silentCluster(error.message)],
      silence: { code: error.code, because: error.message },
    };
  }
  const asleep = await sleepers(context);
  return { live, properties: judgeCluster(context.workspace.cluster, live, asleep), silence: undefined };
}

/** Members that sleep on purpose, with the evidence. */
export async function sleepers(context: InfraContext): Promise<ReadonlyMap<string, string>> {
  const readings = await readMembers(context);
  return new Map(
    [...readings].flatMap(([name, reading]) => (reading.state === 'asleep' ? [[name, reading.evidence]] : [])),
  );
}

/** What looking at each member gave. */
export async function readMembers(context: InfraContext): Promise<ReadonlyMap<string, NodeReading>> {
  const members = clusterMembers(context.workspace.cluster);
  const readings = await Promise.all(members.map((node) => context.readings.read(node.name)));
  return new Map(members.map((node, index) => [node.name, readings[index] as NodeReading]));
}

/** True when nothing about the running cluster contradicts the model; what sleeps is not judged. */
export function equalsModel(judged: JudgedCluster): boolean {
  return judged.properties.every((property) => property.state === 'ok' || property.state === 'asleep');
}

/** Where it is noted on which nodes our installer was started, relative to the state directory. */
const ownNodesFile = 'infra/nodes.json';

/** Notes that our installer works on these nodes, before it is started: a half-made cluster is ours too. */
export async function claimNodes(context: InfraContext): Promise<void> {
  const nodes = clusterMembers(context.workspace.cluster).map((node) => node.name);
  const claimed = [...new Set([...(await ownNodes(context)), ...nodes])].toSorted();
  await context.files.write(ownNodesFile, `${JSON.stringify(claimed)}\n`, { mode: 0o600 });
}

async function ownNodes(context: InfraContext): Promise<readonly string[]> {
  const text = await context.files.read(ownNodesFile);
  if (text === undefined) return [];
  const value: unknown = JSON.parse(text);
  return Array.isArray(value) ? value.map(String) : [];
}

/**
 * infra/foreign-cluster, when Kubernetes runs on a node and neither did our installer ever start there nor does the cluster of our
 * kubeconfig, made by kubeadm, count it among its nodes. Undefined when there is none.
 */
export async function foreignCluster(
  context: InfraContext,
  judged: JudgedCluster,
  readings: ReadonlyMap<string, NodeReading>,
): Promise<AppError | undefined> {
  const claimed = await ownNodes(context);
  const foreign = [...readings].flatMap(([name, reading]) => {
    const found = reading.state === 'read' ? reading.check.facts.kubernetes : undefined;
    return found === undefined || claimed.includes(name) || belongsTo(judged.live, name) ? [] : [`${name} (${found})`];
  });
  return foreign.length === 0 ? undefined : foreignClusterError(context.workspace.cluster, foreign);
}

function belongsTo(live: LiveCluster | undefined, node: string): boolean {
  if (live === undefined || !live.podRanges.read || !live.nodes.read) return false;
  return live.nodes.value.some((member) => member.name === node);
}

function foreignClusterError(cluster: Cluster, foreign: readonly string[]): AppError {
  return new AppError({
    code: 'infra/foreign-cluster',
    kind: 'refused',
    message: `Kubernetes that this workspace did not install already runs on ${foreign.join(', ')}; nothing was changed there.`,
    tryThis: `If it is the cluster ${cluster.name}, put its admin kubeconfig at .vmstation/kubeconfig and run again.`,
    nextSteps: ['If it is of no use any more, remove it from the machine with its own tool first.'],
    context: { nodes: foreign.join(', ') },
  });
}
