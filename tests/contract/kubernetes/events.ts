import { V1MicroTime } from '@kubernetes/client-node';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { puppetDeployment, withFields } from './objects.ts';
import { refusal } from './refusal.ts';

/** Events and Leases. Source: API reference, Event v1 and Lease v1; kubernetes.io/docs/concepts/architecture/leases. */
export const events: Contract<KubernetesSubject> = {
  port: 'Kubernetes API: events and leases',
  cases: [
    kubernetesCase('controllers tell what they do in events about the object', async (scratch) => {
      const namespace = await scratch.namespace();
      const { apps, core } = scratch.subject;
      const created = await apps.createNamespacedDeployment({ namespace, body: puppetDeployment(namespace, 'web') });
      const event = await scratch.until('the event', async () => {
        const { items } = await core.listNamespacedEvent({ namespace, fieldSelector: 'involvedObject.name=web' });
        return items.find(({ reason }) => reason === 'ScalingReplicaSet');
      });
      expect(event).toMatchObject({
        type: 'Normal',
        source: { component: 'deployment-controller' },
        involvedObject: { kind: 'Deployment', apiVersion: 'apps/v1', namespace, uid: created.metadata?.uid },
      });
      expect(event.message).toMatch(/^Scaled up replica set web-[a-z0-9]+ (from 0 )?to 1$/u);
      expect(event.metadata.name).toMatch(/^web\.[0-9a-z]+$/u);
    }),
    kubernetesCase('an event in another namespace than its object is 422', async (scratch) => {
      const namespace = await scratch.namespace();
      const body = {
        metadata: { name: 'x' },
        involvedObject: { kind: 'Pod', name: 'p', namespace: 'elsewhere' },
        reason: 'Tried',
        type: 'Normal',
      };
      const refused = await refusal(scratch.subject.core.createNamespacedEvent({ namespace, body }));
      expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
      expect(refused.causes[0]?.field).toBe('involvedObject.namespace');
    }),
    kubernetesCase(
      'every node renews its Lease',
      async (scratch) => {
        const { core, coordination } = scratch.subject;
        const nodes = (await core.listNode()).items.map(({ metadata }) => metadata?.name ?? '');
        const [name = ''] = nodes;
        const read = () => coordination.readNamespacedLease({ name, namespace: 'kube-node-lease' });
        const first = await read();
        expect(first.spec).toMatchObject({ holderIdentity: name, leaseDurationSeconds: 40 });
        await scratch.until('the renewal', async () => {
          const { metadata } = await read();
          return metadata?.resourceVersion !== first.metadata?.resourceVersion;
        });
      },
      { needs: ['kubelets'] },
    ),
    kubernetesCase('of two that want a Lease one gets it', async (scratch) => {
      const namespace = await scratch.namespace();
      const { coordination } = scratch.subject;
      const spec = (holderIdentity: string) => ({
        holderIdentity,
        leaseDurationSeconds: 15,
        renewTime: new V1MicroTime(),
      });
      const body = { metadata: { name: 'lead' }, spec: spec('first') };
      const lease = await coordination.createNamespacedLease({ namespace, body });
      const taken = await refusal(coordination.createNamespacedLease({ namespace, body }));
      expect(taken).toMatchObject({ code: 409, reason: 'AlreadyExists' });
      const claim = (holder: string) =>
        coordination.replaceNamespacedLease({
          name: 'lead',
          namespace,
          body: withFields(lease, { spec: spec(holder) }),
        });
      const results = await Promise.allSettled([claim('second'), claim('third')]);
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      const lost = results.find((result) => result.status === 'rejected');
      expect(await refusal(Promise.reject(lost?.reason))).toMatchObject({ code: 409, reason: 'Conflict' });
    }),
    kubernetesCase('a Lease of no length is 422', async (scratch) => {
      const namespace = await scratch.namespace();
      const body = { metadata: { name: 'lead' }, spec: { leaseDurationSeconds: 0 } };
      const refused = await refusal(scratch.subject.coordination.createNamespacedLease({ namespace, body }));
      expect(refused.causes[0]).toMatchObject({ field: 'spec.leaseDurationSeconds', reason: 'FieldValueInvalid' });
    }),
  ],
};
