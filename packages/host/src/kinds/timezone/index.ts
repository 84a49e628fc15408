import type { Difference, TimezoneResource } from '@vmstation/core';
import { lines, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';
import { writeFile } from '../write-file.ts';

const link = '/etc/localtime';
/** Debian's second place for the same thing; looked at only where it exists. */
const name = '/etc/timezone';

interface TimezoneSeen {
  readonly zone: string;
  readonly named: string | undefined;
}

/** The time zone: the link that programs follow and, on Debian, the file that names it. */
export const timezoneKind = defineKind<TimezoneResource, TimezoneSeen>({
  kind: 'timezone',
  rank: rank.file,
  probes: () => [
    { see: 'content', path: link },
    { see: 'content', path: name },
    { see: 'lines', path: name },
  ],
  read(_want, seen) {
    const { type } = seen.path(link);
    const target = seen.linkTarget(link)?.split('/zoneinfo/')[1];
    return { zone: type === 'absent' ? 'UTC' : (target ?? '(no link)'), named: seen.linesOf(name)?.[0]?.trim() };
  },
  diff({ zone }, seen) {
    const found: Difference[] = [];
    if (plain(seen.zone) !== plain(zone)) found.push(difference('zone', zone, seen.zone));
    if (seen.named !== undefined && plain(seen.named) !== plain(zone)) found.push(difference('name', zone, seen.named));
    return found;
  },
  apply: ({ zone }, seen, context) => ({
    keeps: [link, ...(seen.named === undefined ? [] : [name])],
    change: lines(
      sh`if [ ! -f ${`/usr/share/zoneinfo/${zone}`} ]; then echo 'this machine does not know the zone (package tzdata)'; exit 1; fi`,
      sh`link ${`/usr/share/zoneinfo/${zone}`} ${link}`,
      seen.named === undefined ? undefined : writeFile({ path: name, content: `${zone}\n`, mode: '0644' }, context),
    ),
  }),
});

/** Etc/UTC and UTC are one zone. */
function plain(zone: string): string {
  return zone.replace(/^Etc\//, '');
}
