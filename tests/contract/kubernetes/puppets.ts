import { PatchStrategy, setHeaderOptions, type V1Pod } from '@kubernetes/client-node';
import { thrownRefusal } from './refusal.ts';
import type { Scratch } from './scratch.ts';

/** The pods of a label that are not going away. */
export async function livePods({ subject }: Scratch, namespace: string, labelSelector: string): Promise<V1Pod[]> {
  const { items } = await subject.core.listNamespacedPod({ namespace, labelSelector });
  return items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
}

/** Plays the kubelet of a pod that no node took: reports it ready. */
export async function playReady(scratch: Scratch, pod: V1Pod): Promise<void> {
  await playStatus(scratch, pod, {
    phase: 'Running',
    conditions: [
      { type: 'Ready', status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z' },
      { type: 'ContainersReady', status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z' },
    ],
  });
}

/** Plays the kubelet of a pod that no node took: reports that it ended. */
export async function playEnd(scratch: Scratch, pod: V1Pod, phase: 'Succeeded' | 'Failed'): Promise<void> {
  await playStatus(scratch, pod, { phase });
}

async function playStatus({ subject }: Scratch, pod: V1Pod, status: object): Promise<void> {
  const { name = '', namespace = '' } = pod.metadata ?? {};
  try {
    await subject.core.patchNamespacedPodStatus(
      { name, namespace, body: { status } },
      setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
    );
  } catch (error) {
    // Its controller may give a pod up between the look and the report.
    const { code } = thrownRefusal(error);
    if (code !== 404) throw error;
  }
}

/** Reports every pod of a label ready until there are `count` ready ones. */
export async function playAllReady(
  scratch: Scratch,
  namespace: string,
  labelSelector: string,
  count: number,
): Promise<V1Pod[]> {
  return scratch.until(`${count} pods of ${labelSelector}`, async () => {
    const pods = await livePods(scratch, namespace, labelSelector);
    for (const pod of pods.filter((item) => !isReady(item))) await playReady(scratch, pod);
    return pods.length === count && pods.every(isReady) && pods;
  });
}

/** Whether a pod is reported ready. */
export function isReady(pod: V1Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}
