import { sha256Hex, type UnitResource } from '@vmstation/core';
import type { PathSeen, UnitSeen } from '../../observe/observations.ts';
import { sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';
import { ownershipDifferences } from '../ownership.ts';
import { writeFile } from '../write-file.ts';

interface UnitFileSeen extends PathSeen {
  readonly digest: string | undefined;
  readonly loaded: UnitSeen;
}

const ownership = { owner: 'root', group: 'root', mode: '0644' } as const;

/** A unit file or drop-in of ours under /etc/systemd/system, and that systemd has read it. */
export const unitKind = defineKind<UnitResource, UnitFileSeen>({
  kind: 'unit',
  rank: rank.file,
  probes: (want) => [
    { see: 'content', path: unitPath(want) },
    { see: 'unit', unit: unitOf(want) },
  ],
  read(want, seen) {
    const at = seen.path(unitPath(want));
    const digest = at.type === 'file' ? seen.digest(unitPath(want)) : undefined;
    return { ...at, digest, loaded: seen.unit(unitOf(want)) };
  },
  diff(want, seen) {
    if (seen.type !== 'file') return [difference('type', 'file', seen.type)];
    const digest = sha256Hex(want.content);
    const content =
      digest === seen.digest
        ? []
        : [difference('content', `sha256 ${digest.slice(0, 12)}`, `sha256 ${(seen.digest ?? '').slice(0, 12)}`)];
    const reload =
      seen.loaded.get('NeedDaemonReload') === 'yes' ? [difference('loaded', 'as written', 'an older version')] : [];
    return [...content, ...ownershipDifferences(ownership, seen), ...reload];
  },
  apply(want, seen, context) {
    const isWritten = seen.type === 'file' && seen.digest === sha256Hex(want.content);
    const isRight = isWritten && ownershipDifferences(ownership, seen).length === 0;
    return {
      keeps: [unitPath(want)],
      reloadsUnits: true,
      // What is written as it should be only has to be read.
      change: isRight ? sh`:` : writeFile({ ...ownership, path: unitPath(want), content: want.content }, context),
    };
  },
});

/** Where a unit file of ours stands. */
export function unitPath(want: UnitResource): string {
  return `/etc/systemd/system/${want.name}`;
}

/** `chrony.service.d/10-x.conf` belongs to `chrony.service`. */
function unitOf(want: UnitResource): string {
  const folder = /^(.*)\.d\//.exec(want.name)?.[1];
  return folder ?? want.name;
}
