import type { Machine } from './machine.ts';

const DEPENDS: Record<string, string[]> = {
  br_netfilter: ['bridge'],
  nfsd: ['lockd', 'sunrpc'],
  nfs: ['lockd', 'sunrpc'],
  nfsv4: ['nfs'],
  ip_vs: ['nf_conntrack'],
  ip_vs_rr: ['ip_vs'],
  ip_vs_wrr: ['ip_vs'],
  ip_vs_sh: ['ip_vs'],
  nf_nat: ['nf_conntrack'],
  iptable_nat: ['nf_nat', 'ip_tables'],
  ipip: ['ip_tunnel'],
  vxlan: ['udp_tunnel'],
};

/** Whether the machine's disk has a module for its kernel. */
export function hasModule(machine: Machine, name: string): boolean {
  const wanted = name.replaceAll('-', '_');
  const order = machine.files.read(`/usr/lib/modules/${machine.kernelRelease}/modules.order`) ?? '';
  return (
    order.split('\n').some((line) => line === `kernel/${wanted}.ko`) ||
    machine.files.find(`/usr/lib/modules/extra/${wanted}.ko`) !== undefined
  );
}

/** Loads a module and what it needs. False: there is no such module. */
export function loadModule(machine: Machine, name: string): boolean {
  const wanted = name.replaceAll('-', '_');
  if (machine.state.modules.includes(wanted)) return true;
  if (!hasModule(machine, wanted)) return false;
  for (const other of DEPENDS[wanted] ?? [])
    if (!machine.state.modules.includes(other)) machine.state.modules.unshift(other);
  machine.state.modules.unshift(wanted);
  return true;
}

/** Unloads a module. Gives modprobe's complaint, or undefined. */
export function unloadModule(machine: Machine, name: string): string | undefined {
  const wanted = name.replaceAll('-', '_');
  const user = Object.entries(DEPENDS).find(
    ([other, needs]) => needs.includes(wanted) && machine.state.modules.includes(other),
  );
  if (user) return `FATAL: Module ${name} is in use by: ${user[0]}.`;
  if (!machine.state.modules.includes(wanted))
    return hasModule(machine, wanted) ? undefined : `FATAL: Module ${name} not found.`;
  machine.state.modules = machine.state.modules.filter((one) => one !== wanted);
  return undefined;
}
