import { type Cluster, type ClusterNode, type PlacedResource, parseCidr } from '@vmstation/core';

/** The resolver and the network card of a node, as far as the model speaks of them: nothing is touched where it says nothing. Both guarded. */
export function addressingOf(node: ClusterNode, cluster: Cluster): readonly PlacedResource[] {
  return [...resolver(cluster), ...cardSettings(node), ...fixedAddress(node, cluster)];
}

function resolver({ network }: Cluster): readonly PlacedResource[] {
  if (network.dns === undefined) return [];
  const { servers, search } = network.dns;
  return [
    { resource: { kind: 'resolver', servers, search, guard: 'resolver' }, origin: 'vmstation.yaml: network.dns' },
  ];
}

function fixedAddress(node: ClusterNode, { network }: Cluster): readonly PlacedResource[] {
  const card = node.interface;
  const prefixLength = parseCidr(network.nodes)?.prefix;
  if (card?.isStatic !== true || prefixLength === undefined) return [];
  return [
    {
      resource: {
        kind: 'network-interface',
        name: card.name,
        address: node.address,
        prefixLength,
        gateway: card.gateway,
        servers: (network.dns?.servers ?? network.resolvers).slice(0, 3),
        guard: 'network',
      },
      origin: `vmstation.yaml: nodes.${node.name}.interface`,
    },
  ];
}

function cardSettings(node: ClusterNode): readonly PlacedResource[] {
  const card = node.interface;
  if (card === undefined || (card.mtu === undefined && card.wakeOnLan === undefined)) return [];
  const origin = `vmstation.yaml: nodes.${node.name}.interface`;
  const { name, mtu, wakeOnLan } = card;
  const link: PlacedResource['resource'] = {
    kind: 'link',
    name,
    ...(mtu === undefined ? {} : { mtu }),
    ...(wakeOnLan === undefined ? {} : { wakeOnLan: wakeOnLan ? 'magic' : 'off' }),
    guard: 'network',
  };
  return [
    ...(wakeOnLan === undefined ? [] : [{ resource: { kind: 'package', name: 'ethtool' }, origin } as const]),
    { resource: link, origin },
  ];
}
