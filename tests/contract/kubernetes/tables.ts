import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { configMap, puppetDeployment, puppetPod } from './objects.ts';
import type { Scratch } from './scratch.ts';

interface Table {
  readonly kind: string;
  readonly apiVersion: string;
  readonly columnDefinitions: readonly { readonly name: string; readonly type: string; readonly priority: number }[];
  readonly rows: readonly { readonly cells: readonly unknown[]; readonly object?: { readonly kind: string } }[];
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
}

const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';

async function tableAt({ subject }: Scratch, path: string): Promise<Table> {
  const reply = await subject.wire({ path, headers: { accept: `${accept},application/json` } });
  expect(reply.code).toBe(200);
  expect(reply.body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
  return reply.body as Table;
}

function columns(table: Table, wide = false): string[] {
  return table.columnDefinitions.filter(({ priority }) => wide || priority === 0).map(({ name }) => name);
}

function cell(table: Table, row: number, column: string): unknown {
  return table.rows[row]?.cells[table.columnDefinitions.findIndex(({ name }) => name === column)];
}

/** Tables, by which clients print. Source: api-concepts, «Receiving resources as Tables». */
export const tables: Contract<KubernetesSubject> = {
  port: 'Kubernetes API: tables',
  cases: [
    kubernetesCase('a list as a table has the columns that its kind prints', async (scratch) => {
      const namespace = await scratch.namespace();
      const { core, apps } = scratch.subject;
      await core.createNamespacedPod({ namespace, body: puppetPod(namespace, 'alone') });
      const pods = await tableAt(scratch, `/api/v1/namespaces/${namespace}/pods`);
      expect(columns(pods)).toEqual(['Name', 'Ready', 'Status', 'Restarts', 'Age']);
      expect(columns(pods, true)).toEqual(expect.arrayContaining(['IP', 'Node', 'Nominated Node', 'Readiness Gates']));
      expect(cell(pods, 0, 'Name')).toBe('alone');
      expect(cell(pods, 0, 'Ready')).toBe('0/1');
      expect(cell(pods, 0, 'Status')).toBe('Pending');
      const body = puppetDeployment(namespace, 'web', { replicas: 0 });
      await apps.createNamespacedDeployment({ namespace, body });
      const deployments = await tableAt(scratch, `/apis/apps/v1/namespaces/${namespace}/deployments`);
      expect(columns(deployments)).toEqual(['Name', 'Ready', 'Up-to-date', 'Available', 'Age']);
      expect(cell(deployments, 0, 'Ready')).toBe('0/0');
      const nodes = await tableAt(scratch, '/api/v1/nodes');
      expect(columns(nodes)).toEqual(['Name', 'Status', 'Roles', 'Age', 'Version']);
    }),
    kubernetesCase('rows carry metadata, or the object, or nothing, as asked', async (scratch) => {
      const namespace = await scratch.namespace();
      const { core } = scratch.subject;
      await core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one') });
      const path = `/api/v1/namespaces/${namespace}/configmaps/one`;
      const kindOf = async (query: string) => (await tableAt(scratch, `${path}${query}`)).rows[0]?.object?.kind;
      expect(await kindOf('')).toBe('PartialObjectMetadata');
      expect(await kindOf('?includeObject=Object')).toBe('ConfigMap');
      expect(await kindOf('?includeObject=None')).toBeUndefined();
    }),
    kubernetesCase('a table comes in pages like a list', async (scratch) => {
      const namespace = await scratch.namespace();
      const { core } = scratch.subject;
      for (const name of ['a', 'b']) {
        await core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { page: 'yes' } } } });
      }
      const path = `/api/v1/namespaces/${namespace}/configmaps?labelSelector=page&limit=1`;
      const first = await tableAt(scratch, path);
      expect(first.rows).toHaveLength(1);
      const token = encodeURIComponent(first.metadata.continue ?? '');
      const second = await tableAt(scratch, `${path}&continue=${token}`);
      expect(cell(second, 0, 'Name')).toBe('b');
    }),
    kubernetesCase('metadata alone can be asked for', async (scratch) => {
      const namespace = await scratch.namespace();
      const { core, wire } = scratch.subject;
      await core.createNamespacedConfigMap({ namespace, body: configMap(namespace, 'one', { a: '1' }) });
      const as = (kind: string) => ({ accept: `application/json;as=${kind};v=v1;g=meta.k8s.io` });
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      const one = await wire({ path: `${path}/one`, headers: as('PartialObjectMetadata') });
      expect(one.body).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'one' } });
      expect(one.body).not.toHaveProperty('data');
      const list = await wire({ path, headers: as('PartialObjectMetadataList') });
      expect(list.body).toMatchObject({ kind: 'PartialObjectMetadataList' });
    }),
    kubernetesCase('an unknown shape alone is 406, before plain JSON it gives way', async (scratch) => {
      const path = '/api/v1/namespaces/default';
      const shape = 'application/json;as=Picture;v=v1;g=meta.k8s.io';
      const alone = await scratch.subject.wire({ path, headers: { accept: shape } });
      expect(alone).toMatchObject({ code: 406, body: { reason: 'NotAcceptable' } });
      const either = await scratch.subject.wire({ path, headers: { accept: `${shape},application/json` } });
      expect(either).toMatchObject({ code: 200, body: { kind: 'Namespace' } });
    }),
  ],
};
