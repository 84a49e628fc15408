import type { Container, KubeObject, LimitRange, PersistentVolumeClaim, Pod } from '../kinds.ts';
import { quantityValue } from '../quantity.ts';
import { resourceOf } from '../resources.ts';
import { forbidden } from '../status-error.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { usageOf } from './quota-usage.ts';

type Amounts = { readonly [name: string]: string };
type Item = NonNullable<LimitRange['spec']>['limits'][number];

/** Gives a new pod's containers the defaults of its namespace's limit ranges, in place. */
export function fillFromLimitRanges(pod: Pod, store: ObjectStore): void {
  for (const item of itemsOf(store, pod.metadata.namespace, 'Container')) {
    for (const container of [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])])
      fill(container, item);
  }
}

function fill(container: Container, item: Item): void {
  const standard: Amounts = { ...item.max, ...wireDefault(item) };
  const requests: Amounts = { ...item.min, ...standard, ...item.defaultRequest };
  const own = container.resources ?? {};
  const limits = { ...standard, ...own.limits };
  // A limit that the pod itself sets is its request too, before any default of the range.
  const merged = { ...requests, ...own.limits, ...own.requests };
  if (Object.keys(limits).length > 0) own.limits = limits;
  if (Object.keys(merged).length > 0) own.requests = merged;
  container.resources = own;
}

/** On the wire the field is `default`, which the client's types cannot be named by. */
function wireDefault(item: Item): Amounts {
  return (item as { readonly default?: Amounts }).default ?? {};
}

function itemsOf(store: ObjectStore, namespace: string | undefined, type: string): Item[] {
  return store
    .list('limitranges', namespace)
    .flatMap(({ spec }) => spec?.limits.filter((item) => item.type === type) ?? []);
}

/** Refuses a pod or claim beyond the limit ranges of its namespace. Throws 403 in the words of the admission plugin LimitRanger. */
export function admitWithinLimits(
  object: KubeObject,
  resource: 'pods' | 'persistentvolumeclaims',
  store: ObjectStore,
): void {
  const { name } = object.metadata;
  const faults = resource === 'pods' ? podFaults(object, store) : claimFaults(object, store);
  if (faults.length === 0) return;
  const text = faults.length === 1 ? (faults[0] ?? '') : `[${faults.join(', ')}]`;
  throw forbidden({ resource, name }, text);
}

function podFaults(pod: Pod, store: ObjectStore): string[] {
  const { namespace } = pod.metadata;
  const containers = pod.spec?.containers ?? [];
  const faults = itemsOf(store, namespace, 'Container').flatMap((item) =>
    containers.flatMap(({ resources }) => rangeFaults(item, resources?.requests ?? {}, resources?.limits ?? {})),
  );
  const usage = usageOf(pod, resourceOf('pods'));
  const total = (side: string): Amounts =>
    Object.fromEntries(
      Object.entries(usage)
        .filter(([key, amount]) => key.startsWith(`${side}.`) && amount > 0)
        .map(([key, amount]) => [key.slice(side.length + 1), String(amount)]),
    );
  const whole = itemsOf(store, namespace, 'Pod').flatMap((item) =>
    rangeFaults(item, total('requests'), total('limits')),
  );
  return [...faults, ...whole];
}

function claimFaults(claim: PersistentVolumeClaim, store: ObjectStore): string[] {
  const requests: Amounts = claim.spec?.resources?.requests ?? {};
  return itemsOf(store, claim.metadata.namespace, 'PersistentVolumeClaim').flatMap((item) =>
    rangeFaults(item, requests, requests),
  );
}

function rangeFaults(item: Item, requests: Amounts, limits: Amounts): string[] {
  const low = Object.entries(item.min ?? {}).flatMap(([name, least]) => {
    const asked = requests[name];
    if (asked === undefined) return [`minimum ${name} usage per ${item.type} is ${least}.  No request is specified`];
    if (quantityValue(asked) >= quantityValue(least)) return [];
    return [`minimum ${name} usage per ${item.type} is ${least}, but request is ${asked}`];
  });
  const high = Object.entries(item.max ?? {}).flatMap(([name, most]) => {
    const asked = limits[name];
    if (asked === undefined) return [`maximum ${name} usage per ${item.type} is ${most}.  No limit is specified`];
    if (quantityValue(asked) <= quantityValue(most)) return [];
    return [`maximum ${name} usage per ${item.type} is ${most}, but limit is ${asked}`];
  });
  return [...low, ...high];
}
