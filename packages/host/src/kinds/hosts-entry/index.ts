import type { HostsEntryResource } from '@vmstation/core';
import { lines, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';

const file = '/etc/hosts';

/** One line of /etc/hosts by its address: exactly these names, in this order. Lines of other addresses stay. */
export const hostsEntryKind = defineKind<HostsEntryResource, readonly string[]>({
  kind: 'hosts-entry',
  rank: rank.file,
  probes: () => [
    { see: 'content', path: file },
    { see: 'lines', path: file },
  ],
  read: ({ address }, seen) =>
    (seen.linesOf(file) ?? [])
      .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
      .filter(([first]) => first === address)
      .map(([, ...names]) => names.join(' ')),
  diff({ names }, seen) {
    const want = names.join(' ');
    return seen.length === 1 && seen[0] === want ? [] : [difference('names', want, seen.join(' | ') || '(no line)')];
  },
  apply: ({ address, names }, _seen, context) => ({
    keeps: [file],
    change: lines(
      sh`t=${context.beside(file)}; rm -f "$t"; f=${file}; if [ ! -f "$f" ]; then f=/dev/null; fi`,
      sh`A=${address} V=${`${address} ${names.join(' ')}`} awk '$1 != ENVIRON["A"] { print; next } !done { print ENVIRON["V"]; done = 1 } END { if (!done) print ENVIRON["V"] }' "$f" >"$t"`,
      sh`dress ${file} "$t" - - -; place ${file} "$t"`,
    ),
  }),
});
