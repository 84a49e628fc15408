import type { Resource, ResourceKind } from '@vmstation/core';
import { authorizedKeyKind } from './authorized-key/index.ts';
import { blockKind } from './block/index.ts';
import { commandKind } from './command/index.ts';
import { directoryKind } from './directory/index.ts';
import { fileKind } from './file/index.ts';
import { filesystemKind } from './filesystem/index.ts';
import { groupKind } from './group/index.ts';
import { hostnameKind } from './hostname/index.ts';
import { hostsEntriesKind, hostsEntryKind } from './hosts-entry/index.ts';
import { kerberosPrincipalKind } from './kerberos-principal/index.ts';
import { kernelModuleKind } from './kernel-module/index.ts';
import type { AnyKind } from './kind.ts';
import { lineKind } from './line/index.ts';
import { linkKind } from './link/index.ts';
import { mountKind } from './mount/index.ts';
import { networkInterfaceKind } from './network-interface/index.ts';
import { packageKind } from './package/index.ts';
import { packageRepositoryKind } from './package-repository/index.ts';
import { resolverKind } from './resolver/index.ts';
import { selinuxKind } from './selinux/index.ts';
import { serviceKind } from './service/index.ts';
import { swapKind } from './swap/index.ts';
import { symlinkKind } from './symlink/index.ts';
import { sysctlKind } from './sysctl/index.ts';
import { timezoneKind } from './timezone/index.ts';
import { unitKind } from './unit/index.ts';
import { userKind } from './user/index.ts';

/** Every kind that a machine can be asked for. */
export const kinds: Readonly<Record<ResourceKind, AnyKind>> = {
  file: fileKind,
  directory: directoryKind,
  symlink: symlinkKind,
  line: lineKind,
  block: blockKind,
  package: packageKind,
  'package-repository': packageRepositoryKind,
  service: serviceKind,
  unit: unitKind,
  sysctl: sysctlKind,
  'kernel-module': kernelModuleKind,
  swap: swapKind,
  user: userKind,
  group: groupKind,
  'authorized-key': authorizedKeyKind,
  hostname: hostnameKind,
  'hosts-entry': hostsEntryKind,
  'hosts-entries': hostsEntriesKind,
  timezone: timezoneKind,
  mount: mountKind,
  filesystem: filesystemKind,
  link: linkKind,
  selinux: selinuxKind,
  resolver: resolverKind,
  'network-interface': networkInterfaceKind,
  command: commandKind,
  'kerberos-principal': kerberosPrincipalKind,
};

/** The kind of a resource. */
export function kindOf(resource: Resource): AnyKind {
  return kinds[resource.kind];
}
