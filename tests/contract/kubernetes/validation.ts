import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { configMap, puppetDeployment, puppetPod } from './objects.ts';
import { readRefusal, refusal } from './refusal.ts';
import type { Scratch } from './scratch.ts';
import type { WireReply } from './wire.ts';

/** A ConfigMap with a field that its kind lacks. */
function unknownField(namespace: string, name: string): object {
  return Object.assign(configMap(namespace, name, { a: '1' }), { dta: {}, metadata: { name, namespace, lables: {} } });
}

async function createUnknown(scratch: Scratch, name: string, query: string): Promise<WireReply> {
  const namespace = await scratch.namespace();
  return scratch.subject.wire({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/configmaps${query}`,
    body: unknownField(namespace, name),
  });
}

function warningsOf({ headers }: WireReply): string[] {
  const found = headers['warning'] ?? [];
  return (typeof found === 'string' ? found.split(/, (?=299 )/u) : found).filter((text) => text !== '');
}

const fields = [
  kubernetesCase(
    'Strict refuses unknown fields by their path',
    async (scratch) => {
      const reply = await createUnknown(scratch, 'strict', '?fieldValidation=Strict');
      const refused = readRefusal(reply.code, reply.body);
      expect(refused).toMatchObject({ code: 400, reason: 'BadRequest' });
      expect(refused.message).toContain('strict decoding error');
      expect(refused.message).toContain('unknown field "dta"');
      expect(refused.message).toContain('unknown field "metadata.lables"');
    },
    { holds: '>=1.25' },
  ),
  kubernetesCase(
    'Warn stores the object without them and warns of each',
    async (scratch) => {
      for (const [name, query] of [
        ['asked', '?fieldValidation=Warn'],
        ['default', ''],
      ] as const) {
        const reply = await createUnknown(scratch, name, query);
        expect(reply.code).toBe(201);
        expect(reply.body).not.toHaveProperty('dta');
        const warnings = warningsOf(reply);
        expect(warnings).toHaveLength(2);
        for (const field of ['dta', 'metadata.lables']) {
          expect(warnings).toContain(`299 - "unknown field \\"${field}\\""`);
        }
      }
    },
    { holds: '>=1.25' },
  ),
  kubernetesCase('Ignore stores the object without them and says nothing', async (scratch) => {
    const reply = await createUnknown(scratch, 'ignored', '?fieldValidation=Ignore');
    expect(reply.code).toBe(201);
    expect(reply.body).not.toHaveProperty('dta');
    expect(warningsOf(reply)).toEqual([]);
  }),
  kubernetesCase(
    'a field given twice is refused by Strict and warned of by default',
    async (scratch) => {
      const namespace = await scratch.namespace();
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      const body =
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"twice"},"data":{"a":"1"},"data":{"a":"2"}}';
      const strict = await scratch.subject.wire({ method: 'POST', path: `${path}?fieldValidation=Strict`, body });
      expect(strict.code).toBe(400);
      expect(readRefusal(strict.code, strict.body).message).toContain('duplicate field "data"');
      const warned = await scratch.subject.wire({ method: 'POST', path, body });
      expect(warned).toMatchObject({ code: 201, body: { data: { a: '2' } } });
      expect(warningsOf(warned)).toEqual(['299 - "duplicate field \\"data\\""']);
    },
    { holds: '>=1.25' },
  ),
  kubernetesCase(
    'a patch with an unknown field is refused by Strict as a fault of the patch',
    async (scratch) => {
      const namespace = await scratch.namespace();
      await scratch.subject.core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one') });
      for (const type of ['merge-patch', 'strategic-merge-patch']) {
        const reply = await scratch.subject.wire({
          method: 'PATCH',
          path: `/api/v1/namespaces/${namespace}/configmaps/one?fieldValidation=Strict`,
          body: { dta: { a: '1' } },
          headers: { 'content-type': `application/${type}+json` },
        });
        const refused = readRefusal(reply.code, reply.body);
        expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
        expect(refused.message).toContain('unknown field "dta"');
      }
    },
    { holds: '>=1.25' },
  ),
];

const values = [
  kubernetesCase('every faulty field is named with its reason', async (scratch) => {
    const namespace = await scratch.namespace();
    const body = puppetDeployment(namespace, 'web', { replicas: -1, selector: { matchLabels: { app: 'other' } } });
    const refused = await refusal(scratch.subject.apps.createNamespacedDeployment({ namespace, body }));
    expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(refused.message).toMatch(/^Deployment\.apps "web" is invalid: \[/u);
    const causes = refused.causes.map(({ field, reason }) => `${field} ${reason}`);
    expect(causes).toContain('spec.replicas FieldValueInvalid');
    expect(causes).toContain('spec.template.metadata.labels FieldValueInvalid');
  }),
  kubernetesCase('names and labels that are none are 422', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const create = (metadata: object) => core.createNamespacedConfigMap({ namespace, body: { metadata } });
    const named = await refusal(create({ name: 'Not_A_Name' }));
    expect(named).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(named.causes[0]).toMatchObject({ field: 'metadata.name', reason: 'FieldValueInvalid' });
    const labelled = await refusal(create({ name: 'x', labels: { tier: 'has space' } }));
    expect(labelled.causes[0]).toMatchObject({ field: 'metadata.labels', reason: 'FieldValueInvalid' });
    const nameless = await refusal(create({}));
    expect(nameless).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(nameless.causes[0]).toMatchObject({ field: 'metadata.name', reason: 'FieldValueRequired' });
    const long = await refusal(core.createNamespace({ body: { metadata: { name: 'n'.repeat(64) } } }));
    expect(long.causes[0]).toMatchObject({ field: 'metadata.name', reason: 'FieldValueInvalid' });
  }),
  kubernetesCase('a pod’s faults are named by container', async (scratch) => {
    const namespace = await scratch.namespace();
    const body = puppetPod(namespace, 'bad');
    if (body.spec) {
      body.spec.containers = [
        { name: 'main', image: 'a', resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } },
        { name: 'main', image: 'b', ports: [{ containerPort: 99_999 }] },
      ];
    }
    const refused = await refusal(scratch.subject.core.createNamespacedPod({ namespace, body }));
    const causes = refused.causes.map(({ field, reason }) => `${field} ${reason}`);
    expect(causes).toContain('spec.containers[0].resources.requests FieldValueInvalid');
    expect(causes).toContain('spec.containers[1].name FieldValueDuplicate');
    expect(causes).toContain('spec.containers[1].ports[0].containerPort FieldValueInvalid');
  }),
  kubernetesCase('a quantity that cannot be read is 400', async (scratch) => {
    const namespace = await scratch.namespace();
    const body = puppetPod(namespace, 'bad');
    const [main] = body.spec?.containers ?? [];
    if (main) main.resources = { requests: { memory: '12 apples' } };
    const refused = await refusal(scratch.subject.core.createNamespacedPod({ namespace, body }));
    expect(refused).toMatchObject({ code: 400, reason: 'BadRequest' });
    expect(refused.message).toContain('quantities must match the regular expression');
  }),
  kubernetesCase('a selector cannot be changed, nor most of a pod', async (scratch) => {
    const namespace = await scratch.namespace();
    const { apps, core } = scratch.subject;
    await apps.createNamespacedDeployment({ namespace, body: puppetDeployment(namespace, 'web', { paused: true }) });
    const labels = { app: 'new' };
    const next = puppetDeployment(namespace, 'web', { selector: { matchLabels: labels } });
    if (next.spec?.template.metadata) next.spec.template.metadata.labels = labels;
    const replaced = await refusal(apps.replaceNamespacedDeployment({ name: 'web', namespace, body: next }));
    expect(replaced).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(replaced.message).toContain('field is immutable');
    const pod = await core.createNamespacedPod({ namespace, body: puppetPod(namespace, 'alone') });
    if (pod.spec) pod.spec.restartPolicy = 'Never';
    delete pod.metadata?.resourceVersion;
    const changed = await refusal(core.replaceNamespacedPod({ name: 'alone', namespace, body: pod }));
    expect(changed.causes[0]).toMatchObject({ field: 'spec', reason: 'FieldValueForbidden' });
  }),
  kubernetesCase('a Service’s address cannot be changed and its NodePort must lie in the range', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const body = { metadata: { name: 'web' }, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } };
    const service = await core.createNamespacedService({ namespace, body });
    expect(service.spec?.clusterIP).toMatch(/^\d+\.\d+\.\d+\.\d+$/u);
    if (service.spec) Object.assign(service.spec, { clusterIP: '10.0.0.254', clusterIPs: ['10.0.0.254'] });
    const moved = await refusal(core.replaceNamespacedService({ name: 'web', namespace, body: service }));
    expect(moved).toMatchObject({ code: 422, reason: 'Invalid' });
    const low = { metadata: { name: 'low' }, spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] } };
    const refused = await refusal(core.createNamespacedService({ namespace, body: low }));
    expect(refused.causes[0]).toMatchObject({ field: 'spec.ports[0].nodePort', reason: 'FieldValueInvalid' });
  }),
];

/** What fields may hold. Source: api-concepts, «Field validation», and the API reference of each kind. */
export const validation: Contract<KubernetesSubject> = {
  port: 'Kubernetes API: validation',
  cases: [...fields, ...values],
};
