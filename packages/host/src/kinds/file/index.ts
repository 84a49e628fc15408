import { createHash } from 'node:crypto';
import type { FileResource } from '@vmstation/core';
import type { PathSeen } from '../../observe/observations.ts';
import { lines, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';
import { ownershipDifferences } from '../ownership.ts';
import { changeOwnership, writeFile } from '../write-file.ts';

interface FileSeen extends PathSeen {
  readonly digest: string | undefined;
  readonly target: string | undefined;
}

/** A whole file: content, owner, group, mode, or its absence. A link at its path is replaced, a directory is not. */
export const fileKind = defineKind<FileResource, FileSeen>({
  kind: 'file',
  rank: rank.file,
  probes: ({ path }) => [{ see: 'content', path }],
  read({ path }, seen) {
    const at = seen.path(path);
    return { ...at, digest: at.type === 'file' ? seen.digest(path) : undefined, target: seen.linkTarget(path) };
  },
  diff(want, seen, { digestOfSecret }) {
    const shown = seen.type === 'symlink' ? `link to ${seen.target ?? '?'}` : seen.type;
    if (want.ensure === 'absent') return seen.type === 'absent' ? [] : [difference('ensure', 'absent', shown)];
    if (seen.type !== 'file') return [difference('type', 'file', shown)];
    const digest = digestOf(want);
    const show = (sha: string): string =>
      want.secret === true ? `secret ${digestOfSecret(sha)}` : `sha256 ${sha.slice(0, 12)}`;
    const content =
      digest === undefined || digest === seen.digest
        ? []
        : [difference('content', show(digest), show(seen.digest ?? ''))];
    return [...content, ...ownershipDifferences(want, seen)];
  },
  apply(want, seen, context) {
    const keeps = [want.path];
    const reloadsUnits = want.path.startsWith('/etc/systemd/system/');
    const secret = want.secret === true;
    if (want.ensure === 'absent') return { keeps, reloadsUnits, secret, change: sh`remove ${want.path}` };
    const sameContent = want.content === undefined || digestOf(want) === seen.digest;
    if (seen.type === 'file' && sameContent)
      return { keeps, secret, change: lines(changeOwnership(want.path, want), sh`relabel ${want.path}`) };
    return { keeps, reloadsUnits, secret, change: writeFile({ ...want, content: want.content ?? '' }, context) };
  },
});

/** sha256 (hex) of the bytes that are wanted; undefined when content is not declared. */
function digestOf({ content, encoding }: FileResource): string | undefined {
  return content === undefined
    ? undefined
    : createHash('sha256')
        .update(content, encoding ?? 'utf8')
        .digest('hex');
}
