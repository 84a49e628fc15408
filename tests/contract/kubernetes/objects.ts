import type { KubernetesObject, V1ConfigMap, V1Deployment, V1Pod, V1PodSpec } from '@kubernetes/client-node';

/** An object of any kind as a case writes it. */
export type AnyObject = KubernetesObject & { readonly [field: string]: unknown };

/** A ConfigMap. */
export function configMap(namespace: string, name: string, data: Record<string, string> = {}): V1ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

/** A copy of what was read, with other values for some fields. */
export function withFields<T extends object>(object: T, fields: Partial<T>): T {
  return Object.assign(structuredClone(object), fields);
}

/** A label that no node has. */
export const noNode: Readonly<Record<string, string>> = { 'contract.vmstation.example/no-such-node': 'true' };

/** A pod that no node takes, so that a case can play its kubelet. */
export function puppetSpec(image = 'contract.example/none:1'): V1PodSpec {
  return {
    nodeSelector: { ...noNode },
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image }],
  };
}

/** A pod of its own that no node takes. */
export function puppetPod(namespace: string, name: string, labels: Record<string, string> = {}): V1Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels }, spec: puppetSpec() };
}

/** A Deployment whose pods no node takes. */
export function puppetDeployment(
  namespace: string,
  name: string,
  more: Partial<NonNullable<V1Deployment['spec']>> = {},
  image?: string,
): V1Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: puppetSpec(image) },
      ...more,
    },
  };
}
