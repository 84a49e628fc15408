import { ApisApi, CoreApi } from '@kubernetes/client-node';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';

interface ListedResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly singularName?: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly group?: string;
  readonly version?: string;
}

interface AggregatedGroup {
  readonly metadata: { readonly name: string };
  readonly versions: readonly {
    readonly version: string;
    readonly resources: readonly {
      readonly resource: string;
      readonly scope: string;
      readonly responseKind: { readonly kind: string };
      readonly singularResource: string;
      readonly verbs: readonly string[];
      readonly shortNames?: readonly string[];
      readonly subresources?: readonly { readonly subresource: string; readonly verbs: readonly string[] }[];
    }[];
  }[];
}

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

async function resourcesOf({ wire }: KubernetesSubject, path: string): Promise<readonly ListedResource[]> {
  const reply = await wire({ path });
  expect(reply.code).toBe(200);
  expect(reply.body).toMatchObject({ kind: 'APIResourceList', groupVersion: path.replace(/^\/apis?\//u, '') });
  return (reply.body as { readonly resources: readonly ListedResource[] }).resources;
}

const objectVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const legacy = [
  kubernetesCase('the versions of the core group are listed', async ({ subject }) => {
    const { versions } = await subject.kubeconfig.makeApiClient(CoreApi).getAPIVersions();
    expect(versions).toContain('v1');
  }),
  kubernetesCase('every group names its versions and prefers one of them', async ({ subject }) => {
    const { groups } = await subject.kubeconfig.makeApiClient(ApisApi).getAPIVersions();
    const names = groups.map(({ name }) => name);
    const expected = ['apps', 'batch', 'policy', 'rbac.authorization.k8s.io', 'storage.k8s.io', 'coordination.k8s.io'];
    expect(names).toEqual(expect.arrayContaining(expected));
    for (const { name, versions, preferredVersion } of groups) {
      expect(versions.map(({ groupVersion }) => groupVersion)).toContain(preferredVersion?.groupVersion);
      for (const { groupVersion, version } of versions) expect(groupVersion).toBe(`${name}/${version}`);
    }
  }),
  kubernetesCase('one group is described by itself', async ({ subject }) => {
    const { code, body } = await subject.wire({ path: '/apis/apps' });
    expect(code).toBe(200);
    expect(body).toMatchObject({ kind: 'APIGroup', name: 'apps', preferredVersion: { groupVersion: 'apps/v1' } });
  }),
  kubernetesCase('resources are listed with kind, scope, verbs and short names', async ({ subject }) => {
    const core = await resourcesOf(subject, '/api/v1');
    const of = (name: string) => core.find((item) => item.name === name);
    expect(of('pods')).toMatchObject({ kind: 'Pod', namespaced: true, shortNames: ['po'] });
    expect(of('nodes')).toMatchObject({ kind: 'Node', namespaced: false, shortNames: ['no'] });
    for (const name of ['pods', 'configmaps']) {
      expect([...(of(name)?.verbs ?? [])].toSorted()).toEqual(objectVerbs);
    }
    expect(of('pods/status')).toMatchObject({ kind: 'Pod', verbs: ['get', 'patch', 'update'] });
    expect(of('pods/eviction')).toMatchObject({ kind: 'Eviction', group: 'policy', verbs: ['create'] });
    const apps = await resourcesOf(subject, '/apis/apps/v1');
    const scale = apps.find(({ name }) => name === 'deployments/scale');
    expect(scale).toMatchObject({ kind: 'Scale', group: 'autoscaling', version: 'v1' });
    expect(apps.find(({ name }) => name === 'deployments')?.shortNames).toEqual(['deploy']);
  }),
  kubernetesCase('namespaces are deleted one by one: they have no deletecollection', async ({ subject }) => {
    const core = await resourcesOf(subject, '/api/v1');
    expect(core.find(({ name }) => name === 'namespaces')?.verbs).not.toContain('deletecollection');
  }),
  kubernetesCase(
    'singular names are listed',
    async ({ subject }) => {
      const core = await resourcesOf(subject, '/api/v1');
      expect(core.find(({ name }) => name === 'pods')?.singularName).toBe('pod');
    },
    { holds: '>=1.28' },
  ),
];

const aggregatedCases = [
  kubernetesCase(
    'one request tells all groups with their resources and subresources',
    async ({ subject }) => {
      const { code, headers, body } = await subject.wire({
        path: '/apis',
        headers: { accept: `${aggregated},application/json` },
      });
      expect(code).toBe(200);
      expect(String(headers['content-type']).replaceAll(' ', '')).toContain('as=APIGroupDiscoveryList');
      expect(body).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' });
      const { items } = body as { readonly items: readonly AggregatedGroup[] };
      const apps = items.find(({ metadata }) => metadata.name === 'apps')?.versions[0];
      const deployments = apps?.resources.find(({ resource }) => resource === 'deployments');
      expect(deployments).toMatchObject({
        scope: 'Namespaced',
        responseKind: { kind: 'Deployment' },
        singularResource: 'deployment',
        shortNames: ['deploy'],
      });
      expect(deployments?.subresources?.map(({ subresource }) => subresource).toSorted()).toEqual(['scale', 'status']);
    },
    { holds: '>=1.30' },
  ),
  kubernetesCase(
    'aggregated and plain discovery of the core group agree',
    async ({ subject }) => {
      const { body } = await subject.wire({ path: '/api', headers: { accept: aggregated } });
      const { items } = body as { readonly items: readonly AggregatedGroup[] };
      const together = items[0]?.versions[0]?.resources.map(
        ({ resource, verbs }) => `${resource}: ${[...verbs].toSorted().join()}`,
      );
      const plain = (await resourcesOf(subject, '/api/v1')).filter(({ name }) => !name.includes('/'));
      const alone = plain.map(({ name, verbs }) => `${name}: ${[...verbs].toSorted().join()}`);
      expect(together?.toSorted()).toEqual(alone.toSorted());
    },
    { holds: '>=1.30' },
  ),
  kubernetesCase('who does not ask for aggregated discovery gets the plain kind', async ({ subject }) => {
    const { body } = await subject.wire({ path: '/apis', headers: { accept: `application/json,${aggregated}` } });
    expect(body).toMatchObject({ kind: 'APIGroupList', apiVersion: 'v1' });
  }),
];

const version = [
  kubernetesCase('the version is told to anybody, with its parts', async ({ subject }) => {
    const { code, body } = await subject.wire({ path: '/version' });
    expect(code).toBe(200);
    const { major, minor, gitVersion } = body as Record<string, string>;
    expect(gitVersion).toMatch(/^v\d+\.\d+\.\d+/u);
    expect(gitVersion?.startsWith(`v${major}.${minor?.replace('+', '')}.`)).toBe(true);
  }),
  kubernetesCase('health endpoints answer ok as text', async ({ subject }) => {
    for (const path of ['/healthz', '/livez', '/readyz']) {
      const { code, text, headers } = await subject.wire({ path });
      expect([code, text]).toEqual([200, 'ok']);
      expect(headers['content-type']).toContain('text/plain');
    }
  }),
];

/** Discovery of groups, versions and resources. Source: kubernetes.io/docs/concepts/overview/kubernetes-api. */
export const discovery: Contract<KubernetesSubject> = {
  port: 'Kubernetes API: discovery',
  cases: [...version, ...legacy, ...aggregatedCases],
};
