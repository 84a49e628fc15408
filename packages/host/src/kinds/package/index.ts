import type { PackageResource } from '@vmstation/core';
import { sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';

/** A package of the node's own package manager, installed or not. All changes of a run are one transaction. */
export const packageKind = defineKind<PackageResource, string | undefined>({
  kind: 'package',
  rank: rank.package,
  probes: ({ name }) => [{ see: 'package', name }],
  read: ({ name }, seen) => seen.packageVersion(name),
  diff(want, version) {
    const ensure = want.ensure ?? 'present';
    if ((ensure === 'present') === (version !== undefined)) return [];
    return [difference('ensure', ensure, version === undefined ? 'absent' : `installed (${version})`)];
  },
  apply: ({ name, ensure }) => ({ keeps: [], change: sh`:`, batch: { name, ensure: ensure ?? 'present' } }),
});
