import { type KubernetesObject, V1MicroTime, type V1Pod, type V1Taint, V1Toleration } from '@kubernetes/client-node';
import { puppetPod } from './objects.ts';
import type { Scratch } from './scratch.ts';

/** Marks the nodes of one case. */
export const nodeGroupLabel = 'contract.vmstation.example/group';

/** What a Node without a machine offers. */
export interface FakeNodeParts {
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: V1Taint[];
  readonly allocatable?: Readonly<Record<string, string>>;
}

/** Makes a Node behind which no machine stands: the scheduler and the controllers treat it as any other. Returns its name. */
export async function fakeNode(scratch: Scratch, group: string, parts: FakeNodeParts = {}): Promise<string> {
  const name = scratch.name('node');
  const allocatable = { cpu: '4', memory: '4Gi', pods: '10', ...parts.allocatable };
  const condition = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'a case plays the kubelet' };
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { [nodeGroupLabel]: group, 'kubernetes.io/hostname': name, ...parts.labels } },
    ...(parts.taints ? { spec: { taints: parts.taints } } : {}),
    status: { allocatable, capacity: allocatable, conditions: [condition] },
  };
  const { metadata }: KubernetesObject = await scratch.create(node);
  const owner = { apiVersion: 'v1', kind: 'Node', name, uid: metadata?.uid ?? '' };
  // A lease that runs for an hour: the node is not given up while the case lasts.
  const spec = { holderIdentity: name, leaseDurationSeconds: 3600, renewTime: new V1MicroTime(Date.now() + 3_600_000) };
  const lease = { metadata: { name, ownerReferences: [owner] }, spec };
  await scratch.subject.coordination.createNamespacedLease({ namespace: 'kube-node-lease', body: lease });
  return name;
}

/** Lets a pod stay although nobody renews its node's lease. */
export const livesWithoutKubelet: V1Toleration[] = ['not-ready', 'unreachable'].map((state) => ({
  key: `node.kubernetes.io/${state}`,
  operator: 'Exists',
}));

/** A pod for the nodes of one case. */
export function podFor(
  namespace: string,
  name: string,
  group: string,
  spec: Partial<NonNullable<V1Pod['spec']>> = {},
): V1Pod {
  const pod = puppetPod(namespace, name, { app: name });
  if (pod.spec) {
    pod.spec.nodeSelector = { [nodeGroupLabel]: group };
    pod.spec.tolerations = livesWithoutKubelet;
    Object.assign(pod.spec, spec);
  }
  return pod;
}

/** Containers that ask for an amount. */
export function asking(requests: Record<string, string>): { containers: NonNullable<V1Pod['spec']>['containers'] } {
  const limits = Object.fromEntries(Object.entries(requests).filter(([name]) => name.includes('/')));
  return { containers: [{ name: 'main', image: 'contract.example/none:1', resources: { requests, limits } }] };
}

/** Waits until a pod has a node and returns the node's name. */
export async function nodeOf(scratch: Scratch, namespace: string, name: string): Promise<string> {
  return scratch.until(`a node for ${name}`, async () => {
    const { spec } = await scratch.subject.core.readNamespacedPod({ name, namespace });
    return spec?.nodeName;
  });
}

/** Waits until the scheduler has said why a pod has no node, as condition and as event, and returns that. */
export async function whyPending(scratch: Scratch, namespace: string, name: string): Promise<string> {
  const { core } = scratch.subject;
  const message = await scratch.until(`why ${name} waits`, async () => {
    const { spec, status } = await core.readNamespacedPod({ name, namespace });
    const found = status?.conditions?.find(({ type }) => type === 'PodScheduled');
    return spec?.nodeName === undefined && found?.status === 'False' && found.reason === 'Unschedulable'
      ? found.message
      : undefined;
  });
  await scratch.until(`the event about ${name}`, async () => {
    const fieldSelector = `involvedObject.name=${name},reason=FailedScheduling,type=Warning`;
    const { items } = await core.listNamespacedEvent({ namespace, fieldSelector });
    return items.length > 0;
  });
  return message;
}
