import type { NodeReadiness } from '../daemon/lab-protocol.ts';
import type { KubesprayVariables } from './kubespray-variables.ts';

/** A task that judges one machine before anything is installed there. */
export interface HostCheck {
  readonly task: string;
  readonly judge: (found: NodeReadiness, variables: KubesprayVariables, host: string) => string | undefined;
}

/** Seconds by which a machine's clock may differ before etcd and certificates suffer. */
const clockSkewSeconds = 2;

/** What has to be true of a machine, mostly after setup; a real Kubespray would fail at the same points, or later and worse. */
export const hostChecks: readonly HostCheck[] = [
  {
    task: 'kubernetes/preinstall : Stop if ip var does not match local ips',
    judge: (found, variables) => {
      const ip = variables.text('ip');
      return ip === '' || found.addresses.includes(ip)
        ? undefined
        : `IPv4: '${found.addresses.join(', ')}' do not contain '${ip}'`;
    },
  },
  {
    task: 'kubernetes/preinstall : Stop if bad hostname',
    judge: (_found, _variables, host) =>
      /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(host)
        ? undefined
        : "Hostname must consist of lower case alphanumeric characters, '.' or '-'",
  },
  {
    task: 'kubernetes/preinstall : Stop if memory is too small for nodes',
    judge: (found, variables) => {
      const least = variables.number('minimal_node_memory_mb');
      return found.memoryMiB >= least ? undefined : `Assertion failed: ${found.memoryMiB} MB of memory, want ${least}`;
    },
  },
  {
    task: 'kubernetes/preinstall : Stop if swap is on',
    judge: (found) =>
      found.swap.length === 0
        ? undefined
        : `running with swap on is not supported, please disable it: ${found.swap.join(', ')}`,
  },
  {
    task: 'kubernetes/preinstall : Stop if the clock is out of step',
    judge: (found) =>
      found.clockSkewSeconds <= clockSkewSeconds
        ? undefined
        : `the clock differs by ${Math.round(found.clockSkewSeconds)} s; certificates would not be valid yet, and etcd loses its leader`,
  },
  moduleCheck('overlay', 'container-engine/containerd : Ensure the overlay module is loaded'),
  moduleCheck('br_netfilter', 'kubernetes/node : Verify if br_netfilter module exists'),
  {
    task: 'kubernetes/node : Stop if IP forwarding is off',
    judge: (found) =>
      found.ipForward === '1' ? undefined : `net.ipv4.ip_forward is ${found.ipForward || 'unreadable'}`,
  },
];

function moduleCheck(name: string, task: string): HostCheck {
  return {
    task,
    judge: (found) =>
      found.modules.includes(name)
        ? undefined
        : `modprobe: FATAL: Module ${name} not found in directory /lib/modules/${found.kernel}`,
  };
}
