import type { DirectoryResource } from '@vmstation/core';
import type { PathSeen } from '../../observe/observations.ts';
import { lines, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';
import { ownershipDifferences } from '../ownership.ts';
import {
  type ContextSeen,
  contextDifferences,
  contextProbes,
  readContext,
  resetContext,
  setContext,
} from '../selinux-context.ts';
import { ownershipHere } from '../write-file.ts';

/** A directory with its owner, group and mode; what is in it is not looked at. */
export const directoryKind = defineKind<DirectoryResource, PathSeen & { readonly label: ContextSeen }>({
  kind: 'directory',
  rank: rank.directory,
  probes: (want) => [{ see: 'content', path: want.path }, ...contextProbes(want)],
  read: (want, seen) => ({ ...seen.path(want.path), label: readContext(want, seen) }),
  diff(want, seen) {
    if (seen.type !== 'directory') return [difference('type', 'directory', seen.type)];
    return [...ownershipDifferences(want, seen), ...contextDifferences(want, seen.label)];
  },
  apply: (want, seen) => ({
    keeps: [want.path],
    change: lines(
      sh`folder ${want.path} ${want.mode ?? '0755'}`,
      ownershipHere(want),
      sh`relabel ${want.path}`,
      setContext(want, seen.label),
    ),
    undoAfter: resetContext(want, seen.label) ?? sh``,
  }),
});
