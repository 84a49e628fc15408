import type { BlockResource, Difference } from '@vmstation/core';
import { unifiedDiff } from '../../compare/unified-diff.ts';
import type { PathSeen } from '../../observe/observations.ts';
import { lines, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';
import { finishFile } from '../write-file.ts';

interface BlockSeen {
  readonly at: PathSeen;
  readonly file: readonly string[] | undefined;
}

/** Lines between two marks in a file that somebody else owns; the rest of the file is never touched. */
export const blockKind = defineKind<BlockResource, BlockSeen>({
  kind: 'block',
  rank: rank.file,
  probes: ({ path }) => [
    { see: 'content', path },
    { see: 'lines', path },
  ],
  read: ({ path }, seen) => ({ at: seen.path(path), file: seen.linesOf(path) }),
  diff(want, { file }) {
    const { begin, end } = marksOf(want);
    const present = want.ensure !== 'absent';
    const begins = placesOf(file ?? [], begin);
    const ends = placesOf(file ?? [], end);
    if (begins.length === 0 && ends.length === 0)
      return present ? [difference('block', 'present', file === undefined ? '(no such file)' : 'absent')] : [];
    if (begins.length !== 1 || ends.length !== 1 || (begins[0] ?? 0) > (ends[0] ?? 0))
      return [
        difference('marks', present ? 'one pair' : 'none', `${begins.length} at a beginning, ${ends.length} at an end`),
      ];
    if (!present) return [difference('block', 'absent', 'present')];
    return contentDifference(want, (file ?? []).slice((begins[0] ?? 0) + 1, ends[0]));
  },
  apply(want, _seen, context) {
    const { path } = want;
    const { begin, end } = marksOf(want);
    const isAbsent = want.ensure === 'absent';
    return {
      keeps: [path],
      shared: true,
      change: lines(
        sh`t=${context.beside(path)}; room ${path} "$t" part; f=$WAS`,
        isAbsent ? sh`if [ ! -f "$f" ]; then leave; exit 0; fi` : sh`if [ ! -f "$f" ]; then f=/dev/null; fi`,
        // The first whole block is replaced where it stands, further ones of its name go; a mark alone could be anywhere.
        sh`B=${begin} E=${end} V=${want.content.replace(/\n$/, '')} K=${isAbsent ? 'absent' : 'present'} awk 'function put() { if (done || ENVIRON["K"] == "absent") return; done = 1; print ENVIRON["B"]; if (ENVIRON["V"] != "") print ENVIRON["V"]; print ENVIRON["E"] } $0 == ENVIRON["B"] { if (inside) bad = 1; inside = 1; put(); next } $0 == ENVIRON["E"] { if (!inside) bad = 1; inside = 0; next } !inside { print } END { if (inside || bad) exit 3; put() }' "$f" >"$t" || discard "$t" ${`a mark of the block "${want.name}" has no partner in ${path}: put "${begin}" and "${end}" right, or remove them`}`,
        finishFile(want),
      ),
    };
  },
});

function marksOf({ name, comment = '#' }: BlockResource): { readonly begin: string; readonly end: string } {
  return { begin: `${comment} BEGIN vmstation ${name}`, end: `${comment} END vmstation ${name}` };
}

function placesOf(file: readonly string[], mark: string): readonly number[] {
  return file.flatMap((line, index) => (line === mark ? [index] : []));
}

function contentDifference(want: BlockResource, seen: readonly string[]): readonly Difference[] {
  const now = seen.map((line) => `${line}\n`).join('');
  if (now === want.content) return [];
  const counted = (text: string): string => `${text.split('\n').length - 1} lines`;
  const diff = unifiedDiff(`${want.path} (${want.name})`, now, want.content);
  return [{ ...difference('content', counted(want.content), counted(now)), diff }];
}
