import { formatCidr, parseIpv4 } from '@vmstation/core';
import type { ImportedCluster, ImportedNode } from './imported-cluster.ts';

const head = `# yaml-language-server: $schema=.vmstation/vmstation.schema.json
#
# The machines of this cluster and everything that is to run on them, from an Ansible inventory. Roles were guessed from
# the names of groups. Fill in what is empty; vmstation check says what is still wrong with this file.
`;

/** The cluster file of an imported inventory: what is unknown is an empty place with a comment. Pure. */
export function importedClusterFile(clusterName: string, { nodes, ...network }: ImportedCluster): string {
  const range = likelyRange(nodes);
  const lines = [
    head,
    'cluster:',
    `  name: ${scalar(clusterName)}`,
    '',
    'network:',
    `  nodes:                  # the range of your LAN${range === undefined ? '' : `; all addresses below are in ${range}`}`,
    '  gateway:                # your router',
    ...(network.pods === undefined ? [] : [`  pods: ${network.pods}`]),
    ...(network.services === undefined ? [] : [`  services: ${network.services}`]),
    ...(network.resolvers.length === 0 ? [] : [`  resolvers: [${network.resolvers.join(', ')}]`]),
    '',
    'nodes:',
    ...nodes.flatMap((node, index) => [...(index === 0 ? [] : ['']), ...nodeLines(node)]),
  ];
  return `${lines.join('\n')}\n`;
}

function nodeLines(node: ImportedNode): readonly string[] {
  const ssh = [
    ...(node.user === undefined || node.user === 'root' ? [] : [`user: ${scalar(node.user)}`]),
    ...(node.port === undefined || node.port === 22 ? [] : [`port: ${node.port}`]),
    ...(node.local ? ['local: true'] : []),
  ];
  const sleeps = node.power !== undefined && node.power !== 'always-on';
  const mac = sleeps ? '    mac:                  # of the network card that wakes it' : undefined;
  const macLine = node.mac === undefined ? mac : `    mac: ${node.mac}`;
  return [
    `  ${scalar(node.name)}:`,
    node.address === undefined
      ? `    address:              # its IPv4 address; the inventory has ${comment(node.reachedAs)}`
      : `    address: ${node.address}`,
    `    os:${node.os === undefined ? '                   # debian-12, debian-13, rhel-9 or rhel-10' : ` ${node.os}`}`,
    ...(macLine === undefined ? [] : [macLine]),
    node.roles.length === 0
      ? '    roles:                # control-plane, worker, monitoring, storage, compute: no group says'
      : `    roles: [${node.roles.join(', ')}]`,
    ...(node.groups.length === 0 ? [] : [`    groups: [${node.groups.map(scalar).join(', ')}]`]),
    node.power === undefined
      ? '    # power: always-on    # or auto-sleep, on-demand: these need mac too'
      : `    power: ${node.power}`,
    ...(ssh.length === 0 ? [] : [`    ssh: { ${ssh.join(', ')} }`]),
  ];
}

/** Plain where YAML 1.2 reads it as text, else in quotes. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z][A-Za-z0-9._-]*$/.test(text) && !/^(?:null|true|false|yes|no|on|off|y|n)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

/** One line of harmless letters. */
function comment(text: string): string {
  return text.replaceAll(/[^\x20-\x7E]/g, '?').slice(0, 80);
}

function likelyRange(nodes: readonly ImportedNode[]): string | undefined {
  const numbers = nodes.flatMap(({ address }) => parseIpv4(address ?? '') ?? []);
  const ranges = new Set(numbers.map((address) => Math.floor(address / 256) * 256));
  const [base] = ranges;
  return base === undefined || ranges.size > 1 ? undefined : formatCidr({ base, prefix: 24 });
}
