import type { Difference, FilesystemResource } from '@vmstation/core';
import type { Signature } from '../../observe/signatures.ts';
import { lines, type ShellText, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';

/** What a device carries; undefined: there is no such device. */
type FilesystemSeen = readonly Signature[] | undefined;

/**
 * A file system on a device. It is made only where the node itself finds no signature of any kind and nobody at work; whatever else is there stays,
 * and the step fails with host/device-not-empty.
 */
export const filesystemKind = defineKind<FilesystemResource, FilesystemSeen>({
  kind: 'filesystem',
  rank: rank.filesystem,
  probes: ({ device }) => [{ see: 'signature', device }],
  read: ({ device }, seen) => seen.signatures(device),
  diff(want, seen) {
    if (seen === undefined) return [difference('fstype', want.fstype, '(no such device)')];
    const [only] = seen;
    if (only === undefined) return [difference('fstype', want.fstype, '(empty)')];
    if (seen.length > 1 || only.type !== want.fstype)
      return [difference('fstype', want.fstype, seen.map(({ type }) => type).join(' and '))];
    const found: Difference[] = [];
    if (want.label !== undefined && want.label !== only.label)
      found.push(difference('label', want.label, only.label === '' ? '(none)' : only.label));
    return found;
  },
  apply(want, seen) {
    const { device, label } = want;
    const [only] = seen ?? [];
    if (seen?.length === 1 && only?.type === want.fstype && label !== undefined)
      return { keeps: [], change: relabel(want, label), undo: relabel(want, only.label) };
    return {
      keeps: [],
      change: lines(
        // Before anything else, on the node itself: mkfs.ext4 without a terminal asks nobody and overwrites.
        sh`untouched ${device} || exit 1`,
        sh`mkfs -t ${want.fstype} -q ${label === undefined ? [] : ['-L', label]} "$d"`,
        sh`head_of "$d" >"$RUN/filesystem.$n"`,
      ),
      undo: lines(
        sh`if [ -e "$RUN/filesystem.$n" ]; then d=$(readlink -f ${device})`,
        sh`if grep -q -F -e "$d " /proc/mounts; then echo "$d is mounted: its file system is left as it is"; exit 1; fi`,
        sh`if [ "$(head_of "$d")" != "$(cat "$RUN/filesystem.$n")" ]; then echo "$d was used since its file system was made: it is left as it is"; exit 1; fi`,
        sh`if [ -f "$d" ]; then s=$(stat -c %s "$d"); truncate -s 0 "$d"; truncate -s "$s" "$d"; else wipefs -a -q "$d"; fi; fi`,
      ),
    };
  },
});

function relabel({ device, fstype }: FilesystemResource, label: string): ShellText {
  if (fstype === 'ext4') return sh`e2label ${device} ${label}`;
  return sh`xfs_admin -L ${label === '' ? '--' : label} ${device}`;
}
