import { nthAddress, parseCidr } from '@vmstation/core';
import type { ClusterOrder } from '../daemon/lab-protocol.ts';
import type { CalicoConfig, NodeTaint } from '../kubernetes/cluster-config.ts';
import type { AnsibleInventory } from './ansible-inventory.ts';
import { bundled, type KubesprayVariables } from './kubespray-variables.ts';

const controlPlaneTaint: NodeTaint = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' };

/** The cluster that an inventory describes, decided by its variables as Kubespray decides it; nothing else enters. */
export function clusterOrder(
  inventory: AnsibleInventory,
  variablesOf: (host: string) => KubesprayVariables,
): ClusterOrder {
  const controlPlane = inventory.groupMembers('kube_control_plane');
  const variables = variablesOf(controlPlane[0] ?? '');
  const services = parseCidr(variables.text('kube_service_addresses'));
  const domain = variables.text('dns_domain') || variables.text('cluster_name');
  return {
    version: variables.text('kube_version'),
    clusterName: variables.text('cluster_name'),
    podCidr: variables.text('kube_pods_subnet'),
    nodePrefix: variables.number('kube_network_node_prefix'),
    serviceCidr: variables.text('kube_service_addresses'),
    // skydns_server: the third address of the range, where kubeadm alone would take the tenth.
    dnsServiceIp: variables.text('skydns_server') || (services === undefined ? '' : nthAddress(services, 3)),
    ...(variables.flag('enable_nodelocaldns') ? { nodeLocalDnsIp: variables.text('nodelocaldns_ip') } : {}),
    clusterDomain: domain,
    proxyMode: variables.text('kube_proxy_mode') as ClusterOrder['proxyMode'],
    calico: calicoOf(variables),
    coreDnsVersion: bundled.coreDns,
    calicoVersion: bundled.calico,
    etcdVersion: bundled.etcd,
    nodes: memberNames(inventory).map((name) => nodeOrder(inventory, name, variablesOf(name))),
  };
}

/** Hosts that become nodes. */
export function memberNames(inventory: AnsibleInventory): readonly string[] {
  const members = new Set([...inventory.groupMembers('kube_control_plane'), ...inventory.groupMembers('kube_node')]);
  return inventory.hosts.filter((host) => members.has(host));
}

function calicoOf(variables: KubesprayVariables): CalicoConfig {
  return {
    ipipMode: variables.text('calico_ipip_mode') as CalicoConfig['ipipMode'],
    vxlanMode: variables.text('calico_vxlan_mode') as CalicoConfig['vxlanMode'],
    backend: variables.text('calico_network_backend') as CalicoConfig['backend'],
    blockSize: variables.number('calico_pool_blocksize'),
  };
}

function nodeOrder(
  inventory: AnsibleInventory,
  name: string,
  variables: KubesprayVariables,
): ClusterOrder['nodes'][number] {
  const controls = inventory.groupMembers('kube_control_plane').includes(name);
  const works = inventory.groupMembers('kube_node').includes(name);
  const taints = variables.list('node_taints').map(parseTaint);
  return {
    name,
    ip: variables.text('ip') || variables.text('ansible_host'),
    roles: [...(controls ? (['control-plane'] as const) : []), ...(works ? (['worker'] as const) : [])],
    labels: variables.mapping('node_labels'),
    taints: controls && !works ? [controlPlaneTaint, ...taints] : taints,
    containerRuntimeVersion: bundled.containerRuntime,
  };
}

/** `key=value:Effect`, as kubectl taint takes it. */
function parseTaint(text: string): NodeTaint {
  const [pair = '', effect = 'NoSchedule'] = text.split(':');
  const [key = '', value] = pair.split('=');
  return { key, ...(value === undefined ? {} : { value }), effect: effect as NodeTaint['effect'] };
}
