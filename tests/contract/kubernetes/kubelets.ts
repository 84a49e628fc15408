import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { type CaseTerms, kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { puppetDeployment } from './objects.ts';
import type { Scratch } from './scratch.ts';

const real: CaseTerms = { needs: ['kubelets'] };

/** Deploys the subject's image where a real kubelet starts it. */
async function deploy(scratch: Scratch, image: string, replicas = 1): Promise<string> {
  const namespace = await scratch.namespace();
  const body = puppetDeployment(namespace, 'web', { replicas }, image);
  const spec = body.spec?.template.spec;
  if (spec) {
    delete spec.nodeSelector;
    spec.terminationGracePeriodSeconds = 1;
  }
  await scratch.subject.apps.createNamespacedDeployment({ namespace, body });
  return namespace;
}

async function onlyPod({ subject }: Scratch, namespace: string) {
  const { items } = await subject.core.listNamespacedPod({ namespace, labelSelector: 'app=web' });
  return items[0];
}

async function available(scratch: Scratch, namespace: string, count: number): Promise<void> {
  await scratch.until(`${count} available`, async () => {
    const { status } = await scratch.subject.apps.readNamespacedDeployment({ name: 'web', namespace });
    return status?.availableReplicas === count;
  });
}

/** What kubelets report. Source: kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle. */
export const kubelets: Contract<KubernetesSubject> = {
  port: 'Kubernetes: kubelets',
  cases: [
    kubernetesCase(
      'every node is Ready, with capacity and version',
      async ({ subject }) => {
        const { items } = await subject.core.listNode();
        const own = items.filter(({ metadata }) => !metadata?.name?.startsWith(subject.namespacePrefix));
        expect(own.length).toBeGreaterThan(0);
        for (const { status } of own) {
          const ready = status?.conditions?.find(({ type }) => type === 'Ready');
          expect(ready).toMatchObject({ status: 'True', reason: 'KubeletReady' });
          expect(status?.capacity).toHaveProperty('memory');
          expect(status?.nodeInfo?.kubeletVersion).toMatch(/^v1\./u);
        }
      },
      real,
    ),
    kubernetesCase(
      'a pod is started and reported with address, conditions and containers',
      async (scratch) => {
        const namespace = await deploy(scratch, scratch.subject.image);
        await available(scratch, namespace, 1);
        const pod = await onlyPod(scratch, namespace);
        expect(pod?.status).toMatchObject({ phase: 'Running', qosClass: 'BestEffort' });
        expect(pod?.status?.podIP).toMatch(/^\d+\.\d+\.\d+\.\d+$/u);
        expect(pod?.status?.hostIP).toMatch(/^\d+\.\d+\.\d+\.\d+$/u);
        const held = pod?.status?.conditions?.filter(({ status }) => status === 'True').map(({ type }) => type);
        expect(held).toEqual(expect.arrayContaining(['Initialized', 'Ready', 'ContainersReady', 'PodScheduled']));
        expect(pod?.status?.containerStatuses?.[0]).toMatchObject({ name: 'main', ready: true, restartCount: 0 });
        expect(pod?.status?.containerStatuses?.[0]?.state?.running?.startedAt).toBeInstanceOf(Date);
        const fieldSelector = `involvedObject.name=${pod?.metadata?.name}`;
        const events = await scratch.subject.core.listNamespacedEvent({ namespace, fieldSelector });
        const reasons = events.items.map(({ reason }) => reason);
        expect(reasons).toEqual(expect.arrayContaining(['Scheduled', 'Created', 'Started']));
      },
      real,
    ),
    kubernetesCase(
      'a deleted pod ends with its grace and is replaced',
      async (scratch) => {
        const namespace = await deploy(scratch, scratch.subject.image);
        await available(scratch, namespace, 1);
        const first = await onlyPod(scratch, namespace);
        await scratch.subject.core.deleteNamespacedPod({ name: first?.metadata?.name ?? '', namespace });
        await scratch.until('another pod', async () => {
          const { items } = await scratch.subject.core.listNamespacedPod({ namespace, labelSelector: 'app=web' });
          return items.length === 1 && items[0]?.metadata?.uid !== first?.metadata?.uid;
        });
        await available(scratch, namespace, 1);
      },
      real,
    ),
    kubernetesCase(
      'a Service has the addresses of the ready pods it selects',
      async (scratch) => {
        const namespace = await deploy(scratch, scratch.subject.image, 2);
        const { core } = scratch.subject;
        const body = {
          metadata: { name: 'web' },
          spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
        };
        await core.createNamespacedService({ namespace, body });
        await available(scratch, namespace, 2);
        const { items } = await core.listNamespacedPod({ namespace, labelSelector: 'app=web' });
        const wanted = items.map(({ status }) => status?.podIP ?? '').toSorted();
        await scratch.until('both addresses', async () => {
          const found = await core.listNamespacedEndpoints({ namespace, fieldSelector: 'metadata.name=web' });
          const [subset] = found.items[0]?.subsets ?? [];
          const addresses = (subset?.addresses ?? []).map(({ ip }) => ip).toSorted();
          return addresses.join() === wanted.join() && subset?.ports?.[0]?.port === 8080;
        });
      },
      real,
    ),
    kubernetesCase(
      'an image that cannot be pulled is told as such',
      async (scratch) => {
        const namespace = await deploy(scratch, 'contract.invalid/none:1');
        const state = await scratch.until('a verdict on the image', async () => {
          const found = (await onlyPod(scratch, namespace))?.status?.containerStatuses?.[0]?.state;
          return (found?.running ?? found?.waiting?.reason?.includes('ImagePull')) && found;
        });
        expect(['ErrImagePull', 'ImagePullBackOff']).toContain(state.waiting?.reason);
      },
      { ...real, cannot: { embedded: 'no image is pulled; the fault image-pull plays one that cannot be' } },
    ),
  ],
};
