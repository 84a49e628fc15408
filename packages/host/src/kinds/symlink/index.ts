import type { SymlinkResource } from '@vmstation/core';
import type { PathSeen } from '../../observe/observations.ts';
import { sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';

/** A symbolic link and its exact target. A file at its path is replaced, a directory is not. */
export const symlinkKind = defineKind<SymlinkResource, PathSeen & { readonly target: string | undefined }>({
  kind: 'symlink',
  rank: rank.file,
  probes: ({ path }) => [{ see: 'content', path }],
  read: ({ path }, seen) => ({ ...seen.path(path), target: seen.linkTarget(path) }),
  diff(want, seen) {
    if (seen.type !== 'symlink') return [difference('type', 'link', seen.type)];
    return seen.target === want.target ? [] : [difference('target', want.target, seen.target ?? '(unreadable)')];
  },
  apply: ({ path, target }) => ({
    keeps: [path],
    reloadsUnits: path.startsWith('/etc/systemd/system/'),
    change: sh`link ${target} ${path}`,
  }),
});
