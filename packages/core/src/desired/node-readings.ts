import type { ErrorRecord } from '../errors/app-error.ts';
import type { NodeCheck } from '../ports/host.ts';

/** What looking at a node gave. */
export type NodeReading =
  | { readonly state: 'read'; readonly check: NodeCheck }
  | { readonly state: 'asleep'; readonly evidence: string; readonly since: Date | undefined }
  | { readonly state: 'unreadable'; readonly error: ErrorRecord };

/**
 * Readings of nodes, each with the node's whole desired list in one round trip; kept until something changed the node.
 */
export interface NodeReadings {
  read(node: string): Promise<NodeReading>;
  /** Reads again and keeps that. */
  refresh(node: string): Promise<NodeReading>;
  /** Forgets what was read of a node, because something changed it. */
  forget(node: string): void;
}
