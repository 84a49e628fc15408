import type { KubeObject, KubeRef } from '@vmstation/core';

/** Names an object. */
export function refOf(object: KubeObject): KubeRef {
  const { name, namespace } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
  };
}

/** `Deployment monitoring/grafana`, or `ClusterRole prometheus`: as plans and messages show an object. */
export function showRef(ref: KubeRef): string {
  return `${ref.kind} ${ref.namespace === undefined ? '' : `${ref.namespace}/`}${ref.name}`;
}

/** A key that is equal for two names of one object, whatever version they were read in. */
export function refKey(ref: KubeRef): string {
  const group = ref.apiVersion.includes('/') ? ref.apiVersion.slice(0, ref.apiVersion.indexOf('/')) : '';
  return `${group}/${ref.kind}/${ref.namespace ?? ''}/${ref.name}`;
}
