export { getent, groups, id, whoami } from './identity-commands.ts';

import { decodeText } from '../../shell/byte-text.ts';
import type { Process } from '../../shell/process.ts';
import type { Machine } from '../machine.ts';
import {
  findGroup,
  findUser,
  formatGroup,
  formatUser,
  type GroupEntry,
  readGroups,
  readUsers,
  type UserEntry,
  userName,
} from './accounts.ts';
import { removeTree } from './copy-commands.ts';
import { type MachineProgram, unlessRoot } from './machine-program.ts';
import { type Options, parseOptions, UsageError } from './options.ts';
import { passwordOf } from './sudo-password.ts';

const saveUsers = (machine: Machine, users: UserEntry[]): void =>
  machine.files.write('/etc/passwd', users.map((user) => `${formatUser(user)}\n`).join(''));
const saveGroups = (machine: Machine, groups: GroupEntry[]): void =>
  machine.files.write('/etc/group', groups.map((group) => `${formatGroup(group)}\n`).join(''));

/** The number that shadow-utils takes: one above the highest of the range in use, for system accounts one below the lowest. */
function freeId(used: readonly number[], system: boolean): number {
  const [least, most] = idRange(system);
  const inRange = used.filter((id) => id >= least && id <= most);
  const next = system ? Math.min(most + 1, ...inRange) - 1 : Math.max(least - 1, ...inRange) + 1;
  if (next >= least && next <= most) return next;
  let gap = system ? most : least;
  while (used.includes(gap)) gap += system ? -1 : 1;
  return gap;
}

/** UID_MIN to UID_MAX of login.defs(5). */
function idRange(system: boolean): readonly [number, number] {
  return system ? [100, 999] : [1000, 60_000];
}

const isNumber = (text: string | undefined): boolean => text === undefined || /^\d+$/.test(text);

async function warnOfRange(process: Process, name: string, uid: number, system: boolean): Promise<void> {
  const [least, most] = idRange(system);
  if (uid <= most && (system || uid >= least)) return;
  await process.err(
    system
      ? `useradd warning: ${name}'s uid ${uid} is greater than SYS_UID_MAX ${most}\n`
      : `useradd warning: ${name}'s uid ${uid} outside of the UID_MIN ${least} and UID_MAX ${most} range.\n`,
  );
}

function makeHome(
  process: Process,
  machine: Machine,
  options: Options,
  user: { readonly home: string; readonly uid: number; readonly gid: number; readonly system: boolean },
): void {
  const makesHome =
    options.has('m', 'create-home') ||
    process.name === 'adduser' ||
    (machine.face.family === 'rhel' && !user.system && !options.has('M', 'no-create-home'));
  if (makesHome && !machine.files.find(user.home))
    machine.files.folder(user.home, { mode: 0o700, uid: user.uid, gid: user.gid });
}

export const useradd: MachineProgram = async (process, machine) => {
  const refused = await unlessRoot(
    process,
    'useradd: Permission denied.\nuseradd: cannot lock /etc/passwd; try again later.',
  );
  if (refused !== undefined) return refused;
  const options = parseOptions(
    process,
    'u: uid= g: gid= G: groups= d: home-dir= home= s: shell= c: comment= gecos= m create-home M no-create-home r system N no-user-group U user-group o non-unique p: password= e: f: k: K: disabled-password disabled-login ingroup= quiet',
  );
  const [name] = options.operands;
  if (name === undefined || options.operands.length > 1) throw new UsageError('one login name is needed');
  if (!/^[a-z_][a-z0-9_.-]*\$?$/i.test(name))
    return process.fail(`invalid user name '${name}': use --badname to ignore`, 3);
  const users = readUsers(machine);
  const groups_ = readGroups(machine);
  if (!isNumber(options.value('u', 'uid'))) return process.fail(`invalid user ID '${options.value('u', 'uid')}'`, 3);
  if (users.some((user) => user.name === name)) return process.fail(`user '${name}' already exists`, 9);
  const system = options.has('r', 'system');
  const uid = Number(
    options.value('u', 'uid') ??
      freeId(
        users.map((user) => user.uid),
        system,
      ),
  );
  if (!options.has('o', 'non-unique') && users.some((user) => user.uid === uid))
    return process.fail(`UID ${uid} is not unique`, 4);
  const primary = options.value('g', 'gid', 'ingroup');
  const group = primary === undefined ? undefined : findGroup(machine, primary);
  if (primary !== undefined && !group) return process.fail(`group '${primary}' does not exist`, 6);
  if (!group && groups_.some((one) => one.name === name))
    return process.fail(`group ${name} exists - if you want to add this user to that group, use -g.`, 9);
  const more = (options.value('G', 'groups') ?? '').split(',').filter(Boolean);
  const unknown = more.find((one) => !findGroup(machine, one));
  if (unknown !== undefined) return process.fail(`group '${unknown}' does not exist`, 6);
  const [least, most] = idRange(system);
  const gids = groups_.map((one) => one.gid);
  const gid = group?.gid ?? (gids.includes(uid) || uid < least || uid > most ? freeId(gids, system) : uid);
  if (!group) groups_.push({ name, password: 'x', gid, members: [] });
  for (const one of groups_) if (more.includes(one.name) || more.includes(String(one.gid))) one.members.push(name);
  const home = options.value('d', 'home-dir', 'home') ?? `/home/${name}`;
  users.push({
    name,
    password: 'x',
    uid,
    gid,
    gecos: options.value('c', 'comment', 'gecos') ?? '',
    home,
    shell: options.value('s', 'shell') ?? '/bin/sh',
  });
  if (options.has('u', 'uid')) await warnOfRange(process, name, uid, system);
  saveUsers(machine, users);
  saveGroups(machine, groups_);
  const shadow = machine.files.read('/etc/shadow') ?? '';
  machine.files.write('/etc/shadow', `${shadow}${name}:${options.value('p', 'password') ?? '!'}:20000:0:99999:7:::\n`);
  makeHome(process, machine, options, { home, uid, gid, system });
  return 0;
};

export const usermod: MachineProgram = async (process, machine) => {
  const refused = await unlessRoot(
    process,
    'usermod: Permission denied.\nusermod: cannot lock /etc/passwd; try again later.',
  );
  if (refused !== undefined) return refused;
  const options = parseOptions(
    process,
    'u: uid= g: gid= G: groups= a append d: home= m move-home s: shell= c: comment= l: login= L lock U unlock p: password= o e:',
  );
  const [name] = options.operands;
  if (name === undefined || options.given.length === 0) throw new UsageError('a login name and a change are needed');
  const users = readUsers(machine);
  const user = users.find((one) => one.name === name);
  if (!user) return process.fail(`user '${name}' does not exist`, 6);
  const before = formatUser(user);
  const uid = options.value('u', 'uid');
  if (uid !== undefined && users.some((one) => one.uid === Number(uid) && one !== user))
    return process.fail(`UID '${uid}' already exists`, 4);
  const gid = options.value('g', 'gid');
  const group = gid === undefined ? undefined : findGroup(machine, gid);
  if (gid !== undefined && !group) return process.fail(`group '${gid}' does not exist`, 6);
  if (group) user.gid = group.gid;
  if (uid !== undefined) user.uid = Number(uid);
  user.shell = options.value('s', 'shell') ?? user.shell;
  user.gecos = options.value('c', 'comment') ?? user.gecos;
  const home = options.value('d', 'home');
  if (home !== undefined && options.has('m', 'move-home') && machine.files.find(user.home))
    machine.tree.rename(user.home, home, process.credentials);
  user.home = home ?? user.home;
  saveUsers(machine, users);
  if (formatUser(user) === before && !options.has('G', 'groups', 'L', 'U', 'p', 'lock', 'unlock', 'password'))
    await process.err('usermod: no changes\n');
  const wanted = options.value('G', 'groups')?.split(',').filter(Boolean);
  if (wanted) {
    const all = readGroups(machine);
    const unknown = wanted.find((one) => !all.some((each) => each.name === one || String(each.gid) === one));
    if (unknown !== undefined) return process.fail(`group '${unknown}' does not exist`, 6);
    for (const each of all) {
      const isWanted = wanted.includes(each.name) || wanted.includes(String(each.gid));
      if (isWanted && !each.members.includes(name)) each.members.push(name);
      if (!isWanted && !options.has('a', 'append')) each.members = each.members.filter((one) => one !== name);
    }
    saveGroups(machine, all);
  }
  if (options.has('L', 'lock', 'U', 'unlock'))
    setPassword(machine, name, (old) =>
      options.has('L', 'lock') ? `!${old.replace(/^!/, '')}` : old.replace(/^!/, ''),
    );
  return 0;
};

function setPassword(machine: Machine, name: string, change: (old: string) => string): void {
  const lines = (machine.files.read('/etc/shadow') ?? '').split('\n').map((line) => {
    const [user, old = '', ...rest] = line.split(':');
    return user === name ? [user, change(old), ...rest].join(':') : line;
  });
  machine.files.write('/etc/shadow', decodeText(lines.join('\n')));
}

export const userdel: MachineProgram = async (process, machine) => {
  const refused = await unlessRoot(
    process,
    'userdel: Permission denied.\nuserdel: cannot lock /etc/passwd; try again later.',
  );
  if (refused !== undefined) return refused;
  const options = parseOptions(process, 'r remove f force');
  const [name] = options.operands;
  if (name === undefined) throw new UsageError('a login name is needed');
  const users = readUsers(machine);
  const user = users.find((one) => one.name === name);
  if (!user) return process.fail(`user '${name}' does not exist`, 6);
  saveUsers(
    machine,
    users.filter((one) => one !== user),
  );
  const remaining = readGroups(machine).filter(
    (group) =>
      !(group.name === name && group.gid === user.gid && !users.some((one) => one !== user && one.gid === group.gid)),
  );
  for (const group of remaining) group.members = group.members.filter((one) => one !== name);
  saveGroups(machine, remaining);
  machine.files.write(
    '/etc/shadow',
    (machine.files.read('/etc/shadow') ?? '')
      .split('\n')
      .filter((line) => !line.startsWith(`${name}:`))
      .join('\n'),
  );
  if (options.has('r', 'remove') && machine.files.find(user.home)) removeTree(process, user.home);
  return 0;
};

export const groupadd: MachineProgram = async (process, machine) => {
  const refused = await unlessRoot(
    process,
    'groupadd: Permission denied.\ngroupadd: cannot lock /etc/group; try again later.',
    10,
  );
  if (refused !== undefined) return refused;
  const options = parseOptions(process, 'g: gid= r system f force o non-unique');
  const [name] = options.operands;
  if (name === undefined) throw new UsageError('a group name is needed');
  const all = readGroups(machine);
  if (!/^[a-z_][a-z0-9_.-]*\$?$/i.test(name)) return process.fail(`'${name}' is not a valid group name`, 3);
  if (!isNumber(options.value('g', 'gid'))) return process.fail(`invalid group ID '${options.value('g', 'gid')}'`, 3);
  if (all.some((group) => group.name === name))
    return options.has('f', 'force') ? 0 : process.fail(`group '${name}' already exists`, 9);
  const gid = Number(
    options.value('g', 'gid') ??
      freeId(
        all.map((group) => group.gid),
        options.has('r', 'system'),
      ),
  );
  if (!options.has('o', 'non-unique') && all.some((group) => group.gid === gid))
    return process.fail(`GID '${gid}' already exists`, 4);
  saveGroups(machine, [...all, { name, password: 'x', gid, members: [] }]);
  return 0;
};

export const groupmod: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'g: gid= n: new-name= o');
  const all = readGroups(machine);
  const group = all.find((one) => one.name === options.operands[0]);
  if (!group) return process.fail(`group '${options.operands[0]}' does not exist`, 6);
  const gid = options.value('g', 'gid');
  if (gid !== undefined && all.some((one) => one.gid === Number(gid) && one !== group))
    return process.fail(`GID '${gid}' already exists`, 4);
  const refused = await unlessRoot(
    process,
    'groupmod: Permission denied.\ngroupmod: cannot lock /etc/group; try again later.',
    10,
  );
  if (refused !== undefined) return refused;
  if (gid !== undefined) group.gid = Number(gid);
  group.name = options.value('n', 'new-name') ?? group.name;
  saveGroups(machine, all);
  return 0;
};

export const groupdel: MachineProgram = async (process, machine) => {
  const [name] = parseOptions(process, 'f force').operands;
  if (name === undefined) throw new UsageError('a group name is needed');
  const all = readGroups(machine);
  const group = all.find((one) => one.name === name);
  if (!group) return process.fail(`group '${name}' does not exist`, 6);
  const user = readUsers(machine).find((one) => one.gid === group.gid);
  if (user) return process.fail(`cannot remove the primary group of user '${user.name}'`, 8);
  const refused = await unlessRoot(
    process,
    'groupdel: Permission denied.\ngroupdel: cannot lock /etc/group; try again later.',
    10,
  );
  if (refused !== undefined) return refused;
  saveGroups(
    machine,
    all.filter((one) => one !== group),
  );
  return 0;
};

export const passwd: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'S status l lock u unlock d delete e stdin');
  const name = options.operands[0] ?? userName(machine, process.credentials.uid);
  if (!findUser(machine, name)) return process.fail(`user '${name}' does not exist`);
  const field =
    (machine.files.read('/etc/shadow') ?? '')
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.split(':')[1] ?? '!';
  if (options.has('S', 'status')) {
    const state = passwordOf(machine, name) === undefined ? (field === '' ? 'NP' : 'L') : 'P';
    await process.out(`${name} ${state} 2025-11-01 0 99999 7 -1\n`);
    return 0;
  }
  const refused = await unlessRoot(process, 'passwd: Permission denied.');
  if (refused !== undefined) return refused;
  if (options.has('l', 'lock')) setPassword(machine, name, (old) => `!${old.replace(/^!/, '')}`);
  else if (options.has('u', 'unlock')) setPassword(machine, name, (old) => old.replace(/^!/, ''));
  else if (options.has('d', 'delete')) setPassword(machine, name, () => '');
  else if (options.has('stdin')) {
    const line = await process.readLine();
    setPassword(machine, name, () => `$lab$${line.trim()}`);
  } else return process.fail('Authentication token manipulation error', 10);
  return 0;
};

export const chpasswd: MachineProgram = async (process, machine) => {
  const refused = await unlessRoot(process, 'chpasswd: Permission denied.');
  if (refused !== undefined) return refused;
  const encrypted = process.argv.includes('-e');
  for (const line of (await process.readAll()).split('\n').filter(Boolean)) {
    const at = line.indexOf(':');
    setPassword(machine, line.slice(0, at), () => (encrypted ? line.slice(at + 1) : `$lab$${line.slice(at + 1)}`));
  }
  return 0;
};
