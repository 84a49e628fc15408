import type { GroupResource } from '@vmstation/core';
import { lines, sh } from '../../script/shell-text.ts';
import { accountExpected, accountProbes, type GroupEntry, groupEntries } from '../account.ts';
import { defineKind, difference, rank } from '../kind.ts';

/** A group and, where declared, its number. */
export const groupKind = defineKind<GroupResource, GroupEntry | undefined>({
  kind: 'group',
  rank: rank.group,
  probes: () => accountProbes,
  read: ({ name }, seen) => groupEntries(seen).find((group) => group.name === name),
  diff(want, seen) {
    if (seen === undefined) return [difference('ensure', 'present', 'absent')];
    if (want.gid === undefined || String(want.gid) === seen.gid) return [];
    return [difference('gid', String(want.gid), seen.gid)];
  },
  apply({ name, gid, system }, seen) {
    const expects = accountExpected('/etc/group', name, seen);
    const left = sh`gid_of ${name} >"$RUN/value.$n"`;
    const number = gid === undefined ? [] : ['-g', String(gid)];
    if (seen !== undefined)
      return {
        keeps: [],
        expects,
        change: lines(sh`groupmod ${[...number, name]}`, left),
        undo: sh`if grep -q -e ${`^${name}:`} /etc/group; then may_put_back ${`the group ${name}`} "$(gid_of ${name})" ${seen.gid}; groupmod -g ${seen.gid} ${name}; fi`,
      };
    return {
      keeps: [],
      expects,
      change: sh`groupadd ${[...(system === true ? ['-r'] : []), ...number, name]}`,
      // userdel takes a group of the user's own name along.
      undo: sh`if grep -q -e ${`^${name}:`} /etc/group; then groupdel ${name}; fi`,
    };
  },
});
