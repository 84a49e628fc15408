import { infraPhase } from '@vmstation/cluster-infra';
import { type Finding, type KubeObject, type KubePort, maySleep, type PhaseContext } from '@vmstation/core';
import type { Check } from '../check.ts';

/** The cluster equals the model, its nodes are ready and every pod works; a node that sleeps on purpose is asleep, not failed. */
export const clusterCheck: Check = {
  name: 'cluster',
  title: 'Cluster health',
  why: 'nodes, system pods and workloads as the cluster itself reports them',
  until: 'infra',
  run: async (context) => {
    const kube = await context.kube.connect();
    const asleep = await sleepingNodes(context);
    return [
      ...(await infraPhase.verify(context)),
      ...(await podFindings(kube, asleep)),
      ...(await volumeFindings(kube)),
    ];
  },
};

/** Nodes that sleep by policy and whose power state says so. */
async function sleepingNodes(context: PhaseContext): Promise<ReadonlySet<string>> {
  const asleep = new Set<string>();
  for (const node of context.workspace.cluster.nodes) {
    if (maySleep(node) && (await context.readings.read(node.name)).state === 'asleep') asleep.add(node.name);
  }
  return asleep;
}

async function podFindings(kube: KubePort, asleep: ReadonlySet<string>): Promise<readonly Finding[]> {
  const pods = await kube.list({ apiVersion: 'v1', kind: 'Pod' });
  const ill = pods.map((pod) => ({ pod, why: illness(pod) })).filter(({ why }) => why !== undefined);
  if (ill.length === 0) {
    return [{ code: 'cluster/pods', state: 'ok', title: 'Pods', evidence: `${pods.length} pods run or are done` }];
  }
  return ill.map(({ pod, why }) => {
    const node = podNode(pod);
    const sleeping = node !== undefined && asleep.has(node);
    return {
      code: 'cluster/pods',
      state: sleeping ? 'asleep' : 'failed',
      title: 'Pods',
      ...(node === undefined ? {} : { node }),
      evidence: `${pod.metadata.namespace}/${pod.metadata.name}: ${why}`,
      ...(sleeping
        ? {}
        : { tryThis: `kubectl --namespace ${pod.metadata.namespace} describe pod ${pod.metadata.name}` }),
    };
  });
}

interface PodStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  readonly containerStatuses?: readonly {
    readonly name: string;
    readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  }[];
}

/** Why a pod does not work, or undefined when it does (completed pods are fine). */
function illness(pod: KubeObject): string | undefined {
  const status = (pod['status'] ?? {}) as PodStatus;
  if (status.phase === 'Succeeded') return undefined;
  const ready = status.conditions?.find((condition) => condition.type === 'Ready');
  if (status.phase === 'Running' && ready?.status === 'True') return undefined;
  const waiting = status.containerStatuses?.find((container) => container.state?.waiting?.reason !== undefined);
  if (waiting !== undefined) {
    const { reason, message } = waiting.state?.waiting ?? {};
    return `container ${waiting.name} waits: ${reason}${message === undefined ? '' : ` (${message})`}`;
  }
  const unscheduled = status.conditions?.find(
    (condition) => condition.type === 'PodScheduled' && condition.status === 'False',
  );
  return unscheduled?.message ?? status.reason ?? `${status.phase ?? 'no phase'}, not ready`;
}

function podNode(pod: KubeObject): string | undefined {
  const spec = (pod['spec'] ?? {}) as { nodeName?: string; nodeSelector?: Record<string, string> };
  return spec.nodeName ?? spec.nodeSelector?.['kubernetes.io/hostname'];
}

async function volumeFindings(kube: KubePort): Promise<readonly Finding[]> {
  const claims = await kube.list({ apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
  const unbound = claims.filter((claim) => ((claim['status'] ?? {}) as { phase?: string }).phase !== 'Bound');
  if (unbound.length === 0) {
    return [{ code: 'cluster/volumes', state: 'ok', title: 'Volumes', evidence: `${claims.length} claims are bound` }];
  }
  return unbound.map((claim) => ({
    code: 'cluster/volumes',
    state: 'failed',
    title: 'Volumes',
    evidence: `${claim.metadata.namespace}/${claim.metadata.name} is ${((claim['status'] ?? {}) as { phase?: string }).phase ?? 'not bound'}`,
    tryThis: `kubectl --namespace ${claim.metadata.namespace} describe pvc ${claim.metadata.name}`,
  }));
}
