import type { Difference, MountResource } from '@vmstation/core';
import { lines, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';

const fstab = '/etc/fstab';

interface MountSeen {
  /** Source, type and options of the line in fstab. */
  readonly line: readonly string[] | undefined;
  readonly mounted: { readonly source: string; readonly fstype: string } | undefined;
}

/** A line of fstab and, where wanted, that it is mounted. Options of what is mounted already are not compared. */
export const mountKind = defineKind<MountResource, MountSeen>({
  kind: 'mount',
  rank: rank.mount,
  probes: () => [
    { see: 'content', path: fstab },
    { see: 'lines', path: fstab },
    { see: 'lines', path: '/proc/mounts' },
  ],
  read({ path }, seen) {
    const line = (seen.linesOf(fstab) ?? [])
      .map(fields)
      .find((words) => words[0]?.startsWith('#') === false && words[1] === path);
    const mounted = (seen.linesOf('/proc/mounts') ?? [])
      .map(fields)
      .findLast((words) => words[1] === path && words[2] !== 'autofs');
    return {
      line: line === undefined ? undefined : [line[0] ?? '', line[2] ?? '', line[3] ?? ''],
      mounted: mounted === undefined ? undefined : { source: mounted[0] ?? '', fstype: mounted[2] ?? '' },
    };
  },
  diff(want, { line, mounted }) {
    const found: Difference[] = [];
    const wanted = [want.source, want.fstype, want.options.join(',')];
    if (line === undefined || line.some((word, index) => word !== wanted[index]))
      found.push(difference('fstab', wanted.join(' '), line?.join(' ') ?? '(no line)'));
    if (!want.mounted) return found;
    if (mounted === undefined) found.push(difference('mounted', 'yes', 'no'));
    else if (!sameSource(want, mounted))
      found.push(difference('mounted', `${want.source} ${want.fstype}`, `${mounted.source} ${mounted.fstype}`));
    return found;
  },
  apply(want, { mounted }, context) {
    const { path } = want;
    const words = [
      want.source,
      path,
      want.fstype,
      want.options.length === 0 ? 'defaults' : want.options.join(','),
      '0',
      '0',
    ];
    const taken = mounted !== undefined && !sameSource(want, mounted);
    return {
      keeps: [fstab],
      reloadsUnits: true,
      change: lines(
        taken
          ? sh`echo ${`${path} already carries ${mounted.source} (${mounted.fstype}); it is not unmounted for you`}; exit 1`
          : undefined,
        sh`if [ ! -d ${path} ]; then parents ${`${path}/.`}; fi`,
        sh`t=${context.beside(fstab)}; rm -f "$t"; f=${fstab}; if [ ! -f "$f" ]; then f=/dev/null; fi`,
        sh`A=${escaped(path)} V=${words.map(escaped).join(' ')} awk '$1 ~ /^#/ || $2 != ENVIRON["A"] { print; next } !done { print ENVIRON["V"]; done = 1 } END { if (!done) print ENVIRON["V"] }' "$f" >"$t"`,
        sh`dress ${fstab} "$t" - - -; place ${fstab} "$t"`,
        want.mounted && mounted === undefined ? sh`mount ${path}` : undefined,
      ),
      ...(want.mounted && mounted === undefined ? { undo: sh`umount ${path}` } : {}),
    };
  },
});

/** Fields of fstab(5), blanks in them written as octal. */
function fields(line: string): string[] {
  return line
    .trim()
    .split(/\s+/)
    .map((word) =>
      word.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    );
}

function escaped(word: string): string {
  return word.replaceAll(/[ \t\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/** A label or UUID cannot be compared with a device; `nfs` is mounted as `nfs4`. */
function sameSource(want: MountResource, mounted: { readonly source: string; readonly fstype: string }): boolean {
  const options = want.options.some((option) => option === 'bind' || option === 'rbind');
  if (options) return true;
  if (want.fstype !== 'auto' && !mounted.fstype.startsWith(want.fstype)) return false;
  return /^[A-Z]+=/.test(want.source) || want.source === mounted.source;
}
