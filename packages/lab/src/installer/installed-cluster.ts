import { AppError, canonicalJson } from '@vmstation/core';
import type { ClusterOrder } from '../daemon/lab-protocol.ts';
import type { LabClusterConfig } from '../kubernetes/cluster-config.ts';
import type { Machine } from '../machine/machine.ts';

/** The cluster that an installer ordered, with what the machines under it are. */
export function clusterConfigOf(machineOf: (node: string) => Machine, order: ClusterOrder): LabClusterConfig {
  const nodes = order.nodes.map((member) => {
    const machine = machineOf(member.name);
    const osName = /^PRETTY_NAME="(.*)"$/m.exec(machine.face.osRelease)?.[1] ?? machine.face.face;
    return {
      ...member,
      capacity: {
        cpu: String(machine.cpus),
        memory: `${machine.memoryMib}Mi`,
        pods: '110',
        'ephemeral-storage': `${machine.disks[0]?.sizeGib ?? 40}Gi`,
      },
      osImage: osName,
      kernelVersion: machine.kernelRelease,
    };
  });
  return { ...order, nodes };
}

/** What Kubespray compares with the live cluster and refuses to change, and what the lab cannot change either. Throws lab/cluster-differs. */
export function refuseDifference(live: LabClusterConfig, wanted: LabClusterConfig): void {
  const names = [...new Set([...Object.keys(live), ...Object.keys(wanted)])] as (keyof LabClusterConfig)[];
  const different = names.filter((name) => canonicalJson(live[name]) !== canonicalJson(wanted[name]));
  if (different.length === 0) return;
  const said = different.map(
    (name) => `${name}: live ${canonicalJson(live[name])}, inventory ${canonicalJson(wanted[name])}`,
  );
  throw new AppError({
    code: 'lab/cluster-differs',
    kind: 'refused',
    message: `The inventory does not match the configuration of the running cluster: ${said.join('; ')}`,
    tryThis: 'These values are decided at installation. To install anew: vmstation lab reset',
  });
}

/** What an installation leaves on a machine, as far as others look for it. */
export function leaveTraces({ files }: Machine, roles: readonly string[], kubeconfig: string): void {
  files.write('/etc/kubernetes/kubelet.conf', kubeconfig, { mode: 0o600 });
  if (roles.includes('control-plane')) files.write('/etc/kubernetes/admin.conf', kubeconfig, { mode: 0o600 });
  files.folder('/var/lib/kubelet', { mode: 0o700 });
}
