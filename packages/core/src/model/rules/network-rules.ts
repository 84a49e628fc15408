import {
  type Cidr,
  cidrContains,
  cidrsOverlap,
  formatCidr,
  hasHostBits,
  isNetworkOrBroadcast,
  nthAddress,
  parseCidr,
  parseIpv4,
  sizeOfCidr,
} from '../../net/cidr.ts';
import type { ClusterFile } from '../cluster-file.ts';
import type { Fault } from '../fault.ts';
import { fault, type Rule } from './rule.ts';

const rangeKeys = ['nodes', 'pods', 'services'] as const;

function rangesOf(file: ClusterFile): Readonly<Record<(typeof rangeKeys)[number], Cidr>> {
  const range = (key: (typeof rangeKeys)[number]): Cidr => {
    const parsed = parseCidr(file.network[key]);
    if (parsed === undefined) throw new Error(`network.${key} passed the schema but is no range`);
    return parsed;
  };
  return { nodes: range('nodes'), pods: range('pods'), services: range('services') };
}

/** A range is written by its first address: with host bits it is unclear which range is meant. */
export const rangesHaveNoHostBits: Rule = ({ file }) =>
  rangeKeys
    .filter((key) => hasHostBits(file.network[key]))
    .map((key) =>
      fault(
        'cluster-file/host-bits',
        ['network', key],
        `network.${key}: ${file.network[key]} is an address inside a range, not a range.`,
        `Write ${formatCidr(rangesOf(file)[key])}.`,
      ),
    );

/** The ranges of machines, pods and services share no address, whichever is the larger. */
export const rangesAreDisjoint: Rule = ({ file }) => {
  const ranges = rangesOf(file);
  const pairs = [
    ['pods', 'nodes'],
    ['services', 'nodes'],
    ['services', 'pods'],
  ] as const;
  return pairs
    .filter(([a, b]) => cidrsOverlap(ranges[a], ranges[b]))
    .map(([a, b]) =>
      fault(
        'cluster-file/overlapping-ranges',
        ['network', a],
        `network.${a} ${formatCidr(ranges[a])} and network.${b} ${formatCidr(ranges[b])} share addresses; traffic for one would end in the other.`,
        `Choose a range outside ${formatCidr(ranges[b])}${freeRange(a, ranges)}.`,
        { related: ['network', b] },
      ),
    );
};

function freeRange(key: 'pods' | 'services', ranges: Readonly<Record<string, Cidr>>): string {
  const candidates =
    key === 'pods'
      ? ['10.244.0.0/16', '10.32.0.0/16', '172.20.0.0/16']
      : ['10.96.0.0/12', '172.16.0.0/16', '10.233.0.0/18'];
  const others = Object.entries(ranges).filter(([name]) => name !== key);
  const free = candidates.find((text) => {
    const range = parseCidr(text);
    return range !== undefined && others.every(([, other]) => !cidrsOverlap(range, other));
  });
  return free === undefined ? '' : `, for example ${free}`;
}

/** Ranges are large enough for what they serve, and not larger than Kubernetes takes. */
export const rangesHaveUsableSizes: Rule = ({ file }) => {
  const { pods, services } = rangesOf(file);
  const nodes = Object.keys(file.nodes).length;
  const faults: Fault[] = [];
  if (services.prefix < 12) {
    const text = `network.services ${formatCidr(services)} is too large: the API server takes a /12 at most.`;
    faults.push(
      fault('cluster-file/range-size', ['network', 'services'], text, `Write ${nthAddress(services, 0)}/12.`),
    );
  }
  if (services.prefix > 26) {
    const text = `network.services ${formatCidr(services)} has only ${sizeOfCidr(services)} addresses; the services of one cluster need more.`;
    faults.push(fault('cluster-file/range-size', ['network', 'services'], text, 'Write a /20 or a larger range.'));
  }
  const blocks = pods.prefix > 24 ? 0 : 2 ** (24 - pods.prefix);
  if (blocks < nodes) {
    const text = `network.pods ${formatCidr(pods)} has room for ${blocks} ${blocks === 1 ? 'node' : 'nodes'} (a /24 each), and there are ${nodes}.`;
    faults.push(
      fault('cluster-file/range-size', ['network', 'pods'], text, 'Write a /16, which has room for 256 nodes.'),
    );
  }
  return faults;
};

/** The router and every machine, management controllers included, stand in the machines' range. */
export const addressesAreInTheirNetwork: Rule = ({ file }) => {
  const lan = rangesOf(file).nodes;
  const named = [{ path: ['network', 'gateway'], title: 'The gateway', text: file.network.gateway }].concat(
    Object.entries(file.nodes).map(([name, node]) => ({
      path: ['nodes', name, 'address'],
      title: `The address of ${name},`,
      text: node.address,
    })),
    Object.entries(file.nodes).flatMap(([name, { interface: card }]) =>
      card?.gateway === undefined
        ? []
        : [{ path: ['nodes', name, 'interface', 'gateway'], title: `The router of ${name},`, text: card.gateway }],
    ),
  );
  return named.flatMap(({ path, title, text }) => {
    const address = parseIpv4(text) ?? 0;
    if (!cidrContains(lan, address)) {
      const message = `${title} ${text} lies outside network.nodes ${formatCidr(lan)}.`;
      return [
        fault('cluster-file/address-outside-network', path, message, 'Correct the address or the range.', {
          related: ['network', 'nodes'],
        }),
      ];
    }
    if (!isNetworkOrBroadcast(lan, address)) return [];
    const message = `${title} ${text} is the first or last address of ${formatCidr(lan)}, which no machine can have.`;
    return [
      fault('cluster-file/address-outside-network', path, message, 'Give it another address of the range.', {
        related: ['network', 'nodes'],
      }),
    ];
  });
};

/** Ports and ranges of ports that exist. */
export const openPortsExist: Rule = ({ file }) =>
  Object.entries(file.nodes).flatMap(([name, node]) =>
    node['open-ports'].flatMap((text, index) => {
      const [first = 0, last = first] = (text.split('/')[0] ?? '').split('-').map(Number);
      if (first >= 1 && first <= last && last <= 65_535) return [];
      const message = `${text} is no port: ports go from 1 to 65535, and a range begins with the lower one.`;
      return [
        fault(
          'cluster-file/invalid-value',
          ['nodes', name, 'open-ports', index],
          message,
          'Write, for example, 445/tcp.',
        ),
      ];
    }),
  );

/** Pods reach each other only through encapsulation or through routes. */
export const podsAreRouted: Rule = ({ file }) => {
  const { encapsulation, bgp } = file.network.cni.calico;
  const path = ['network', 'cni', 'calico', 'bgp'];
  if (encapsulation === 'none' && !bgp) {
    const message = 'Without encapsulation and without BGP no node learns where the pods of the others are.';
    return [fault('cluster-file/unrouted-pods', path, message, 'Set bgp: true, or encapsulation: ipip or vxlan.')];
  }
  if (encapsulation === 'ipip' && !bgp) {
    const message = 'Calico’s IPIP takes its routes from BGP; with bgp: false pods of different nodes cannot talk.';
    return [fault('cluster-file/unrouted-pods', path, message, 'Set bgp: true, or encapsulation: vxlan.')];
  }
  return [];
};
