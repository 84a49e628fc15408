import type { Kinds, KubeObject, PersistentVolumeClaim, Pod, ResourceName, ResourceQuota, Service } from '../kinds.ts';
import { bytesText, cpuText, quantityValue } from '../quantity.ts';
import { type ResourceDefinition, resourceDefinitions } from '../resources.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/** Amounts by the names that quotas use: `pods`, `requests.cpu`, `count/deployments.apps`. */
export type Usage = { readonly [name: string]: number };

/** Kinds that a quota may also name without `count/`. */
const plainCounts: ReadonlySet<string> = new Set([
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'resourcequotas',
  'secrets',
  'services',
]);

/** What one object uses. A pod that is over uses nothing but its place among the objects. */
export function usageOf(object: KubeObject, definition: ResourceDefinition): Usage {
  const qualified = definition.group === '' ? definition.plural : `${definition.plural}.${definition.group}`;
  const usage: Record<string, number> = { [`count/${qualified}`]: 1 };
  if (definition.name === 'pods') return { ...usage, ...podUsage(object) };
  if (definition.group === '' && plainCounts.has(definition.plural)) usage[definition.plural] = 1;
  if (definition.name === 'services') Object.assign(usage, serviceUsage(object as Service));
  if (definition.name === 'persistentvolumeclaims') Object.assign(usage, claimUsage(object as PersistentVolumeClaim));
  return usage;
}

function podUsage(pod: Pod): Usage {
  if (isOver(pod)) return {};
  const usage: Record<string, number> = { pods: 1 };
  for (const resource of ['cpu', 'memory', 'ephemeral-storage']) {
    for (const side of ['requests', 'limits'] as const) {
      const amount = (list: Pod['spec']): number[] =>
        (list?.containers ?? []).map(({ resources }) => quantityValue(resources?.[side]?.[resource]));
      const init = (pod.spec?.initContainers ?? []).map(({ resources }) =>
        quantityValue(resources?.[side]?.[resource]),
      );
      const total = Math.max(
        amount(pod.spec).reduce((sum, item) => sum + item, 0),
        ...init,
      );
      usage[`${side}.${resource}`] = total;
      if (side === 'requests') usage[resource] = total;
    }
  }
  return usage;
}

function isOver(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

function serviceUsage({ spec }: Service): Usage {
  const ports = spec?.ports?.length ?? 0;
  return {
    ...(spec?.type === 'LoadBalancer' ? { 'services.loadbalancers': 1 } : {}),
    ...(spec?.type === 'NodePort' || spec?.type === 'LoadBalancer' ? { 'services.nodeports': ports } : {}),
  };
}

function claimUsage({ spec }: PersistentVolumeClaim): Usage {
  const amount = quantityValue(spec?.resources?.requests?.storage);
  const className = spec?.storageClassName;
  const own = `${className}.storageclass.storage.k8s.io`;
  return {
    'requests.storage': amount,
    ...(className ? { [`${own}/requests.storage`]: amount, [`${own}/persistentvolumeclaims`]: 1 } : {}),
  };
}

/** Whether a quota's scopes take an object in. Scopes speak of pods alone. */
export function isInScope({ spec }: ResourceQuota, object: KubeObject, definition: ResourceDefinition): boolean {
  const scopes = spec?.scopes ?? [];
  if (scopes.length === 0) return true;
  if (definition.name !== 'pods') return false;
  const pod = object as Pod;
  return scopes.every((scope) => {
    const isBestEffort = pod.status?.qosClass === 'BestEffort';
    const ends = pod.spec?.activeDeadlineSeconds !== undefined;
    return { BestEffort: isBestEffort, NotBestEffort: !isBestEffort, Terminating: ends, NotTerminating: !ends }[scope];
  });
}

/** What everything that a quota limits uses in its namespace. */
export function usedOf(store: ObjectStore, quota: ResourceQuota): Usage {
  const names = Object.keys(quota.spec?.hard ?? {});
  const used: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
  for (const definition of resourceDefinitions.filter((item) => item.namespaced)) {
    const objects: readonly Kinds[ResourceName][] = store.list(definition.name, quota.metadata.namespace);
    for (const object of objects.filter((item) => isInScope(quota, item, definition))) {
      for (const [name, amount] of Object.entries(usageOf(object, definition))) {
        if (used[name] !== undefined) used[name] += amount;
      }
    }
  }
  return used;
}

/** An amount as a quota shows it. */
export function amountText(name: string, amount: number): string {
  if (name.endsWith('cpu')) return cpuText(amount);
  return /(memory|storage)$/u.test(name) ? bytesText(amount) : String(amount);
}
