import type { KubeObject, ResourceName } from '../kinds.ts';

/** An object of a fresh cluster, and the resource that it is stored as. */
export interface BootstrapObject {
  readonly resource: ResourceName;
  readonly object: KubeObject & Readonly<Record<string, unknown>>;
}

/** An object with its resource. */
export function bootstrapObject(
  resource: ResourceName,
  apiVersion: string,
  kind: string,
  metadata: KubeObject['metadata'],
  fields: Readonly<Record<string, unknown>> = {},
): BootstrapObject {
  return { resource, object: { apiVersion, kind, metadata, ...fields } };
}
