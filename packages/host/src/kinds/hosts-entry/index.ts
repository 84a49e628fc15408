import type { HostsEntriesResource, HostsEntry, HostsEntryResource } from '@vmstation/core';
import type { Observations } from '../../observe/observations.ts';
import type { Probe } from '../../observe/probe.ts';
import { lines, sh, writeContent } from '../../script/shell-text.ts';
import { type ApplyContext, defineKind, difference, type Fragment, rank } from '../kind.ts';

const file = '/etc/hosts';
/** More lines than these that are all absent are told as one difference. */
const mostAbsent = 8;
const shownOfMany = 3;

const probes: readonly Probe[] = [
  { see: 'content', path: file },
  { see: 'lines', path: file },
];

/** The names that stand in the file, by address: one text a line. */
type HostsSeen = ReadonlyMap<string, readonly string[]>;

/** One line of /etc/hosts by its address: exactly these names, in this order. Lines of other addresses stay. */
export const hostsEntryKind = defineKind<HostsEntryResource, HostsSeen>({
  kind: 'hosts-entry',
  rank: rank.file,
  probes: () => probes,
  read: (_want, seen) => readHosts(seen),
  diff: (want, seen) => (isRight(want, seen) ? [] : [difference('names', namesOf(want), shownNames(want, seen))]),
  apply: (want, _seen, context) => writeLines([want], context),
});

/** Many lines of /etc/hosts, each as {@link hostsEntryKind} has it; every line that is not right is a difference of its own. */
export const hostsEntriesKind = defineKind<HostsEntriesResource, HostsSeen>({
  kind: 'hosts-entries',
  rank: rank.file,
  probes: () => probes,
  read: (_want, seen) => readHosts(seen),
  diff({ entries }, seen) {
    if (entries.length > mostAbsent && !entries.some(({ address }) => seen.has(address)))
      return [difference('lines', allLines(entries), '(none of them)')];
    return entries
      .filter((entry) => !isRight(entry, seen))
      .map((entry) => difference(`names of ${entry.address}`, namesOf(entry), shownNames(entry, seen)));
  },
  apply: ({ entries }, _seen, context) => writeLines(entries, context),
});

const parsed = new WeakMap<readonly string[], HostsSeen>();

/** A check's lines of the file are one list, whoever asks for them. */
function readHosts(seen: Observations): HostsSeen {
  const texts = seen.linesOf(file) ?? [];
  const known = parsed.get(texts);
  if (known !== undefined) return known;
  const found = new Map<string, string[]>();
  for (const line of texts) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address === '') continue;
    const others = found.get(address);
    if (others === undefined) found.set(address, [names.join(' ')]);
    else others.push(names.join(' '));
  }
  parsed.set(texts, found);
  return found;
}

function isRight(want: HostsEntry, seen: HostsSeen): boolean {
  const found = seen.get(want.address);
  return found?.length === 1 && found[0] === namesOf(want);
}

function namesOf({ names }: HostsEntry): string {
  return names.join(' ');
}

function shownNames({ address }: HostsEntry, seen: HostsSeen): string {
  return seen.get(address)?.join(' | ') ?? '(no line)';
}

const shownTexts = new WeakMap<readonly HostsEntry[], string>();

function allLines(entries: readonly HostsEntry[]): string {
  const known = shownTexts.get(entries);
  if (known !== undefined) return known;
  const first = entries.slice(0, shownOfMany).map((entry) => `${entry.address} ${namesOf(entry)}`);
  const text = `${first.join(', ')} and ${entries.length - shownOfMany} more`;
  shownTexts.set(entries, text);
  return text;
}

/** The first line of an address becomes ours, its others go, and what has no line yet comes at the end. */
const merge = sh`awk '{ if (FNR == NR) { want[$1] = $0; order[++n] = $1 } else if (!($1 in want)) print; else if (!($1 in done)) { print want[$1]; done[$1] = 1 } } END { for (i = 1; i <= n; i++) if (!(order[i] in done)) print want[order[i]] }'`;

function writeLines(entries: readonly HostsEntry[], context: ApplyContext): Fragment {
  const wanted = entries.map((entry) => `${entry.address} ${namesOf(entry)}\n`).join('');
  return {
    keeps: [file],
    shared: true,
    change: lines(
      sh`t=${context.beside(file)}; room ${file} "$t" part; f=${file}; if [ ! -f "$f" ]; then f=/dev/null; fi`,
      writeContent(sh`"$RUN/hosts.$n"`, wanted, context.delimiter),
      sh`${merge} "$RUN/hosts.$n" "$f" >"$t"`,
      sh`dress ${file} "$t" - - -; place ${file} "$t"`,
    ),
  };
}
