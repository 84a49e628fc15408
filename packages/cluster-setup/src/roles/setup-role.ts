import type { Cluster, HostRole } from '@vmstation/core';

/** What setup's roles read besides the node. */
export interface SetupRoleContext {
  readonly cluster: Cluster;
  /** OpenSSH public key of the workspace, `type base64 [comment]`; undefined when the operator logs in with a key of their own only. */
  readonly publicKey: string | undefined;
}

/** A role of the phase setup. */
export type SetupRole = HostRole<SetupRoleContext>;
