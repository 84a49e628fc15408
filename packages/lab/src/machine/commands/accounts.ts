import { ROOT } from '../../disk/inode.ts';
import { toByteText } from '../../shell/byte-text.ts';
import type { Kernel } from '../../shell/process.ts';

/** One line of /etc/passwd. */
export interface UserEntry {
  name: string;
  password: string;
  uid: number;
  gid: number;
  gecos: string;
  home: string;
  shell: string;
}

/** One line of /etc/group. */
export interface GroupEntry {
  name: string;
  password: string;
  gid: number;
  members: string[];
}

function fileText(kernel: Pick<Kernel, 'tree'>, path: string): string {
  const inode = kernel.tree.find(path, ROOT);
  return inode?.content ? toByteText(inode.content) : '';
}

/** Users of a machine, as its own /etc/passwd has them. */
export function readUsers(kernel: Pick<Kernel, 'tree'>): UserEntry[] {
  return parseUsers(fileText(kernel, '/etc/passwd'));
}

/** Reads passwd(5) text; malformed lines are skipped, as the C library does. */
export function parseUsers(text: string): UserEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name, password = '', uid, gid, gecos = '', home = '/', shell = '/bin/sh'] = line.split(':');
    if (!name || uid === undefined || gid === undefined) return [];
    return [{ name, password, uid: Number(uid), gid: Number(gid), gecos, home, shell }];
  });
}

/** Groups of a machine, as its own /etc/group has them. */
export function readGroups(kernel: Pick<Kernel, 'tree'>): GroupEntry[] {
  return parseGroups(fileText(kernel, '/etc/group'));
}

/** Reads group(5) text. */
export function parseGroups(text: string): GroupEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name, password = '', gid, members = ''] = line.split(':');
    if (!name || gid === undefined) return [];
    return [{ name, password, gid: Number(gid), members: members.split(',').filter(Boolean) }];
  });
}

/** Formats one passwd(5) line without its newline. */
export function formatUser(user: UserEntry): string {
  return [user.name, user.password, user.uid, user.gid, user.gecos, user.home, user.shell].join(':');
}

/** Formats one group(5) line without its newline. */
export function formatGroup(group: GroupEntry): string {
  return [group.name, group.password, group.gid, group.members.join(',')].join(':');
}

/** A user by name, or by number where `text` is one. */
export function findUser(kernel: Pick<Kernel, 'tree'>, text: string): UserEntry | undefined {
  const users = readUsers(kernel);
  return users.find((user) => user.name === text) ?? users.find((user) => String(user.uid) === text);
}

/** A group by name, or by number where `text` is one. */
export function findGroup(kernel: Pick<Kernel, 'tree'>, text: string): GroupEntry | undefined {
  const groups = readGroups(kernel);
  return groups.find((group) => group.name === text) ?? groups.find((group) => String(group.gid) === text);
}

/** Numeric identity of a user after login: primary and supplementary groups. */
export function credentialsOf(
  kernel: Pick<Kernel, 'tree'>,
  user: UserEntry,
): { uid: number; gid: number; groups: number[] } {
  const more = readGroups(kernel).filter((group) => group.members.includes(user.name) && group.gid !== user.gid);
  return { uid: user.uid, gid: user.gid, groups: [user.gid, ...more.map((group) => group.gid)] };
}

/** Name of a uid, or the number as text. */
export function userName(kernel: Pick<Kernel, 'tree'>, uid: number): string {
  return readUsers(kernel).find((user) => user.uid === uid)?.name ?? String(uid);
}

/** Name of a gid, or the number as text. */
export function groupName(kernel: Pick<Kernel, 'tree'>, gid: number): string {
  return readGroups(kernel).find((group) => group.gid === gid)?.name ?? String(gid);
}
