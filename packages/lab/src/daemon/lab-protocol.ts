import type { PowerReading } from '@vmstation/core';
import type { LabFault } from '../faults/fault-kinds.ts';
import type { LabClusterConfig, LabClusterNode } from '../kubernetes/cluster-config.ts';

/** Names of all providers. */
export const labProviders = ['embedded', 'hosts'] as const;

/** Who plays the machines: this process, or systemd-nspawn. */
export type LabProvider = (typeof labProviders)[number];

/** How a machine is, as far as its power goes. */
export type LabPower = 'on' | 'suspended' | 'off';

/** What can be done to a machine's power: as the machine itself, its button or a magic packet would. */
export type PowerOrder = 'suspend' | 'wake' | 'poweroff';

/** One machine of a running lab. */
export interface LabNodeStatus {
  readonly name: string;
  /** The model's address; nothing listens there. */
  readonly address: string;
  /** Where its SSH server really listens: loopback, or an address that only this computer knows. */
  readonly sshAddress: string;
  readonly sshPort: number;
  readonly power: LabPower;
  /** ISO 8601. */
  readonly since: string;
}

/** A model's URL and where the lab answers for it. */
export interface LabEndpoint {
  readonly name: string;
  readonly model: string;
  readonly address: string;
  readonly port: number;
  readonly loopbackPort: number;
  readonly loopback: string;
}

/** What a running lab says of itself. */
export interface LabStatus {
  readonly provider: LabProvider;
  readonly pid: number;
  readonly startedAt: string;
  readonly nodes: readonly LabNodeStatus[];
  /** Undefined until an installer made one. */
  readonly cluster: { readonly version: string; readonly server: string } | undefined;
  readonly endpoints: readonly LabEndpoint[];
  /** Where these machines are not what the model says. */
  readonly notes: readonly string[];
  /** Set while the disk takes nothing more, and what happened `since` (ISO 8601) is in memory only. */
  readonly notKept?: { readonly since: string; readonly message: string; readonly tryThis: string };
}

/** What an installer finds on a machine before it begins. */
export interface NodeReadiness {
  readonly reachable: boolean;
  /** Why not. */
  readonly because: string;
  readonly addresses: readonly string[];
  readonly os: string;
  readonly kernel: string;
  readonly python: boolean;
  /** Devices and files in use. */
  readonly swap: readonly string[];
  readonly modules: readonly string[];
  readonly ipForward: string;
  /** Seconds between the machine's clock and the lab's. */
  readonly clockSkewSeconds: number;
  readonly memoryMiB: number;
}

/** A cluster as an installer asks for it: what it cannot decide, the machines supply. */
export type ClusterOrder = Omit<LabClusterConfig, 'nodes'> & {
  readonly nodes: readonly Omit<LabClusterNode, 'capacity' | 'osImage' | 'kernelVersion'>[];
};

/** Writes so far: on each machine's disk, and of the API by resource. They prove that a second run changed nothing. */
export interface LabCounters {
  readonly machines: Readonly<Record<string, number>>;
  readonly api: Readonly<Record<string, number>>;
}

/** Where a fault is switched: one machine, or the Kubernetes API with what runs behind it. */
export type FaultPlace = { readonly node: string } | 'api';

/** Requests of the control socket: parameters and answer of each. */
export interface LabRequests {
  readonly status: { readonly params: object; readonly answer: LabStatus };
  readonly stop: { readonly params: object; readonly answer: object };
  readonly counters: { readonly params: object; readonly answer: LabCounters };
  readonly 'node.readiness': { readonly params: { readonly node: string }; readonly answer: NodeReadiness };
  readonly 'node.power': {
    readonly params: { readonly node: string; readonly order?: PowerOrder };
    readonly answer: PowerReading & { readonly power: LabPower };
  };
  /** Words are `name=value`, the first may be a bare value. */
  readonly 'fault.set': {
    readonly params: { readonly on: FaultPlace; readonly kind: string; readonly words: readonly string[] };
    readonly answer: { readonly fault: LabFault };
  };
  readonly 'fault.clear': {
    readonly params: { readonly on?: FaultPlace; readonly kind?: string };
    readonly answer: { readonly cleared: readonly LabFault[] };
  };
  readonly 'fault.list': { readonly params: object; readonly answer: { readonly faults: readonly LabFault[] } };
  readonly 'node.snapshot': {
    readonly params: { readonly node: string };
    readonly answer: { readonly snapshot: string };
  };
  readonly 'node.restore': {
    readonly params: { readonly node: string; readonly snapshot: string; readonly discard?: boolean };
    readonly answer: object;
  };
  readonly 'cluster.create': {
    readonly params: { readonly order: ClusterOrder };
    readonly answer: { readonly changed: boolean; readonly kubeconfig: string };
  };
}

/** Name of a request. */
export type LabRequest = keyof LabRequests;
