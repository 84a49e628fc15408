import type { PhaseName } from '../phase/phase-name.ts';
import type { Resource } from '../resource/resource.ts';

/** One declaration: a resource, who asks for it and from which phase on. */
export interface Declaration {
  readonly node: string;
  readonly resource: Resource;
  /** The earliest phase that needs it. */
  readonly phase: PhaseName;
  /** The role or component: the step it belongs to, and what `--tags` selects. */
  readonly role: string;
  /** Where it was declared, for messages: `role ntp`, `hosts/masternode/etc/motd`, `vmstation.yaml: monitoring.data`. */
  readonly origin: string;
}

/** A resource after merging: one value, all who asked. */
export interface DesiredResource {
  readonly resource: Resource;
  readonly phase: PhaseName;
  readonly role: string;
  readonly origins: readonly string[];
}

/** One merged list per node, whoever declares it. */
export interface DesiredState {
  readonly nodes: ReadonlyMap<string, readonly DesiredResource[]>;
}
