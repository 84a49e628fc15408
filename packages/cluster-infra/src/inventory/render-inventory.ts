import { type Cluster, type ClusterNode, type NodeRole, nodeRoleNames, nodesWithRole } from '@vmstation/core';
import { stringify } from 'yaml';
import type { KubesprayAccess } from '../kubespray/render-kubespray.ts';

/** Groups of the roles, named as Kubespray names them where it has one. */
const roleGroups: Readonly<Record<NodeRole, string>> = {
  'control-plane': 'kube_control_plane',
  worker: 'kube_node',
  monitoring: 'monitoring',
  storage: 'storage',
  compute: 'compute',
};

const powerPolicies: readonly ClusterNode['power']['policy'][] = ['always-on', 'auto-sleep', 'on-demand'];

/** Names that mean something to Ansible or Kubespray, or are groups of the export already. */
const reserved = new Set(['all', 'ungrouped', 'etcd', 'k8s_cluster', ...Object.values(roleGroups)]);

/**
 * The cluster as an Ansible inventory, for an operator's own playbooks: groups by role, by power policy (`power_auto_sleep`) and by the groups of the cluster
 * file, with how each machine is reached. `stateFolder` is the workspace's state directory, absolute; `more` are further variables of a node. No password is in it. Pure; equal inputs give
 * equal data.
 */
export function inventoryData(
  cluster: Cluster,
  access: KubesprayAccess,
  stateFolder: string,
  more: (node: ClusterNode) => Record<string, unknown> = () => ({}),
): Record<string, unknown> {
  const groups = [
    ...nodeRoleNames.map((role) => [roleGroups[role], membersOf(nodesWithRole(cluster, role))] as const),
    ...powerPolicies.map((policy) => {
      const nodes = cluster.nodes.filter((node) => node.power.policy === policy);
      return [policyGroup(policy), membersOf(nodes)] as const;
    }),
    ...labels(cluster).map((label) => {
      const nodes = cluster.nodes.filter((node) => node.groups.includes(label));
      return [labelGroup(label, cluster), membersOf(nodes)] as const;
    }),
  ];
  const { pods, services, resolvers } = cluster.network;
  return {
    all: {
      hosts: Object.fromEntries(
        cluster.nodes.map((node) => [node.name, { ...hostVariables(node, access, stateFolder), ...more(node) }]),
      ),
      vars: { ansible_ssh_common_args: sshArguments(access, stateFolder) },
      children: {
        ...Object.fromEntries(groups),
        k8s_cluster: {
          children: { kube_control_plane: {}, kube_node: {} },
          vars: { kube_pods_subnet: pods, kube_service_addresses: services, upstream_dns_servers: resolvers },
        },
      },
    },
  };
}

/** {@link inventoryData} as YAML. */
export function renderInventory(
  cluster: Cluster,
  access: KubesprayAccess,
  stateFolder: string,
  more?: (node: ClusterNode) => Record<string, unknown>,
): string {
  // Ansible reads YAML 1.1, where `yes` and 0644 are no texts: they come out in quotes.
  const body = stringify(inventoryData(cluster, access, stateFolder, more), { lineWidth: 0, version: '1.1' });
  return `---\n# Made by \`vmstation node list --inventory\` from vmstation.yaml.\n${body}`;
}

function membersOf(nodes: readonly ClusterNode[]): unknown {
  return { hosts: Object.fromEntries(nodes.map(({ name }) => [name, {}])) };
}

function hostVariables(node: ClusterNode, access: KubesprayAccess, stateFolder: string): Record<string, unknown> {
  const { user, port, local } = node.ssh;
  return {
    ansible_host: node.address,
    ...(local ? { ansible_connection: 'local' } : { ansible_user: user, ansible_port: port }),
    ...(local || access.identityFile === undefined
      ? {}
      : { ansible_ssh_private_key_file: untemplated(`${stateFolder}/${access.identityFile}`) }),
    ...(!local && user !== 'root' ? { ansible_become: true } : {}),
    vmstation_os: node.os,
    ...(node.mac === undefined ? {} : { vmstation_mac: node.mac }),
    vmstation_power: node.power.policy,
  };
}

/** Groups of the cluster file that are no roles. */
function labels(cluster: Cluster): readonly string[] {
  const own = cluster.nodes.flatMap(({ groups, roles }) =>
    groups.filter((group) => group !== 'common' && !roles.some((role) => role === group)),
  );
  return [...new Set(own)].toSorted();
}

/** Group names have no dashes in Ansible; a name that is taken, or no identifier, gets `group_` before it. */
function labelGroup(label: string, cluster: Cluster): string {
  const name = label.replaceAll('-', '_');
  const isFree = !reserved.has(name) && !/^(?:group_|power_|\d)/.test(name);
  const meansMore =
    /^(?:(?:kube|k8s|k3s|kubernetes)_|(?:always_on|auto_sleep|on_demand)$|control_?plane|master|worker|minion|monitor|prometheus|grafana|storage|nfs|nas|compute|calico_rr$)/;
  return isFree && !meansMore.test(name) && cluster.nodes.every((node) => node.name !== name) ? name : `group_${name}`;
}

function policyGroup(policy: string): string {
  return `power_${policy.replaceAll('-', '_')}`;
}

/** The value is split like a shell line by Ansible, then each option by ssh at blanks: hence two kinds of quotes. */
function sshArguments(access: KubesprayAccess, stateFolder: string): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", `'"'"'`)}'`;
  return [
    ...(access.configFile === undefined ? [] : [`-F ${quoted(untemplated(`${stateFolder}/${access.configFile}`))}`]),
    '-o StrictHostKeyChecking=yes',
    `-o ${quoted(`UserKnownHostsFile="${untemplated(`${stateFolder}/${access.knownHostsFile}`)}"`)}`,
    '-o GlobalKnownHostsFile=/dev/null',
    '-o HostKeyAlias={{ inventory_hostname }}',
    '-o CheckHostIP=no',
  ].join(' ');
}

/** Text that Jinja leaves alone. */
function untemplated(text: string): string {
  return /\{[{%#]/.test(text) ? `{% raw %}${text}{% endraw %}` : text;
}
