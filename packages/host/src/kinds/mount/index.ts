import type { Difference, MountResource } from '@vmstation/core';
import { lines, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';

const fstab = '/etc/fstab';

interface Mounted {
  readonly source: string;
  readonly fstype: string;
  readonly options: readonly string[];
}

interface MountSeen {
  /** Source, type and options of the line in fstab. */
  readonly line: readonly string[] | undefined;
  readonly mounted: Mounted | undefined;
}

/** A line of fstab and, where wanted, that it is mounted, with those options in force that every file system shows alike. */
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
      mounted:
        mounted === undefined
          ? undefined
          : { source: mounted[0] ?? '', fstype: mounted[2] ?? '', options: (mounted[3] ?? '').split(',') },
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
    else found.push(...optionDifferences(want, mounted));
    return found;
  },
  standsOn: ({ source }) => [`filesystem:${source}`],
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
    const taken = want.mounted && mounted !== undefined && !sameSource(want, mounted);
    const mounts = want.mounted && mounted === undefined;
    const remounts = want.mounted && mounted !== undefined && optionDifferences(want, mounted).length > 0;
    return {
      keeps: [fstab],
      shared: true,
      reloadsUnits: true,
      change: lines(
        taken
          ? sh`echo ${`${path} already carries ${mounted.source} (${mounted.fstype}); it is not unmounted for you`}; exit 1`
          : undefined,
        sh`parents ${`${path}/.`}`,
        sh`t=${context.beside(fstab)}; room ${fstab} "$t" part; f=${fstab}; if [ ! -f "$f" ]; then f=/dev/null; fi`,
        sh`A=${escaped(path)} V=${words.map(escaped).join(' ')} awk '$1 ~ /^#/ || $2 != ENVIRON["A"] { print; next } !done { print ENVIRON["V"]; done = 1 } END { if (!done) print ENVIRON["V"] }' "$f" >"$t"`,
        sh`dress ${fstab} "$t" - - -; place ${fstab} "$t"`,
        mounts ? sh`mount ${path}` : undefined,
        // With the folder alone, the options are those of fstab.
        remounts ? sh`mount -o remount ${path}` : undefined,
      ),
      ...(mounts ? { undo: sh`if grep -q -F -e ${` ${escaped(path)} `} /proc/mounts; then umount ${path}; fi` } : {}),
      ...(remounts ? { undoAfter: sh`mount -o ${`remount,${asFound(mounted)}`} ${path}` } : {}),
    };
  },
});

/** Options that the kernel itself shows for every file system, and what takes each away. */
const shownOptions = { ro: 'rw', nosuid: 'suid', nodev: 'dev', noexec: 'exec', noatime: 'relatime' } as const;
type ShownOption = keyof typeof shownOptions;
const shown = Object.keys(shownOptions) as ShownOption[];

/** Read-only by their nature, whatever is asked for. */
const neverWritten = /^(?:iso9660|squashfs|erofs|udf|auto)$/;

/** A file system that went read-only by itself is what an operator wants to hear of. */
function optionDifferences(want: MountResource, { options }: Mounted): readonly Difference[] {
  const wanted = shown.filter((option) => isAsked(want.options, option));
  const missing = wanted.filter((option) => !options.includes(option));
  const isBound = want.options.some((option) => option === 'bind' || option === 'rbind');
  const isStuck = !wanted.includes('ro') && options.includes('ro') && !isBound && !neverWritten.test(want.fstype);
  if (missing.length === 0 && !isStuck) return [];
  const inWords = (list: readonly string[]): string =>
    [list.includes('ro') ? 'ro' : 'rw', ...list.filter((one) => one !== 'ro')].join(',');
  return [difference('options', inWords(wanted), inWords(shown.filter((option) => options.includes(option))))];
}

/** Of options that contradict each other the last one counts. */
function isAsked(options: readonly string[], option: ShownOption): boolean {
  return options.lastIndexOf(option) > options.lastIndexOf(shownOptions[option]);
}

function asFound({ options }: Mounted): string {
  return shown.map((option) => (options.includes(option) ? option : shownOptions[option])).join(',');
}

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
function sameSource(want: MountResource, mounted: Mounted): boolean {
  const options = want.options.some((option) => option === 'bind' || option === 'rbind');
  if (options) return true;
  if (want.fstype !== 'auto' && !mounted.fstype.startsWith(want.fstype)) return false;
  return /^[A-Z]+=/.test(want.source) || want.source === mounted.source;
}
