import { debianCommands, rhelCommands } from './commands/command-contracts.ts';
import { generatedCommands } from './commands/generated-contract.ts';
import type { SideName } from './contract-case.ts';
import { kindContract } from './kinds/kind-contracts.ts';
import { leftAloneContract } from './kinds/left-alone.ts';
import { aboutContract } from './kubernetes/kubectl/cases/about.ts';
import { accessContract } from './kubernetes/kubectl/cases/access.ts';
import { applyContract } from './kubernetes/kubectl/cases/apply.ts';
import { changeContract } from './kubernetes/kubectl/cases/change.ts';
import { createContract } from './kubernetes/kubectl/cases/create.ts';
import { deleteAndWaitContract } from './kubernetes/kubectl/cases/delete-and-wait.ts';
import { describeContract } from './kubernetes/kubectl/cases/describe.ts';
import { getContract } from './kubernetes/kubectl/cases/get.ts';
import { nodeContract } from './kubernetes/kubectl/cases/nodes.ts';
import { kubernetesContracts } from './kubernetes/kubernetes-contracts.ts';
import { allPortContracts } from './ports/port-contracts.ts';

/** Of a contract, what tells of it without running it. */
export interface ContractSummary {
  readonly port: string;
  readonly cases: readonly {
    readonly title: string;
    readonly cannot?: Partial<Readonly<Record<SideName, string>>>;
  }[];
}

/** Every contract that simulated and real machines and clusters are held to; the page of differences is made from it. */
export const contracts: readonly ContractSummary[] = [
  debianCommands,
  rhelCommands,
  generatedCommands,
  ...allPortContracts,
  kindContract,
  leftAloneContract,
  ...kubernetesContracts,
  aboutContract,
  accessContract,
  applyContract,
  changeContract,
  createContract,
  deleteAndWaitContract,
  describeContract,
  getContract,
  nodeContract,
];

/** What no machine of the suites is, so that no case can say it. */
export const beyondAllSuites: readonly { readonly what: string; readonly why: string }[] = [
  {
    what: 'Red Hat Enterprise Linux itself',
    why: 'real machines are Debian: dnf, rpm and firewalld run there on a small repository; what coreutils, bash as sh, useradd and systemd of RHEL answer was read, not tried',
  },
  {
    what: 'SELinux',
    why: 'enforcing is tried nowhere: nspawn machines have no selinuxfs, guests no policy; labels, booleans and denials are only simulated',
  },
  {
    what: "RHEL's own layout: /etc/sysconfig, crypto policies, NetworkManager by default, grubby, dnf modules, subscriptions",
    why: 'no package of Debian brings it',
  },
  {
    what: 'a machine that is woken from suspend to RAM by its network card',
    why: 'nspawn machines share a kernel and are frozen; guests have no passing case for it yet; in both a listener hears the packet and wakes the machine, as QEMU’s cards wake nobody',
  },
  {
    what: 'Metal',
    why: 'firmware and its boot order, sensors, SMART, link negotiation, wireless and the drivers of real cards and disks are in no machine of the suites',
  },
  {
    what: 'Suspend to RAM',
    why: 'nspawn machines share a kernel; guests could carry it, but no case of theirs has passed yet',
  },
];
