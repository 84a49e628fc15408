import type { NodeFacts } from '@vmstation/core';

/**
 * Whether an installed version is the one that was declared. dpkg's are compared as they are; of rpm's a declaration may leave out the epoch, and the
 * release, as dnf itself takes them. Pure.
 */
export function isSameVersion(family: NodeFacts['family'] | undefined, declared: string, installed: string): boolean {
  if (family !== 'rhel' || declared === installed) return declared === installed;
  const [, epoch = '', version = '', release = ''] = /^(\d+:)?([^-]*)(-.*)?$/.exec(installed) ?? [];
  return [version, version + release, epoch + version].includes(declared);
}
