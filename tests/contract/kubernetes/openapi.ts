import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly allOf?: readonly Schema[];
  readonly $ref?: string;
  readonly items?: Schema;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-group-version-kind'?: readonly { readonly kind: string }[];
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

async function documentOf({ wire }: KubernetesSubject, group: string): Promise<Document> {
  const index = await wire({ path: '/openapi/v3' });
  expect(index.code).toBe(200);
  const { paths } = index.body as { readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>> };
  const url = paths[group]?.serverRelativeURL ?? '';
  expect(url).toMatch(/^\/openapi\/v3\/.+\?hash=[0-9A-F]+$/u);
  const { code, body } = await wire({ path: url });
  expect(code).toBe(200);
  return body as Document;
}

function refOf(schema: Schema | undefined): string {
  return (schema?.$ref ?? schema?.allOf?.[0]?.$ref ?? '').replace('#/components/schemas/', '');
}

/** Schema of the field at a path, following references and list items. */
function at(document: Document, start: Schema | undefined, path: readonly string[]): Schema | undefined {
  let schema = start;
  for (const field of path) {
    const inner = schema?.items ?? schema;
    const target = refOf(inner) === '' ? inner : document.components.schemas[refOf(inner)];
    schema = target?.properties?.[field];
  }
  return schema;
}

function kindOf(document: Document, kind: string): Schema | undefined {
  return Object.values(document.components.schemas).find((schema) =>
    schema['x-kubernetes-group-version-kind']?.some((item) => item.kind === kind),
  );
}

/** OpenAPI as far as kubectl needs it. Source: kubernetes.io/docs/concepts/overview/kubernetes-api#openapi. */
export const openApi: Contract<KubernetesSubject> = {
  port: 'Kubernetes API: OpenAPI',
  cases: [
    kubernetesCase(
      'version 3 lists a document for each group version, by the hash of its content',
      async ({ subject }) => {
        const document = await documentOf(subject, 'apis/apps/v1');
        expect(document.openapi).toMatch(/^3\./u);
        expect(kindOf(document, 'Deployment')?.properties).toHaveProperty('spec');
      },
      { holds: '>=1.24' },
    ),
    kubernetesCase(
      'a schema tells how lists merge',
      async ({ subject }) => {
        const document = await documentOf(subject, 'api/v1');
        const spec = ['spec'];
        const containers = at(document, kindOf(document, 'Pod'), [...spec, 'containers']);
        expect(containers).toMatchObject({
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          'x-kubernetes-patch-merge-key': 'name',
          'x-kubernetes-patch-strategy': 'merge',
        });
        const finalizers = at(document, kindOf(document, 'Pod'), ['metadata', 'finalizers']);
        expect(finalizers).toMatchObject({ 'x-kubernetes-list-type': 'set', 'x-kubernetes-patch-strategy': 'merge' });
        expect(at(document, kindOf(document, 'Pod'), [...spec, 'nodeName'])?.type).toBe('string');
      },
      { holds: '>=1.24' },
    ),
    kubernetesCase(
      'the parameters of a patch tell that the server validates fields',
      async ({ subject }) => {
        const document = await documentOf(subject, 'apis/apps/v1');
        const path = document.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}'] as {
          readonly patch: { readonly parameters: readonly { readonly name: string }[] };
        };
        const names = path.patch.parameters.map(({ name }) => name);
        expect(names).toEqual(expect.arrayContaining(['dryRun', 'fieldManager', 'fieldValidation', 'force']));
      },
      { holds: '>=1.25' },
    ),
    kubernetesCase(
      'a document of a group that is not served is 404',
      async ({ subject }) => {
        expect((await subject.wire({ path: '/openapi/v3/apis/none.example/v1' })).code).toBe(404);
      },
      { holds: '>=1.24' },
    ),
    kubernetesCase('version 2 is one Swagger document with the definitions of all kinds', async ({ subject }) => {
      const { code, body } = await subject.wire({ path: '/openapi/v2' });
      expect(code).toBe(200);
      const { swagger, definitions } = body as {
        readonly swagger: string;
        readonly definitions: Record<string, Schema>;
      };
      expect(swagger).toBe('2.0');
      expect(definitions['io.k8s.api.apps.v1.Deployment']?.properties).toHaveProperty('spec');
    }),
  ],
};
