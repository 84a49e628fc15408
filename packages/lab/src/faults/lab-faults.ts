import { AppError } from '@vmstation/core';
import type { ClusterFault, ClusterFaults } from '../kubernetes/faults/cluster-faults.ts';
import type { Machine } from '../machine/machine.ts';
import type { ApiFaultKind, FaultValues, LabFault, NodeFaultKind } from './fault-kinds.ts';
import { type CountedSwitches, clusterFaultOf, machineFaultsOf } from './fault-mapping.ts';
import { faultKindOf, readFaultValues, withDefaults } from './fault-values.ts';

/** What faults are switched on for: the machines of a lab and, once there is one, its cluster. */
export interface FaultTargets {
  machine(node: string): Machine | undefined;
  readonly nodes: () => readonly string[];
  readonly cluster: () => ClusterFaults | undefined;
  /** Called after each change, with the faults that are on; may make them durable. */
  readonly changed?: (faults: readonly LabFault[]) => void;
}

/**
 * The faults of a lab: switched on, listed and cleared in one place, whoever asks (command line, test, scenario). A fault that has
 * happened as often as it was to happen is cleared by itself. Two of one kind on one machine stand side by side when they are of two
 * units, file systems or images; otherwise the later replaces the earlier.
 */
export class LabFaults {
  readonly #targets: FaultTargets;
  readonly #kept: CountedSwitches = new WeakMap();
  readonly #injected = new Map<LabFault, { readonly fault: ClusterFault; readonly off: () => void }>();
  #faults: readonly LabFault[];
  #cluster: ClusterFaults | undefined;

  constructor(targets: FaultTargets, kept: readonly LabFault[] = []) {
    this.#targets = targets;
    this.#faults = kept;
  }

  /** The faults that are on, oldest first. */
  list(): readonly LabFault[] {
    return this.#faults;
  }

  /** Switches a fault of a machine on. Throws lab/unknown-node, lab/unknown-fault, lab/bad-fault-value. */
  onNode(node: string, kind: NodeFaultKind, values: FaultValues = {}): LabFault {
    if (!this.#targets.nodes().includes(node)) throw unknownNode(node, this.#targets.nodes());
    return this.#add({ on: 'node', node, kind, values: withDefaults(faultKindOf('node', kind), values) });
  }

  /** Switches a fault of the API or of its workloads on; before there is a cluster it waits for one. Throws as {@link onNode}. */
  onApi(kind: ApiFaultKind, values: FaultValues = {}): LabFault {
    return this.#add({ on: 'api', kind, values: withDefaults(faultKindOf('api', kind), values) });
  }

  /** Switches a fault on as it is written on a command line. Throws as {@link onNode}. */
  set(on: { readonly node: string } | 'api', kind: string, words: readonly string[]): LabFault {
    const known = faultKindOf(on === 'api' ? 'api' : 'node', kind);
    const values = readFaultValues(known, words);
    if (on === 'api') return this.onApi(kind as ApiFaultKind, values);
    return this.onNode(on.node, kind as NodeFaultKind, values);
  }

  /**
   * Clears the faults of a machine (or `'api'`), of one kind or all; without a subject all there are. Returns what was cleared.
   * Throws lab/unknown-node, lab/unknown-fault.
   */
  clear(subject?: { readonly node: string } | 'api', kind?: string): readonly LabFault[] {
    if (typeof subject === 'object' && !this.#targets.nodes().includes(subject.node))
      throw unknownNode(subject.node, this.#targets.nodes());
    if (subject !== undefined && kind !== undefined) faultKindOf(subject === 'api' ? 'api' : 'node', kind);
    const gone = this.#faults.filter((fault) => {
      if (kind !== undefined && fault.kind !== kind) return false;
      if (subject === undefined) return true;
      return subject === 'api' ? fault.on === 'api' : fault.on === 'node' && fault.node === subject.node;
    });
    this.#replace(this.#faults.filter((fault) => !gone.includes(fault)));
    return gone;
  }

  /** Switches everything on again: after a machine was made anew, and when the cluster has appeared. */
  reapply(): void {
    for (const node of this.#targets.nodes()) this.#applyTo(node);
    this.#applyToCluster();
  }

  #add(fault: LabFault): LabFault {
    const same = (one: LabFault): boolean =>
      one.on === fault.on && one.kind === fault.kind && nodeOf(one) === nodeOf(fault) && partOf(one) === partOf(fault);
    this.#replace([...this.#faults.filter((one) => !same(one)), fault]);
    return fault;
  }

  #replace(next: readonly LabFault[]): void {
    const touched = new Set(
      [...this.#faults, ...next].filter((one) => next.includes(one) !== this.#faults.includes(one)),
    );
    this.#faults = next;
    for (const node of new Set([...touched].map(nodeOf))) if (node !== undefined) this.#applyTo(node);
    this.#applyToCluster();
    this.#targets.changed?.(next);
  }

  #applyTo(node: string): void {
    const machine = this.#targets.machine(node);
    if (machine === undefined) return;
    const own = this.#faults.filter((fault) => fault.on === 'node').filter((fault) => fault.node === node);
    machine.onFaultSpent = (what) =>
      this.#replace(this.#faults.filter((one) => nodeOf(one) !== node || one.kind !== what));
    machine.setFaults(machineFaultsOf(own, (unit) => machine.systemd.canonical(unit), this.#kept));
  }

  #applyToCluster(): void {
    const cluster = this.#targets.cluster();
    if (cluster !== this.#cluster) {
      this.#cluster = cluster;
      this.#injected.clear();
      cluster?.subscribe(() => this.#clusterChanged(cluster));
    }
    if (cluster === undefined) return;
    for (const [fault, { off }] of [...this.#injected]) {
      if (this.#faults.includes(fault)) continue;
      this.#injected.delete(fault);
      off();
    }
    for (const fault of this.#faults) {
      const meant = this.#injected.has(fault) ? undefined : clusterFaultOf(fault);
      if (meant === undefined) continue;
      // Known before it is switched on: the cluster tells of the change at once.
      const entry = { fault: meant, off: (): void => undefined };
      this.#injected.set(fault, entry);
      entry.off = cluster.inject(meant);
    }
  }

  /** Faults that were to happen so many times, and have. */
  #clusterChanged(cluster: ClusterFaults): void {
    const active = new Set(cluster.list());
    const spent = [...this.#injected].filter(([, { fault }]) => !active.has(fault)).map(([fault]) => fault);
    if (spent.length === 0) return;
    for (const fault of spent) this.#injected.delete(fault);
    this.#faults = this.#faults.filter((fault) => !spent.includes(fault));
    this.#targets.changed?.(this.#faults);
  }
}

function nodeOf(fault: LabFault): string | undefined {
  return fault.on === 'node' ? fault.node : undefined;
}

function partOf({ values }: LabFault): string | number | undefined {
  return values.unit ?? values.mount ?? values.image;
}

function unknownNode(node: string, nodes: readonly string[]): AppError {
  return new AppError({
    code: 'lab/unknown-node',
    kind: 'user',
    message: `The lab has no machine ${node}; it has ${nodes.join(', ')}.`,
    tryThis: 'If the cluster file was changed since the lab started: vmstation lab stop, then vmstation lab start',
  });
}
