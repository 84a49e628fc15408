import { cidrCovers, hasHostBits, parseCidr } from '@vmstation/core';
import type { AnsibleInventory } from './ansible-inventory.ts';
import { bundled, type KubesprayVariables } from './kubespray-variables.ts';

/** A task that judges the inventory without touching a host. */
export interface InventoryCheck {
  readonly task: string;
  /** Why it fails; undefined when it passes. */
  readonly judge: (variables: KubesprayVariables, inventory: AnsibleInventory) => string | undefined;
}

/**
 * What Kubespray v2.31.0 asserts about the inventory before it connects (its role validate_inventory). It misses what that role misses: pods that
 * contain the services, ranges over the LAN, unknown variable names.
 */
export const inventoryChecks: readonly InventoryCheck[] = [
  {
    task: 'Stop if kube_control_plane group is empty',
    judge: (_variables, inventory) =>
      inventory.groupMembers('kube_control_plane').length === 0 ? 'Assertion failed' : undefined,
  },
  {
    task: 'Stop if etcd group is empty in external etcd mode',
    judge: (variables, inventory) =>
      inventory.groupMembers('etcd').length === 0 && variables.text('etcd_deployment_type') !== 'kubeadm'
        ? "Group 'etcd' cannot be empty in external etcd mode"
        : undefined,
  },
  { task: 'Stop if unsupported version of Kubernetes', judge: judgeVersion },
  {
    task: 'Stop if even number of etcd hosts',
    judge: (_variables, inventory) =>
      inventory.groupMembers('etcd').length % 2 === 0 ? 'Assertion failed: an even number of etcd hosts' : undefined,
  },
  networkCheck('kube_service_addresses'),
  networkCheck('kube_pods_subnet'),
  { task: 'Check that kube_pods_subnet does not collide with kube_service_addresses', judge: judgeCollision },
  { task: 'Stop if unsupported options selected', judge: judgeOptions },
];

const supported: Readonly<Record<string, readonly string[]>> = {
  kube_network_plugin: ['calico'],
  dns_mode: ['coredns', 'coredns_dual', 'manual', 'none'],
  kube_proxy_mode: ['iptables', 'ipvs', 'nftables'],
  resolvconf_mode: ['docker_dns', 'host_resolvconf', 'none'],
  etcd_deployment_type: ['host', 'kubeadm'],
  container_manager: ['docker', 'crio', 'containerd'],
};

function judgeVersion(variables: KubesprayVariables): string | undefined {
  const version = variables.text('kube_version');
  const minor = /^1\.(\d+)\.\d+$/.exec(version)?.[1];
  if (minor === undefined) return `'${version}' cannot be compared as a version (write it without a leading v)`;
  if (Number(minor) < bundled.firstMinor) {
    return `The current release of Kubespray only support newer version of Kubernetes than 1.${bundled.firstMinor}.0 - You are trying to apply ${version}`;
  }
  return Number(minor) > bundled.lastMinor
    ? `no checksum of Kubernetes ${version} is known to this release`
    : undefined;
}

function networkCheck(name: string): InventoryCheck {
  return {
    task: `Check that ${name} is a network range`,
    judge: (variables) => {
      const range = variables.text(name);
      const fine = parseCidr(range) !== undefined && !hasHostBits(range);
      return fine ? undefined : `${name} = '${range}' is not a valid network range`;
    },
  };
}

function judgeCollision(variables: KubesprayVariables): string | undefined {
  const pods = parseCidr(variables.text('kube_pods_subnet'));
  const services = parseCidr(variables.text('kube_service_addresses'));
  const inside = pods !== undefined && services !== undefined && cidrCovers(services, pods);
  return inside ? 'kube_pods_subnet cannot be the same network segment as kube_service_addresses' : undefined;
}

function judgeOptions(variables: KubesprayVariables): string | undefined {
  const wrong = Object.entries(supported).find(([name, values]) => !values.includes(variables.text(name)));
  return wrong === undefined
    ? undefined
    : `The selected choice is not supported: ${wrong[0]} = ${variables.text(wrong[0])}`;
}
