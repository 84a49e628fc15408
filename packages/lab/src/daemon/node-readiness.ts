import type { Machine } from '../machine/machine.ts';
import type { NodeReadiness } from './lab-protocol.ts';

/** What an installer's fact gathering finds on a machine. */
export function readReadiness(machine: Machine): NodeReadiness {
  const { state, power, faults, files } = machine;
  const away = faults.unreachable === true || faults.silent === true;
  const reachable = power === 'on' && !away && machine.listens(22);
  return {
    reachable,
    because: reachable ? '' : power === 'on' ? 'its SSH server does not answer' : `the machine is ${power}`,
    addresses: state.interfaces.filter(({ up }) => up).flatMap(({ addresses }) => addresses.map(({ ip }) => ip)),
    os: machine.spec.face,
    kernel: machine.kernelRelease,
    python: files.find('/usr/bin/python3') !== undefined,
    swap: state.swaps.map((swap) => swap.path),
    modules: state.modules,
    ipForward: machine.sysctl.get('net.ipv4.ip_forward') ?? '',
    clockSkewSeconds: Math.abs(machine.now() - machine.clock.now()) / 1000,
    memoryMiB: machine.memoryMib,
  };
}
