import type { DesiredResource, Resource } from '@vmstation/core';

/** Something that machines which share this computer's kernel cannot do. */
export interface Limit {
  readonly what: string;
  readonly why: string;
  /** Whether the limit takes the resource out of the suite. */
  readonly excludes: (resource: Resource) => boolean;
}

/** Everything that is left out of the host suite, with the reason; printed when the suite runs. */
export const limits: readonly Limit[] = [
  {
    what: 'loading kernel modules',
    why: 'they run on the kernel of this computer, and may not change it',
    excludes: ({ kind }) => kind === 'kernel-module',
  },
  {
    what: 'net.bridge.* settings',
    why: 'they exist only after br_netfilter is loaded',
    excludes: (resource) => resource.kind === 'sysctl' && resource.key.startsWith('net.bridge.'),
  },
  {
    what: 'swap',
    why: 'what /proc/swaps shows there belongs to this computer',
    excludes: ({ kind }) => kind === 'swap',
  },
  {
    what: 'setting the clock',
    why: 'they have no CAP_SYS_TIME: chronyd runs with -x, so it serves and compares the time and sets nothing',
    excludes: () => false,
  },
  {
    what: 'the kernel NFS server, and what it exports',
    why: 'nfsd is a file system of the kernel, and containers may not mount it',
    excludes: (resource) =>
      (resource.kind === 'service' && resource.unit === 'nfs-server.service') ||
      (resource.kind === 'package' && resource.name === 'nfs-kernel-server') ||
      (resource.kind === 'file' && resource.path.startsWith('/etc/exports.d/')),
  },
  {
    what: 'NFS mounts',
    why: 'there is no server to mount from, and containers may not mount nfs',
    excludes: (resource) => resource.kind === 'mount' && resource.fstype.startsWith('nfs'),
  },
  {
    what: 'automounts of NFS',
    why: 'systemd needs autofs of the kernel for them, which containers have not',
    excludes: (resource) => resource.kind === 'service' && resource.unit.endsWith('.automount'),
  },
  {
    what: 'guarded changes (sshd, packet filter)',
    why: 'not in the suites that compare every trace of a write; the suites of the try mode and of the command line make them',
    excludes: ({ guard }) => guard !== undefined,
  },
];

/** What of a node's list the suite brings about, and the ids of what it leaves out are the rest. */
export function possible(desired: readonly DesiredResource[]): readonly Resource[] {
  return desired
    .map(({ resource }) => resource)
    .filter((resource) => !limits.some((limit) => limit.excludes(resource)));
}
