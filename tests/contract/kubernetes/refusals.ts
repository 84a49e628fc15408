import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { configMap } from './objects.ts';
import type { Scratch } from './scratch.ts';
import type { WireCall } from './wire.ts';

/** Sends a call that must be refused with a `v1.Status` of this code and reason; returns its message. */
async function refusedWith(
  { subject }: Scratch,
  call: WireCall,
  code: number,
  reason: string | undefined,
): Promise<string> {
  const reply = await subject.wire(call);
  const wanted = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code };
  expect({ code: reply.code, body: reply.body }).toMatchObject({
    code,
    body: reason === undefined ? wanted : { ...wanted, reason },
  });
  expect(reply.headers['content-type']).toContain('application/json');
  return (reply.body as { readonly message: string }).message;
}

/** What is asked in another encoding is answered in it or refused: never JSON under another name. */
async function encodedOrRefused(scratch: Scratch, accept: string): Promise<void> {
  const reply = await scratch.subject.wire({ path: '/api/v1/namespaces/default', headers: { accept } });
  if (reply.code === 200) expect(reply.headers['content-type']).toContain(accept);
  else expect(reply).toMatchObject({ code: 406, body: { kind: 'Status', reason: 'NotAcceptable', code: 406 } });
}

const maps = async (scratch: Scratch): Promise<string> => `/api/v1/namespaces/${await scratch.namespace()}/configmaps`;

const paths = [
  kubernetesCase('a resource that is not served is 404 with a Status', async (scratch) => {
    const message = await refusedWith(scratch, { path: '/api/v1/nosuchthings' }, 404, 'NotFound');
    expect(message).toBe('the server could not find the requested resource');
  }),
  kubernetesCase('a group or a version that is not served is 404', async ({ subject }) => {
    expect((await subject.wire({ path: '/apis/none.example/v1/things' })).code).toBe(404);
    expect((await subject.wire({ path: '/apis/apps/v9/deployments' })).code).toBe(404);
    expect((await subject.wire({ path: '/apis/none.example' })).code).toBe(404);
    expect((await subject.wire({ path: '/nowhere' })).code).toBe(404);
  }),
  kubernetesCase('a subresource that an object does not have is 404', async (scratch) => {
    const path = '/api/v1/namespaces/kube-system/configmaps/any/scale';
    await refusedWith(scratch, { path }, 404, 'NotFound');
  }),
  kubernetesCase('an object that is absent is 404 and named', async (scratch) => {
    const message = await refusedWith(scratch, { path: `${await maps(scratch)}/absent` }, 404, 'NotFound');
    expect(message).toBe('configmaps "absent" not found');
  }),
  kubernetesCase('a verb that a resource does not have is 405', async (scratch) => {
    const path = await maps(scratch);
    const calls: WireCall[] = [
      { method: 'PUT', path, body: {} },
      { method: 'PATCH', path, body: {}, headers: { 'content-type': 'application/merge-patch+json' } },
      { method: 'POST', path: `${path}/name`, body: {} },
      { method: 'DELETE', path: '/api/v1/configmaps' },
      { method: 'DELETE', path: '/api/v1/namespaces' },
      { method: 'POST', path: '/api/v1/configmaps', body: {} },
    ];
    for (const call of calls) {
      const message = await refusedWith(scratch, call, 405, 'MethodNotAllowed');
      expect(message).toBe('the server does not allow this method on the requested resource');
    }
  }),
];

const bodies = [
  kubernetesCase('a body that is no JSON is 400', async (scratch) => {
    await refusedWith(scratch, { method: 'POST', path: await maps(scratch), body: '{"metadata":' }, 400, 'BadRequest');
  }),
  kubernetesCase('a body that is no object is 400', async (scratch) => {
    await refusedWith(scratch, { method: 'POST', path: await maps(scratch), body: '"text"' }, 400, 'BadRequest');
  }),
  kubernetesCase('an object of another kind is 400', async (scratch) => {
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } };
    await refusedWith(scratch, { method: 'POST', path: await maps(scratch), body }, 400, 'BadRequest');
  }),
  kubernetesCase('a field of another type is 400', async (scratch) => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { key: 5 } };
    await refusedWith(scratch, { method: 'POST', path: await maps(scratch), body }, 400, 'BadRequest');
  }),
  kubernetesCase('a namespace other than the address says is 400', async (scratch) => {
    const body = configMap('elsewhere', 'x');
    await refusedWith(scratch, { method: 'POST', path: await maps(scratch), body }, 400, 'BadRequest');
  }),
  kubernetesCase('a name other than the address says is 400', async (scratch) => {
    const namespace = await scratch.namespace();
    await scratch.subject.core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one') });
    const body = configMap(namespace, 'other');
    await refusedWith(scratch, { method: 'PUT', path: `${await maps(scratch)}/one`, body }, 400, 'BadRequest');
  }),
  kubernetesCase(
    'a body of an unknown media type is 415, and the Status names those that are known',
    async (scratch) => {
      const headers = { 'content-type': 'text/csv' };
      const call = { method: 'POST', path: await maps(scratch), body: 'a,b', headers };
      const message = await refusedWith(scratch, call, 415, 'UnsupportedMediaType');
      expect(message).toContain('application/json');
    },
  ),
  kubernetesCase('a patch under the media type of an object is 415', async (scratch) => {
    const namespace = await scratch.namespace();
    await scratch.subject.core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one') });
    const call = { method: 'PATCH', path: `${await maps(scratch)}/one`, body: {} };
    await refusedWith(scratch, call, 415, 'UnsupportedMediaType');
  }),
  kubernetesCase('a body over 3 MiB is 413', async (scratch) => {
    const body = configMap(await scratch.namespace(), 'large', { key: 'x'.repeat(3 * 1024 * 1024) });
    await refusedWith(scratch, { method: 'POST', path: await maps(scratch), body }, 413, 'RequestEntityTooLarge');
  }),
  kubernetesCase('a ConfigMap over 1 MiB is 422', async (scratch) => {
    const body = configMap(await scratch.namespace(), 'large', { key: 'x'.repeat(1024 * 1024 + 1) });
    const call = { method: 'POST', path: await maps(scratch), body };
    expect(await refusedWith(scratch, call, 422, 'Invalid')).toContain('Too long');
  }),
];

const options = [
  kubernetesCase('options that are not among those allowed are 422', async (scratch) => {
    const path = await maps(scratch);
    const body = configMap(await scratch.namespace(), 'x');
    const dry = await refusedWith(scratch, { method: 'POST', path: `${path}?dryRun=Some`, body }, 422, 'Invalid');
    expect(dry).toContain('dryRun');
    const name = 'n'.repeat(129);
    const long = { method: 'POST', path: `${path}?fieldManager=${name}`, body };
    expect(await refusedWith(scratch, long, 422, 'Invalid')).toContain('fieldManager');
    const remove = { method: 'DELETE', path: `${path}/x?propagationPolicy=Sideways` };
    expect(await refusedWith(scratch, remove, 422, 'Invalid')).toContain('propagationPolicy');
  }),
  kubernetesCase(
    'a wish for field validation that is not among those allowed is 422',
    async (scratch) => {
      const call = {
        method: 'POST',
        path: `${await maps(scratch)}?fieldValidation=Perhaps`,
        body: configMap(await scratch.namespace(), 'x'),
      };
      expect(await refusedWith(scratch, call, 422, 'Invalid')).toContain('fieldValidation');
    },
    { holds: '>=1.25' },
  ),
  kubernetesCase('force without apply, and apply without a manager, are 422', async (scratch) => {
    const namespace = await scratch.namespace();
    await scratch.subject.core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'x') });
    const path = `${await maps(scratch)}/x`;
    const merge = { 'content-type': 'application/merge-patch+json' };
    const forced = { method: 'PATCH', path: `${path}?force=true`, body: {}, headers: merge };
    expect(await refusedWith(scratch, forced, 422, 'Invalid')).toContain('force');
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    const nobody = { method: 'PATCH', path, body: configMap(namespace, 'x'), headers };
    expect(await refusedWith(scratch, nobody, 422, 'Invalid')).toContain('fieldManager: Required value');
  }),
  kubernetesCase('selectors and numbers that cannot be read are 400', async (scratch) => {
    const path = await maps(scratch);
    const queries = [
      'labelSelector=a%20in%20b',
      'labelSelector=%3D%3D',
      'fieldSelector=data.key%3D1',
      'fieldSelector=metadata.name',
      'limit=ten',
      'timeoutSeconds=soon',
    ];
    for (const query of queries) await refusedWith(scratch, { path: `${path}?${query}` }, 400, 'BadRequest');
  }),
];

const media = [
  kubernetesCase('what cannot be encoded as asked is 406', async (scratch) => {
    const call = { path: '/api/v1/namespaces/default', headers: { accept: 'application/xml' } };
    expect(await refusedWith(scratch, call, 406, 'NotAcceptable')).toContain('application/json');
  }),
  kubernetesCase('protobuf is answered as protobuf or refused', async (scratch) => {
    await encodedOrRefused(scratch, 'application/vnd.kubernetes.protobuf');
  }),
  kubernetesCase('YAML is answered as YAML or refused', async (scratch) => {
    await encodedOrRefused(scratch, 'application/yaml');
  }),
  kubernetesCase('the first known media type of several is taken', async ({ subject }) => {
    const headers = { accept: 'text/csv, application/json;q=0.9, */*;q=0.1' };
    const reply = await subject.wire({ path: '/api/v1/namespaces/default', headers });
    expect(reply).toMatchObject({ code: 200, body: { kind: 'Namespace' } });
  }),
];

/** What a server does not do, it says: Status, code and reason. Source: the API conventions, «HTTP status codes». */
export const refusals: Contract<KubernetesSubject> = {
  port: 'Kubernetes API: refusals',
  cases: [...paths, ...bodies, ...options, ...media],
};
