import type { JsonObject } from '../json.ts';
import { jsonClone } from '../json.ts';
import type { DaemonSet, StatefulSet } from '../kinds.ts';
import type { ApiObjects } from '../registry/api-objects.ts';
import { controllerReference, isControlledBy, podsControlledBy } from './pod-factory.ts';

/** Label of a set's pods and revisions that names the template. */
export const revisionHashLabel = 'controller-revision-hash';
const write = { manager: 'kube-controller-manager' };

/**
 * Keeps the ControllerRevisions of a set, which `kubectl rollout history` lists and `undo` goes back to: one for each template, the present
 * one with the highest number; as many old ones as `revisionHistoryLimit` says and those that pods still have.
 * Source: k8s.io/kubernetes/pkg/controller/history.
 */
export function keepRevision(api: ApiObjects, set: DaemonSet | StatefulSet, name: string, hash: string): void {
  const { namespace = '' } = set.metadata;
  const revisions = api.store
    .list('controllerrevisions.apps', namespace)
    .filter((revision) => isControlledBy(revision, set))
    .toSorted((left, right) => left.revision - right.revision);
  const last = revisions.at(-1);
  const present = revisions.find(({ metadata }) => metadata.name === name);
  const next = (last?.revision ?? 0) + 1;
  if (!present) {
    api.create('controllerrevisions.apps', revisionOf(set, name, hash, next), write);
  } else if (present !== last) {
    api.mutate('controllerrevisions.apps', namespace, name, write, (draft) => {
      draft.revision = next;
    });
  }
  const inUse = new Set(podsControlledBy(api, set).map(({ metadata }) => metadata.labels?.[revisionHashLabel]));
  const old = revisions.filter(
    ({ metadata }) => metadata.name !== name && !inUse.has(metadata.labels?.[revisionHashLabel]),
  );
  const limit = set.spec?.revisionHistoryLimit ?? 10;
  for (const { metadata } of old.slice(0, Math.max(0, old.length - limit))) {
    api.remove('controllerrevisions.apps', namespace, metadata.name);
  }
}

function revisionOf(set: DaemonSet | StatefulSet, name: string, hash: string, revision: number) {
  const template = jsonClone(set.spec?.template ?? {}) as JsonObject;
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name,
      namespace: set.metadata.namespace ?? '',
      labels: { ...set.spec?.template.metadata?.labels, [revisionHashLabel]: hash },
      annotations: jsonClone(set.metadata.annotations ?? {}),
      ownerReferences: [controllerReference(set)],
    },
    data: { spec: { template: { ...template, $patch: 'replace' } } },
    revision,
  };
}
