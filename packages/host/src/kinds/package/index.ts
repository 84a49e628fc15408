import type { PackageResource } from '@vmstation/core';
import { sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';
import { isLocked, lockList } from './version-locks.ts';
import { isSameVersion } from './versions.ts';

interface PackageState {
  /** Undefined where it is not installed. */
  readonly version: string | undefined;
  /** Whether that is the declared version, or none is declared. */
  readonly isRight: boolean;
  readonly held: boolean;
}

/** A package of the node's own package manager: installed or not, its version, its hold. All changes of a run are one transaction. */
export const packageKind = defineKind<PackageResource, PackageState>({
  kind: 'package',
  rank: rank.package,
  probes: ({ name, held }) => [
    { see: 'package', name },
    // Only RHEL has this list; the programs that look at it run anyway.
    ...(held === undefined
      ? []
      : ([
          { see: 'lines', path: lockList },
          { see: 'content', path: lockList },
        ] as const)),
  ],
  read({ name, version, held }, seen) {
    const found = seen.package(name);
    const isRight = version === undefined || isSameVersion(seen.family, version, found?.version ?? '');
    const locked = held !== undefined && seen.family === 'rhel' && isLocked(name, seen.linesOf(lockList) ?? []);
    return { version: found?.version, isRight, held: found?.held === true || locked };
  },
  diff({ ensure = 'present', version: wanted, held }, { version, isRight, held: isHeld }) {
    if ((ensure === 'present') !== (version !== undefined))
      return [difference('ensure', ensure, version === undefined ? 'absent' : `installed (${version})`)];
    if (version === undefined) return [];
    return [
      ...(isRight || wanted === undefined ? [] : [difference('version', wanted, version)]),
      ...(held === undefined || held === isHeld ? [] : [difference('held', yesOrNo(held), yesOrNo(isHeld))]),
    ];
  },
  apply({ name, ensure, version, held }, { version: installed, isRight, held: wasHeld }) {
    const change = ensure === 'absent' ? 'remove' : isRight && installed !== undefined ? 'none' : 'install';
    const replaces = change === 'install' && installed !== undefined;
    return { keeps: [], change: sh`:`, batch: { name, change, version, replaces, held, wasHeld } };
  },
});

function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
