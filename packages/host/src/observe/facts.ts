import { AppError, type NodeFacts } from '@vmstation/core';
import type { Observations } from './observations.ts';
import { allowsRootByPassword } from './root-login.ts';

/** Text files that every check reads for the facts; the globs are expanded on the node. */
export const factTextFiles = {
  plain: [
    '/etc/os-release',
    '/proc/meminfo',
    '/proc/sys/kernel/hostname',
    '/proc/sys/kernel/osrelease',
    '/proc/sys/kernel/arch',
    '/proc/sys/kernel/random/boot_id',
    '/sys/devices/system/cpu/online',
    '/sys/class/dmi/id/sys_vendor',
    '/sys/class/dmi/id/product_name',
    '/run/systemd/container',
    '/etc/ssh/sshd_config',
  ],
  globs: ['/etc/ssh/sshd_config.d/*.conf', '/sys/class/net/*/address'],
} as const;

/** Links that every check reads for the facts: which Python 3 there is. */
export const factLinks: readonly string[] = ['/usr/bin/python3'];

/** Files whose presence tells that Kubernetes of some make is installed. */
export const kubernetesMarks: readonly (readonly [path: string, name: string])[] = [
  ['/etc/rancher/k3s/k3s.yaml', 'k3s'],
  ['/etc/systemd/system/k3s-agent.service', 'k3s'],
  ['/etc/rancher/rke2/rke2.yaml', 'rke2'],
  ['/var/lib/rancher/rke2/agent', 'rke2'],
  ['/var/snap/microk8s/current', 'microk8s'],
  ['/var/lib/k0s/pki', 'k0s'],
  ['/etc/kubernetes/kubelet.conf', 'kubeadm'],
];

/** Interfaces that containers and tunnels make; their addresses say nothing about the machine. */
const madeByContainers = /^(?:lo|cali|veth|cni|docker|br-|tunl|vxlan|kube-|nodelocaldns|flannel|dummy|virbr)/;

/** Everything about the machine itself, from the same reply. @throws AppError host/unsupported-system for a system that is neither family. */
export function readFacts(node: string, seen: Observations): NodeFacts {
  const release = keyValues(seen.linesOf('/etc/os-release') ?? []);
  const osName = release.get('PRETTY_NAME') ?? release.get('NAME') ?? 'an unknown system';
  const { family } = seen;
  if (family === undefined) throw unsupported(node, osName);
  const memory = (name: string): number =>
    kibToMib((seen.linesOf('/proc/meminfo') ?? []).find((line) => line.startsWith(`${name}:`))?.split(/\s+/)[1]);
  const kernel = first(seen, '/proc/sys/kernel/osrelease');
  const python = /python ?(\d[\d.]*)$/i.exec(seen.linkTarget('/usr/bin/python3') ?? seen.pythonSays ?? '')?.[1];
  return {
    osId: release.get('ID') ?? '',
    osVersion: release.get('VERSION_ID') ?? '',
    osName,
    family,
    kernel,
    architecture: architectureOf(seen, kernel),
    hostname: first(seen, '/proc/sys/kernel/hostname'),
    cpus: countCpus(first(seen, '/sys/devices/system/cpu/online')),
    memoryMiB: memory('MemTotal'),
    freeDiskMiB: seen.freeDiskMiB,
    swapMiB: memory('SwapTotal'),
    pythonVersion: python,
    hasSystemd: seen.hasSystemd,
    virtualization: virtualization(seen),
    bootId: first(seen, '/proc/sys/kernel/random/boot_id'),
    clock: seen.clock,
    macs: macs(seen),
    rootByPassword: seen.rootHasPassword && allowsRootByPassword(seen),
    kubernetes: seen.kubernetes,
  };
}

/** As `uname -m` says it. RHEL's kernels have it at the end of their release: `5.14.0-427.el9.x86_64`. */
function architectureOf(seen: Observations, kernel: string): string {
  const told = first(seen, '/proc/sys/kernel/arch');
  return told === '' ? (seen.machineSays ?? kernel.slice(kernel.lastIndexOf('.') + 1)) : told;
}

function first(seen: Observations, path: string): string {
  return seen.linesOf(path)?.[0]?.trim() ?? '';
}

function kibToMib(kib: string | undefined): number {
  return Math.round(Number(kib ?? 0) / 1024);
}

/** `0-3,6` names five processors. */
function countCpus(list: string): number {
  return list
    .split(',')
    .filter((part) => part !== '')
    .reduce((count, part) => {
      const [from = 0, to = from] = part.split('-').map(Number);
      return count + to - from + 1;
    }, 0);
}

function keyValues(lines: readonly string[]): ReadonlyMap<string, string> {
  const pairs = lines.map((line): [string, string] => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1).replace(/^(["'])(.*)\1$/, '$2')];
  });
  return new Map(pairs);
}

function virtualization(seen: Observations): string | undefined {
  const container = first(seen, '/run/systemd/container');
  if (container !== '') return container;
  const vendor = `${first(seen, '/sys/class/dmi/id/sys_vendor')} ${first(seen, '/sys/class/dmi/id/product_name')}`;
  const known: readonly (readonly [RegExp, string])[] = [
    [/QEMU|KVM/i, 'kvm'],
    [/VMware/i, 'vmware'],
    [/innotek|VirtualBox/i, 'oracle'],
    [/Microsoft Corporation Virtual/i, 'microsoft'],
    [/Xen/i, 'xen'],
    [/Amazon EC2/i, 'amazon'],
  ];
  return known.find(([pattern]) => pattern.test(vendor))?.[1];
}

function macs(seen: Observations): readonly string[] {
  const found = seen
    .textsBelow('/sys/class/net/')
    .filter(([path]) => !madeByContainers.test(path.split('/')[4] ?? ''))
    .map(([, lines]) => lines[0]?.trim().toLowerCase() ?? '')
    .filter((mac) => /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(mac) && mac !== '00:00:00:00:00:00');
  return [...new Set(found)];
}

function unsupported(node: string, osName: string): AppError {
  return new AppError({
    code: 'host/unsupported-system',
    kind: 'refused',
    message: `${node} runs ${osName}, which is neither of the Debian nor of the RHEL family, so it was left alone.`,
    tryThis: 'Use Debian 12 or later, or RHEL (Rocky, Alma) 9 or later on this machine.',
    context: { node, osName },
  });
}
