import type { Cluster, ClusterNode, EffectiveSettings, HostRole } from '@vmstation/core';
import type { RealmSecrets } from './kerberos/realm-secrets.ts';

/** What config's roles read besides the node. */
export interface ConfigRoleContext {
  readonly cluster: Cluster;
  /** The node's settings after its groups and its host folder. */
  readonly settings: EffectiveSettings;
  /** Undefined where Kerberos is off. */
  readonly realmSecrets?: RealmSecrets | undefined;
}

/** A role of the phase config. */
export type ConfigRole = HostRole<ConfigRoleContext>;

/** The family that decides the names of packages, units and paths. */
export function familyOf(node: ClusterNode): 'debian' | 'rhel' {
  return node.os.startsWith('debian-') ? 'debian' : 'rhel';
}

/** First lines of every file that a role writes. */
export function writtenBy(role: string): string {
  return `# Written by VMStation (role ${role}). A file of this path below hosts/ or group/ in the workspace replaces it.\n`;
}
