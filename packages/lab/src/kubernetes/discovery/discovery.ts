import type { JsonObject } from '../json.ts';
import { apiVersionOf } from '../resources.ts';
import { type ServedGroupVersion, type ServedResource, servedGroupVersions } from './served-resources.ts';

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** A discovery document and its media type. */
export interface DiscoveryReply {
  readonly body: JsonObject;
  readonly contentType?: string;
}

/** Answers `/api`, `/apis` and what lies below them, or undefined for a path that is no discovery. */
export function discoveryReply(path: string, aggregated: boolean, address: string): DiscoveryReply | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  const served = servedGroupVersions();
  const [root, group, version] = parts;
  if (parts.length === 1 && (root === 'api' || root === 'apis')) {
    const shown = served.filter((item) => (item.group === '') === (root === 'api'));
    if (aggregated) return { body: aggregatedList(shown), contentType: aggregatedType };
    return { body: root === 'api' ? legacyVersions(address) : groupList(shown) };
  }
  if (root === 'api' && parts.length === 2) return resourceList(served, '', group ?? '');
  if (root === 'apis' && parts.length === 2) {
    const found = served.find((item) => item.group === group);
    return found ? { body: { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(found) } } : undefined;
  }
  return root === 'apis' && parts.length === 3 ? resourceList(served, group ?? '', version ?? '') : undefined;
}

function legacyVersions(address: string): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

function groupEntry({ group, version }: ServedGroupVersion): JsonObject {
  const entry = { groupVersion: `${group}/${version}`, version };
  return { name: group, versions: [entry], preferredVersion: { ...entry } };
}

function groupList(served: readonly ServedGroupVersion[]): JsonObject {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: served.map(groupEntry) };
}

function resourceList(
  served: readonly ServedGroupVersion[],
  group: string,
  version: string,
): DiscoveryReply | undefined {
  const found = served.find((item) => item.group === group && item.version === version);
  if (!found) return undefined;
  return {
    body: {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: apiVersionOf(found),
      resources: found.resources.map(plainEntry),
    },
  };
}

function plainEntry(resource: ServedResource): JsonObject {
  const { name, singularName, namespaced, kind, verbs, shortNames, categories, bodyGroup, bodyVersion } = resource;
  return {
    name,
    singularName,
    namespaced,
    ...(bodyGroup ? { group: bodyGroup } : {}),
    ...(bodyVersion ? { version: bodyVersion } : {}),
    kind,
    verbs: [...verbs],
    ...(shortNames ? { shortNames: [...shortNames] } : {}),
    ...(categories ? { categories: [...categories] } : {}),
  };
}

function aggregatedList(served: readonly ServedGroupVersion[]): JsonObject {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: served.map(({ group, version, resources }) => ({
      metadata: { name: group, creationTimestamp: null },
      versions: [{ version, freshness: 'Current', resources: aggregatedEntries(group, version, resources) }],
    })),
  };
}

function aggregatedEntries(group: string, version: string, resources: readonly ServedResource[]): JsonObject[] {
  const kindOf = (resource: ServedResource): JsonObject => ({
    group: resource.bodyGroup ?? group,
    version: resource.bodyVersion ?? version,
    kind: resource.kind,
  });
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map((resource) => ({
      resource: resource.name,
      responseKind: kindOf(resource),
      scope: resource.namespaced ? 'Namespaced' : 'Cluster',
      singularResource: resource.singularName,
      verbs: [...resource.verbs],
      ...(resource.shortNames ? { shortNames: [...resource.shortNames] } : {}),
      ...(resource.categories ? { categories: [...resource.categories] } : {}),
      subresources: resources
        .filter(({ name }) => name.startsWith(`${resource.name}/`))
        .map((sub) => ({
          subresource: sub.name.slice(resource.name.length + 1),
          responseKind: kindOf(sub),
          verbs: [...sub.verbs],
        })),
    }));
}
