import type { Cluster, ClusterNode } from '@vmstation/core';
import { writtenBy } from '../config-role.ts';
import { type Opening, openingsOf } from './firewall-openings.ts';

/** The only table that this role ever names; tables of Calico, kube-proxy and others are not touched. */
export const firewallTable = 'inet vmstation';

/**
 * The node's packet filter as an nftables file that replaces its own table in one transaction. Only packets to the node itself
 * are judged: there is no forward chain, so what pods send and receive is left to Calico and kube-proxy.
 */
export function firewallRules(node: ClusterNode, cluster: Cluster): string {
  const [ssh, ...others] = openingsOf(node, cluster);
  return `${writtenBy('networking')}
# The first line makes the table if it is absent, so that the second can remove what was there.
table ${firewallTable}
delete table ${firewallTable}

table ${firewallTable} {
  chain input {
    type filter hook input priority filter; policy drop;

${ssh === undefined ? '' : rule(ssh)}
    ct state established,related accept
    iifname "lo" accept
    meta l4proto { icmp, ipv6-icmp } accept
    udp dport { 68, 546 } accept comment "DHCP answers"
    iifname { "cali*", "nodelocaldns" } accept comment "pods of this node"
    ip saddr ${cluster.network.pods} accept comment "pods"
${others.map(rule).join('\n')}
  }
}
`;
}

function rule({ protocol, ports, from, why }: Opening): string {
  const source = from === undefined ? '' : `ip saddr ${set(from)} `;
  const what = protocol === 'ipip' ? 'meta l4proto 4' : `${protocol} dport ${set(ports)}`;
  return `    ${source}${what} accept comment "${why}"`;
}

function set(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? '') : `{ ${values.join(', ')} }`;
}
