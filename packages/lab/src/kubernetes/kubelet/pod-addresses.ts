import { formatIpv4, parseCidr } from '@vmstation/core';
import type { ClusterNode, Pod } from '../kinds.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/** The node's own address. */
export function nodeAddress(node: ClusterNode | undefined): string {
  return node?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';
}

/** Address for a pod on its node: the node's for the host network, else the first free one of the node's range. */
export function podAddress(store: ObjectStore, pod: Pod): string | undefined {
  const node = store.get('nodes', '', pod.spec?.nodeName ?? '');
  if (pod.spec?.hostNetwork) return nodeAddress(node);
  if (pod.status?.podIP) return pod.status.podIP;
  const range = parseCidr(node?.spec?.podCIDR ?? '');
  if (!range) return undefined;
  const taken = new Set(store.list('pods').map((item) => item.status?.podIP));
  for (let offset = 2; offset < 2 ** (32 - range.prefix) - 1; offset++) {
    const address = formatIpv4(range.base + offset);
    if (!taken.has(address)) return address;
  }
  return undefined;
}
