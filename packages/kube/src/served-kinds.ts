import { AppError } from '@vmstation/core';
import { type ApiResource, groupPath } from './api-resources.ts';
import { listAt, textAt } from './json-path.ts';

/** Reads a discovery document; undefined when the server has none at the path or does not show it to this account. */
export type DiscoveryRead = (path: string, mediaType: string) => Promise<unknown>;

const plain = 'application/json';
const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

type Kinds = ReadonlyMap<string, ApiResource>;

/**
 * What an API server serves besides the core group, as it says itself: one question where it answers for all groups at once
 * (Kubernetes 1.30 and later), else one more for each version that is asked about.
 * Source: kubernetes.io/docs/concepts/overview/kubernetes-api, «Discovery API».
 */
export class ServedKinds {
  readonly #read: DiscoveryRead;
  readonly #kinds = new Map<string, Promise<Kinds>>();
  #versions: Promise<readonly string[] | undefined> | undefined;

  constructor(read: DiscoveryRead) {
    this.#read = read;
  }

  /** How a kind is addressed, 'absent' when the server does not serve it, undefined when the server does not tell. */
  async find(apiVersion: string, kind: string): Promise<ApiResource | 'absent' | undefined> {
    const versions = await this.#groupVersions();
    if (versions === undefined) return undefined;
    if (!versions.includes(apiVersion)) return 'absent';
    return (await this.#kindsOf(apiVersion)).get(kind) ?? 'absent';
  }

  /** Versions of the same group in which the server has the kind. */
  async otherVersions(apiVersion: string, kind: string): Promise<readonly string[]> {
    const group = apiVersion.slice(0, apiVersion.indexOf('/') + 1);
    const versions = ((await this.#groupVersions()) ?? []).filter((item) => item.startsWith(group));
    const having = await Promise.all(versions.map(async (item) => (await this.#kindsOf(item)).has(kind)));
    return versions.filter((_item, index) => having[index]);
  }

  /** Asks anew at the next question: what was absent may have been installed meanwhile. */
  forget(): void {
    this.#versions = undefined;
    this.#kinds.clear();
  }

  #groupVersions(): Promise<readonly string[] | undefined> {
    this.#versions ??= this.#askVersions().catch((error: unknown) => {
      this.#versions = undefined;
      throw error;
    });
    return this.#versions;
  }

  async #askVersions(): Promise<readonly string[] | undefined> {
    const body = await this.#read('/apis', `${aggregated},${plain}`);
    if (textAt(body, 'kind') === 'APIGroupDiscoveryList') return this.#takeAll(body);
    if (textAt(body, 'kind') !== 'APIGroupList') return undefined;
    return listAt(body, 'groups').flatMap((group) =>
      listAt(group, 'versions').map((item) => textAt(item, 'groupVersion') ?? ''),
    );
  }

  #takeAll(body: unknown): readonly string[] {
    return listAt(body, 'items').flatMap((group) =>
      listAt(group, 'versions').map((version) => {
        const apiVersion = `${textAt(group, 'metadata.name')}/${textAt(version, 'version')}`;
        const entries = listAt(version, 'resources').map((item): [string, ApiResource] => [
          textAt(item, 'responseKind.kind') ?? '',
          { plural: textAt(item, 'resource') ?? '', namespaced: item['scope'] === 'Namespaced' },
        ]);
        this.#kinds.set(apiVersion, Promise.resolve(new Map(entries)));
        return apiVersion;
      }),
    );
  }

  #kindsOf(apiVersion: string): Promise<Kinds> {
    const known = this.#kinds.get(apiVersion);
    if (known !== undefined) return known;
    const asked = this.#askKinds(apiVersion).catch((error: unknown) => {
      this.#kinds.delete(apiVersion);
      throw error;
    });
    this.#kinds.set(apiVersion, asked);
    return asked;
  }

  async #askKinds(apiVersion: string): Promise<Kinds> {
    const body = await this.#read(groupPath(apiVersion), plain);
    const resources = listAt(body, 'resources').filter((item) => textAt(item, 'name')?.includes('/') === false);
    const entries = resources.map((item): [string, ApiResource] => [
      textAt(item, 'kind') ?? '',
      { plural: textAt(item, 'name') ?? '', namespaced: item['namespaced'] === true },
    ]);
    return new Map(entries);
  }
}

/** The error for a kind that the server serves in other versions, or in none. `version` is that of the server. */
export function versionNotServed(
  apiVersion: string,
  kind: string,
  version: string,
  others: readonly string[],
): AppError {
  const instead = others.length === 0 ? 'nor in any other version' : `but in ${others.join(' and ')}`;
  return new AppError({
    code: 'kube/version-not-served',
    kind: 'environment',
    message: `The cluster (Kubernetes ${version}) does not serve ${kind} in ${apiVersion}, ${instead}.`,
    tryThis:
      'Bring the cluster to a Kubernetes version that serves it, or write the manifest for a version that is served.',
    context: { apiVersion, kind, version, served: others.join(' ') },
  });
}
