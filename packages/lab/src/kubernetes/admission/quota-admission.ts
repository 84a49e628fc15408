import type { KubeObject, Pod } from '../kinds.ts';
import { quantityValue } from '../quantity.ts';
import type { ResourceDefinition } from '../resources.ts';
import { forbidden } from '../status-error.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { amountText, isInScope, usageOf, usedOf } from './quota-usage.ts';

/**
 * Refuses a new object that some quota of its namespace has no room for, or a pod that does not say what a quota counts.
 * Wording: k8s.io/apiserver/pkg/admission/plugin/resourcequota. Throws 403.
 */
export function admitWithinQuota(object: KubeObject, definition: ResourceDefinition, store: ObjectStore): void {
  if (!definition.namespaced) return;
  const { name, namespace } = object.metadata;
  const subject = { group: definition.group, resource: definition.plural, name };
  for (const quota of store.list('resourcequotas', namespace)) {
    if (!isInScope(quota, object, definition)) continue;
    const hard = Object.entries(quota.spec?.hard ?? {});
    const quotaName = quota.metadata.name;
    if (definition.name === 'pods') {
      const silent = hard.map(([item]) => item).filter((item) => isUnsaid(object as Pod, item));
      if (silent.length > 0) {
        throw forbidden(subject, `failed quota: ${quotaName}: must specify ${silent.toSorted().join(',')}`);
      }
    }
    const wanted = usageOf(object, definition);
    const counted = hard.filter(([item]) => (wanted[item] ?? 0) > 0);
    if (counted.length === 0) continue;
    const used = usedOf(store, quota);
    const over = counted.filter(([item, limit]) => (used[item] ?? 0) + (wanted[item] ?? 0) > quantityValue(limit));
    if (over.length === 0) continue;
    const shown = (text: (item: string, limit: string) => string): string =>
      over.map(([item, limit]) => `${item}=${text(item, limit)}`).join(',');
    const requested = shown((item) => amountText(item, wanted[item] ?? 0));
    const before = shown((item) => amountText(item, used[item] ?? 0));
    const limited = shown((_item, limit) => limit);
    throw forbidden(
      subject,
      `exceeded quota: ${quotaName}, requested: ${requested}, used: ${before}, limited: ${limited}`,
    );
  }
}

/** A quota of cpu or memory counts only pods whose every container names its amount. */
function isUnsaid(pod: Pod, item: string): boolean {
  const [, side = 'requests', resource] = /^(?:(requests|limits)\.)?(cpu|memory)$/u.exec(item) ?? [];
  if (resource === undefined) return false;
  return (pod.spec?.containers ?? []).some(
    ({ resources }) => resources?.[side as 'requests' | 'limits']?.[resource] === undefined,
  );
}
