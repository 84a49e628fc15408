import type { Observations } from '../observe/observations.ts';
import type { Probe } from '../observe/probe.ts';
import { sh } from '../script/shell-text.ts';
import type { Fragment } from './kind.ts';

/** A line of /etc/passwd. */
export interface PasswdEntry {
  /** As it stands there. */
  readonly line: string;
  readonly name: string;
  readonly uid: string;
  readonly gid: string;
  readonly home: string;
  readonly shell: string;
}

/** A line of /etc/group. */
export interface GroupEntry {
  /** As it stands there. */
  readonly line: string;
  readonly name: string;
  readonly gid: string;
  readonly members: readonly string[];
}

/** Both account files, read whole. */
export const accountProbes: readonly Probe[] = [
  { see: 'lines', path: '/etc/passwd' },
  { see: 'lines', path: '/etc/group' },
];

/** What must still stand in an account file when it is changed, and it did when it was read. */
export function accountExpected(
  file: '/etc/passwd' | '/etc/group',
  name: string,
  entry: { readonly line: string } | undefined,
): NonNullable<Fragment['expects']> {
  return [{ show: sh`grep -e ${`^${name}:`} ${file}`, seen: entry?.line ?? '' }];
}

/** A user by name. */
export function userEntry(seen: Observations, name: string): PasswdEntry | undefined {
  const line = (seen.linesOf('/etc/passwd') ?? []).find((one) => one.startsWith(`${name}:`));
  if (line === undefined) return undefined;
  const [, , uid = '', gid = '', , home = '', shell = ''] = line.split(':');
  return { line, name, uid, gid, home, shell };
}

/** Every group. */
export function groupEntries(seen: Observations): readonly GroupEntry[] {
  return (seen.linesOf('/etc/group') ?? []).map((line) => {
    const [name = '', , gid = '', members = ''] = line.split(':');
    return { line, name, gid, members: members.split(',').filter((member) => member !== '') };
  });
}
