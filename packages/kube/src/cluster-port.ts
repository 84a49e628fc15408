import type {
  Clock,
  KubeApplied,
  KubeDifference,
  KubeObject,
  KubePort,
  KubeReadiness,
  KubeRef,
  KubeWait,
} from '@vmstation/core';
import type { ApiClient, ApiReply } from './api-client.ts';
import { collectionPath } from './api-resources.ts';
import { applyGroups, dataKinds, holdsData, prunableKinds } from './apply-order.ts';
import { fieldManager } from './field-manager.ts';
import { isRecord, listAt, textAt } from './json-path.ts';
import { type ApiStatus, readStatus, refusalError } from './kube-errors.ts';
import { refKey, refOf, showRef } from './kube-ref.ts';
import { mapLimited } from './limit-concurrency.ts';
import { objectDifferences } from './object-difference.ts';
import { isOwnedBy, managedBySelector, ownerSelector } from './ownership.ts';
import { waitGone } from './wait-gone.ts';
import { waitReady } from './wait-ready.ts';

const parallelCalls = 8;
const conflictAttempts = 5;
const conflictPauseMs = 100;

type ListRequest = Parameters<KubePort['list']>[0];

/** The Kubernetes port over one API client. */
export class ClusterPort implements KubePort {
  readonly #client: ApiClient;
  readonly #clock: Clock;
  readonly #server: string;

  constructor(client: ApiClient, clock: Clock, server: string) {
    this.#client = client;
    this.#clock = clock;
    this.#server = server;
  }

  async serverVersion(): Promise<string> {
    const reply = await this.#client.call({ method: 'GET', path: '/version', attempted: 'read the version' });
    return textAt(reply.body, 'gitVersion') ?? 'unknown';
  }

  async get(ref: KubeRef): Promise<KubeObject | undefined> {
    const path = await this.#client.pathOf(ref);
    const reply = await this.#client.call({ method: 'GET', path, attempted: `read ${showRef(ref)}`, accept: [404] });
    return reply.status === 404 ? undefined : asObject(reply.body, ref);
  }

  async list(what: ListRequest): Promise<readonly KubeObject[]> {
    if (what.ifServed === true && !(await this.#client.serves(what.apiVersion, what.kind))) return [];
    const resource = await this.#client.resource(what.apiVersion, what.kind);
    const path = collectionPath(what.apiVersion, resource, what.namespace);
    const selector: Record<string, string> =
      what.labelSelector === undefined ? {} : { labelSelector: what.labelSelector };
    const found: KubeObject[] = [];
    let page = '';
    do {
      const reply = await this.#client.call({
        method: 'GET',
        path,
        query: { ...selector, limit: '500', ...(page === '' ? {} : { continue: page }) },
        attempted: `list ${resource.plural}`,
      });
      found.push(...listAt(reply.body, 'items').map((item) => asObject(item, { ...what, name: '' })));
      page = textAt(reply.body, 'metadata.continue') ?? '';
    } while (page !== '');
    return found;
  }

  async compare(objects: readonly KubeObject[]): Promise<readonly KubeDifference[]> {
    return mapLimited(objects, parallelCalls, (object) => this.#compareOne(object));
  }

  async apply(objects: readonly KubeObject[]): Promise<readonly KubeApplied[]> {
    const applied = new Map<string, KubeApplied>();
    for (const group of applyGroups(objects)) {
      const results = await mapLimited(group, parallelCalls, (object) => this.#applyOne(object));
      for (const result of results) applied.set(refKey(result.ref), result);
      const definitions = group.filter((object) => object.kind === 'CustomResourceDefinition').map(refOf);
      if (definitions.length > 0) await this.waitReady(definitions, { timeoutMs: 15_000 });
    }
    return objects.flatMap((object) => applied.get(refKey(refOf(object))) ?? []);
  }

  async prune(
    owner: string,
    keep: readonly KubeRef[],
    { deleteData = false }: Parameters<KubePort['prune']>[2] = {},
  ): Promise<readonly KubeRef[]> {
    const kept = new Set(keep.map(refKey));
    const labelSelector = `${managedBySelector},${ownerSelector(owner)}`;
    const kinds = [...prunableKinds, ...(deleteData ? dataKinds : [])];
    const found = await mapLimited(kinds, parallelCalls, (kind) =>
      this.list({ ...kind, labelSelector, ifServed: true }),
    );
    const going: KubeObject[] = [];
    for (const object of found.flat()) {
      if (!isOwnedBy(object, owner) || kept.has(refKey(refOf(object)))) continue;
      if (holdsData(object) && !deleteData) continue;
      if (await this.#remove(object)) going.push(object);
    }
    await waitGone(this, this.#clock, going);
    return going.map(refOf);
  }

  async waitReady(refs: readonly KubeRef[], options: KubeWait): Promise<readonly KubeReadiness[]> {
    return waitReady(this, this.#clock, refs, options);
  }

  close(): void {
    this.#client.close();
  }

  async #compareOne(object: KubeObject): Promise<KubeDifference> {
    const ref = refOf(object);
    const live = await this.get(ref);
    const namespaceMissing: readonly number[] = live === undefined ? [404] : [];
    // An absent object is tried too: what the API would refuse is known before anything is applied.
    const reply = await this.#patch(
      object,
      { dryRun: 'All', force: 'true' },
      `compare ${showRef(ref)}`,
      namespaceMissing,
    );
    if (live === undefined || reply.status === 404) return { ref, state: 'absent', differences: [] };
    const differences = objectDifferences(asObject(reply.body, ref), live);
    return { ref, state: differences.length === 0 ? 'equal' : 'differs', differences };
  }

  async #applyOne(object: KubeObject): Promise<KubeApplied> {
    const ref = refOf(object);
    const attempted = `apply ${showRef(ref)}`;
    const before = await this.get(ref);
    const { first, status } = await this.#applyOnce(object, attempted);
    const contested = status === undefined ? [] : contestedFields(status);
    const reply = status === undefined ? first : await this.#patch(object, { force: 'true' }, attempted, []);
    const resourceVersion = asObject(reply.body, ref).metadata.resourceVersion;
    return {
      ref,
      changed: before?.metadata.resourceVersion !== resourceVersion,
      resourceVersion: String(resourceVersion),
      ...(contested.length === 0 ? {} : { takenOver: contested.map((cause) => `${cause.field}: ${cause.message}`) }),
    };
  }

  /** An apply; one that lost against another writer of the same moment is tried again. A conflict about fields is an answer. */
  async #applyOnce(
    object: KubeObject,
    attempted: string,
  ): Promise<{ readonly first: ApiReply; readonly status: ApiStatus | undefined }> {
    for (let attempt = 1; ; attempt++) {
      const first = await this.#patch(object, {}, attempted, [409]);
      const status = first.status === 409 ? readStatus(409, first.body) : undefined;
      if (status === undefined || contestedFields(status).length > 0) return { first, status };
      if (attempt >= conflictAttempts) throw refusalError(status, attempted, this.#server);
      await this.#clock.sleep(conflictPauseMs * attempt);
    }
  }

  async #patch(
    object: KubeObject,
    query: Readonly<Record<string, string>>,
    attempted: string,
    accept: readonly number[],
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    return this.#client.call({
      method: 'PATCH',
      path: await this.#client.pathOf(refOf(object)),
      query: { fieldManager, fieldValidation: 'Strict', ...query },
      // JSON is YAML too; the media type is the one that every supported server knows.
      contentType: 'application/apply-patch+yaml',
      body: object,
      attempted,
      accept,
    });
  }

  /** False when it was gone already. */
  async #remove(object: KubeObject): Promise<boolean> {
    const ref = refOf(object);
    const reply = await this.#client.call({
      method: 'DELETE',
      path: await this.#client.pathOf(ref),
      body: { propagationPolicy: 'Background', preconditions: { uid: object.metadata.uid } },
      attempted: `remove ${showRef(ref)}`,
      accept: [404],
    });
    return reply.status !== 404;
  }
}

function contestedFields(status: ApiStatus): ApiStatus['causes'] {
  return status.causes.filter((cause) => cause.reason === 'FieldManagerConflict');
}

/** Items of a list carry neither apiVersion nor kind. */
function asObject(body: unknown, ref: KubeRef): KubeObject {
  const record = isRecord(body) ? body : {};
  const metadata = isRecord(record.metadata) ? record.metadata : {};
  return {
    ...record,
    apiVersion: ref.apiVersion,
    kind: ref.kind,
    metadata: { ...metadata, name: String(metadata.name) },
  };
}
