import { type Cluster, type ClusterNetwork, type ClusterNode, nodesWithRole, type Versions } from '@vmstation/core';
import { stringify } from 'yaml';
import { becomeVariables } from '../inventory/become-passwords.ts';

/** How Ansible reaches the machines. Paths are relative to the workspace's state directory, so that output does not depend on where it lies. */
export interface KubesprayAccess {
  /** Keyed by node name. */
  readonly knownHostsFile: string;
  /** An ssh_config with a block per node, instead of the user's own. */
  readonly configFile: string | undefined;
  readonly identityFile: string | undefined;
}

/** A rendered file; the path is relative to the inventory's folder. */
export interface RenderedFile {
  readonly path: string;
  readonly content: string;
}

/** Where the inventory is rendered, relative to the workspace's state directory. */
export const inventoryDirectory = 'rendered/kubespray/inventory';

/** From the inventory's folder back to the state directory. */
const stateFromInventory = '{{ inventory_dir }}/../../..';

/** Node label that carries the power policy, for schedulers, dashboards and alerts. */
export const powerClassLabel = 'vmstation.io/power-class';

/**
 * The machines that belong to the Kubernetes cluster. Kubespray checks its variables on the first host of the inventory, and would check
 * defaults on a host outside its groups; so nothing else may be in the inventory.
 */
export function clusterMembers(cluster: Cluster): readonly ClusterNode[] {
  return cluster.nodes.filter((node) => node.roles.includes('control-plane') || node.roles.includes('worker'));
}

/**
 * Kubespray's inventory and group_vars (release v2.31.0) from the model. Pure; equal inputs give equal bytes.
 * Groups and variables: kubespray docs/ansible/inventory.md and docs/ansible/vars.md of that release.
 */
export function renderKubespray(
  cluster: Cluster,
  versions: Versions,
  access: KubesprayAccess,
): readonly RenderedFile[] {
  return [
    { path: 'hosts.yaml', content: document(inventory(cluster, access)) },
    { path: 'group_vars/all/all.yml', content: document(allVariables(cluster, access)) },
    { path: 'group_vars/all/etcd.yml', content: document({ etcd_deployment_type: 'host' }) },
    { path: 'group_vars/k8s_cluster/k8s-cluster.yml', content: document(clusterVariables(cluster, versions)) },
    { path: 'group_vars/k8s_cluster/k8s-net-calico.yml', content: document(calicoVariables(cluster.network.cni)) },
  ];
}

function inventory(cluster: Cluster, access: KubesprayAccess): unknown {
  const members = clusterMembers(cluster);
  const controlPlane = nodesWithRole(cluster, 'control-plane');
  // A node that is only in kube_control_plane is tainted by kubeadm; what runs there brings its own toleration.
  const workers = members.filter((node) => node.roles.includes('worker'));
  return {
    all: {
      hosts: Object.fromEntries(members.map((node) => [node.name, hostVariables(node, controlPlane, access)])),
      children: {
        kube_control_plane: { hosts: names(controlPlane) },
        etcd: { children: { kube_control_plane: {} } },
        kube_node: { hosts: names(workers) },
        // Kubespray can make this group while it runs, but then no static tool sees its variables.
        k8s_cluster: { children: { kube_control_plane: {}, kube_node: {} } },
      },
    },
  };
}

function hostVariables(node: ClusterNode, controlPlane: readonly ClusterNode[], access: KubesprayAccess): unknown {
  const member = controlPlane.indexOf(node);
  return {
    ansible_host: node.address,
    ip: node.address,
    access_ip: node.address,
    ...(member === -1 ? {} : { etcd_member_name: `etcd${member + 1}` }),
    ...(node.ssh.local ? { ansible_connection: 'local' } : remoteVariables(node, access)),
    ...becomeVariables(node),
    node_labels: { [powerClassLabel]: node.power.policy },
  };
}

function remoteVariables(node: ClusterNode, access: KubesprayAccess): Record<string, unknown> {
  return {
    ansible_user: node.ssh.user,
    ...(node.ssh.port === 22 ? {} : { ansible_port: node.ssh.port }),
    ...(access.identityFile === undefined
      ? {}
      : { ansible_ssh_private_key_file: `${stateFromInventory}/${access.identityFile}` }),
  };
}

function allVariables(cluster: Cluster, access: KubesprayAccess): unknown {
  return {
    ansible_become: true,
    ansible_ssh_common_args: commonSshArguments(access),
    container_manager: 'containerd',
    // Setup owns time: a clock that is wrong must be right before etcd and certificates come.
    ntp_enabled: false,
    upstream_dns_servers: cluster.network.resolvers,
  };
}

/** The value is split like a shell line by Ansible, then each option by ssh at blanks: hence two kinds of quotes. */
function commonSshArguments(access: KubesprayAccess): string {
  return [
    ...(access.configFile === undefined ? [] : [`-F "${stateFromInventory}/${access.configFile}"`]),
    '-o StrictHostKeyChecking=yes',
    `-o 'UserKnownHostsFile="${stateFromInventory}/${access.knownHostsFile}"'`,
    '-o GlobalKnownHostsFile=/dev/null',
    '-o HostKeyAlias={{ inventory_hostname }}',
    '-o CheckHostIP=no',
  ].join(' ');
}

function clusterVariables(cluster: Cluster, versions: Versions): unknown {
  return {
    // Without the leading v, which Kubespray's version comparison refuses since 2.28.
    kube_version: versions.kubernetes.replace(/^v/, ''),
    kube_network_plugin: cluster.network.cni.plugin,
    kube_pods_subnet: cluster.network.pods,
    kube_service_addresses: cluster.network.services,
    kube_network_node_prefix: 24,
    kube_proxy_mode: 'nftables',
    cluster_name: 'cluster.local',
    dns_mode: 'coredns',
    enable_nodelocaldns: true,
    kubeconfig_localhost: true,
    auto_renew_certificates: true,
  };
}

function calicoVariables(cni: ClusterNetwork['cni']): unknown {
  const modes = calicoModes(cni);
  return {
    calico_network_backend: modes.backend,
    calico_ipip_mode: modes.ipip,
    calico_vxlan_mode: modes.vxlan,
    calico_pool_blocksize: 26,
  };
}

/** How Calico is told what the model asks for. */
export interface CalicoModes {
  readonly backend: 'bird' | 'vxlan';
  readonly ipip: 'Always' | 'Never';
  readonly vxlan: 'Always' | 'Never';
}

/**
 * Calico's backend and modes for a model's CNI settings. BGP needs bird, and so does every mode without VXLAN
 * (Kubespray's roles/network_plugin/calico/tasks/check.yml).
 */
export function calicoModes({ encapsulation, bgp }: ClusterNetwork['cni']): CalicoModes {
  return {
    backend: encapsulation === 'vxlan' && !bgp ? 'vxlan' : 'bird',
    ipip: encapsulation === 'ipip' ? 'Always' : 'Never',
    vxlan: encapsulation === 'vxlan' ? 'Always' : 'Never',
  };
}

function names(nodes: readonly ClusterNode[]): Record<string, object> {
  return Object.fromEntries(nodes.map((node) => [node.name, {}]));
}

function document(content: unknown): string {
  const body = stringify(content, { lineWidth: 0, defaultStringType: 'PLAIN', version: '1.1' });
  return `---\n# Made by vmstation from vmstation.yaml and versions.lock. Changes here are lost: \`vmstation infra render\` writes it again.\n${body}`;
}
