import { createHash } from 'node:crypto';
import type { FileResource } from '@vmstation/core';
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
import { changeOwnership, writeFile } from '../write-file.ts';

interface FileSeen extends PathSeen {
  readonly digest: string | undefined;
  readonly target: string | undefined;
  readonly label: ContextSeen;
}

/** A whole file: content, owner, group, mode, or its absence. A link at its path is replaced, a directory is not. */
export const fileKind = defineKind<FileResource, FileSeen>({
  kind: 'file',
  rank: rank.file,
  probes: (want) => [{ see: 'content', path: want.path }, ...contextProbes(want)],
  read(want, seen) {
    const { path } = want;
    const at = seen.path(path);
    const digest = at.type === 'file' ? seen.digest(path) : undefined;
    return { ...at, digest, target: seen.linkTarget(path), label: readContext(want, seen) };
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
    return [...content, ...ownershipDifferences(want, seen), ...contextDifferences(want, seen.label)];
  },
  apply(want, seen, context) {
    const keeps = [want.path];
    // The manager reads its own settings again together with its units.
    const reloadsUnits = /^\/etc\/systemd\/system(?:\/|\.conf)/.test(want.path);
    const secret = want.secret === true;
    if (want.ensure === 'absent') return { keeps, reloadsUnits, secret, change: sh`remove ${want.path}` };
    const sameContent = want.content === undefined || digestOf(want) === seen.digest;
    const label = setContext(want, seen.label);
    const found = resetContext(want, seen.label);
    const undoAfter = found === undefined ? {} : { undoAfter: found };
    if (seen.type === 'file' && sameContent) {
      const change = lines(changeOwnership(want.path, want), sh`relabel ${want.path}`, label);
      return { keeps, secret, change, ...undoAfter };
    }
    const change = lines(writeFile({ ...want, content: want.content ?? '' }, context), label);
    return { keeps, reloadsUnits, secret, change, ...undoAfter };
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
