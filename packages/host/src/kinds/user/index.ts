import type { Difference, UserResource } from '@vmstation/core';
import { lines, sh } from '../../script/shell-text.ts';
import {
  accountExpected,
  accountProbes,
  type GroupEntry,
  groupEntries,
  type PasswdEntry,
  userEntry,
} from '../account.ts';
import { defineKind, difference, rank } from '../kind.ts';

interface UserSeen {
  readonly entry: PasswdEntry | undefined;
  readonly group: string;
  /** Supplementary groups. */
  readonly groups: readonly string[];
}

/** A user account. `groups` are those it must be in; others stay. */
export const userKind = defineKind<UserResource, UserSeen>({
  kind: 'user',
  rank: rank.user,
  probes: () => accountProbes,
  read({ name }, seen) {
    const entry = userEntry(seen, name);
    const groups: readonly GroupEntry[] = groupEntries(seen);
    return {
      entry,
      group: groups.find(({ gid }) => gid === entry?.gid)?.name ?? entry?.gid ?? '',
      groups: groups.filter(({ members }) => members.includes(name)).map((group) => group.name),
    };
  },
  diff(want, { entry, group, groups }) {
    if (entry === undefined) return [difference('ensure', 'present', 'absent')];
    const found: Difference[] = [];
    if (want.uid !== undefined && String(want.uid) !== entry.uid)
      found.push(difference('uid', String(want.uid), entry.uid));
    if (want.group !== undefined && want.group !== group && want.group !== entry.gid)
      found.push(difference('group', want.group, group));
    const missing = (want.groups ?? []).filter((name) => name !== group && !groups.includes(name));
    if (missing.length > 0)
      found.push(difference('groups', [...groups, ...missing].toSorted().join(','), groups.toSorted().join(',')));
    if (want.home !== undefined && want.home !== entry.home) found.push(difference('home', want.home, entry.home));
    if (want.shell !== undefined && want.shell !== entry.shell)
      found.push(difference('shell', want.shell, entry.shell));
    return found;
  },
  apply(want, { entry, group, groups }) {
    const { name } = want;
    const options = [
      ...(want.uid === undefined ? [] : ['-u', String(want.uid)]),
      ...(want.group === undefined ? [] : ['-g', want.group]),
      ...(want.home === undefined ? [] : ['-d', want.home]),
      ...(want.shell === undefined ? [] : ['-s', want.shell]),
    ];
    const expects = accountExpected('/etc/passwd', name, entry);
    const left = sh`account_of ${name} >"$RUN/value.$n"`;
    const more = want.groups === undefined || want.groups.length === 0 ? [] : ['-G', want.groups.join(',')];
    if (entry === undefined) {
      const kind = want.system === true ? ['-r'] : ['-m'];
      return {
        keeps: [],
        expects,
        change: lines(sh`useradd ${[...kind, ...options, ...more, name]}`, left),
        undo: lines(
          sh`if grep -q -e ${`^${name}:`} /etc/passwd; then`,
          sh`may_put_back ${`the account ${name}`} "$(account_of ${name})" ''`,
          want.system === true
            ? sh`userdel ${name}`
            : sh`h=$(grep -e ${`^${name}:`} /etc/passwd); h=\${h%:*}; unused "\${h##*:}"; userdel -r ${name}`,
          sh`fi`,
        ),
      };
    }
    const found = `${entry.line}${groups.length === 0 ? '' : `\n ${groups.join(' ')}`}`;
    return {
      keeps: [],
      expects,
      change: lines(sh`usermod ${[...options, ...(more.length === 0 ? [] : ['-a', ...more]), name]}`, left),
      undo: sh`if grep -q -e ${`^${name}:`} /etc/passwd; then may_put_back ${`the account ${name}`} "$(account_of ${name})" ${found}; usermod -u ${entry.uid} -g ${group} -d ${entry.home} -s ${entry.shell} -G ${groups.join(',')} ${name}; fi`,
    };
  },
  standsOn: ({ group, groups }) =>
    [...(group === undefined ? [] : [group]), ...(groups ?? [])].map((name) => `group:${name}` as const),
});
