import type { AnsibleInventory, Variables } from './ansible-inventory.ts';

/** Kubespray's own values for what an inventory leaves out (release v2.31.0, roles/kubespray_defaults and the Calico role). */
const kubesprayDefaults: Variables = {
  kube_version: '1.35.4',
  kube_network_plugin: 'calico',
  kube_pods_subnet: '10.233.64.0/18',
  kube_service_addresses: '10.233.0.0/18',
  kube_network_node_prefix: 24,
  kube_proxy_mode: 'ipvs',
  dns_mode: 'coredns',
  cluster_name: 'cluster.local',
  enable_nodelocaldns: true,
  nodelocaldns_ip: '169.254.25.10',
  container_manager: 'containerd',
  etcd_deployment_type: 'host',
  resolvconf_mode: 'host_resolvconf',
  kubeconfig_localhost: false,
  auto_renew_certificates: false,
  calico_network_backend: 'vxlan',
  calico_ipip_mode: 'Never',
  calico_vxlan_mode: 'Always',
  calico_pool_blocksize: 26,
  minimal_master_memory_mb: 1500,
  minimal_node_memory_mb: 1024,
};

/** What Kubespray v2.31.0 installs besides Kubernetes. */
export const bundled = {
  coreDns: '1.12.4',
  calico: '3.31.5',
  etcd: '3.6.10',
  containerRuntime: 'containerd://2.2.3',
  firstMinor: 33,
  lastMinor: 35,
} as const;

/** The variables of a host with Kubespray's defaults below them and the command line's above them. */
export class KubesprayVariables {
  readonly #values: Variables;

  constructor(inventory: AnsibleInventory, host: string, extra: Variables) {
    this.#values = { ...kubesprayDefaults, ...inventory.variablesOf(host), ...extra };
  }

  /** Text of a variable; '' when it is not set. */
  text(name: string): string {
    const value = this.#values[name];
    if (typeof value === 'string') return value;
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
  }

  /** Jinja's `bool` filter. */
  flag(name: string): boolean {
    return ['true', 'yes', 'on', '1'].includes(this.text(name).toLowerCase());
  }

  number(name: string): number {
    return Number(this.text(name));
  }

  /** A mapping of texts, such as node_labels. */
  mapping(name: string): Readonly<Record<string, string>> {
    const value = this.#values[name];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)]));
  }

  /** A list of texts, such as node_taints. */
  list(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }
}
