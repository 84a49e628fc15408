import type { ClusterFile } from '../cluster-file.ts';
import type { Fault } from '../fault.ts';
import { fault, type Rule } from './rule.ts';

/** Names that useradd(8) takes on both families. */
const accountName = /^[a-z_][a-z0-9_-]{0,31}$/;

/** Accounts have names that every machine takes. */
export const accountNamesAreUsable: Rule = ({ file }) =>
  Object.keys(file.users)
    .filter((name) => !accountName.test(name))
    .map((name) =>
      fault(
        'cluster-file/invalid-name',
        ['users', name],
        `users: ${JSON.stringify(name)} cannot be the name of an account; small letters, digits, dashes and underscores can, at most 32.`,
        'Choose another name.',
        { atKey: true },
      ),
    );

/** A number belongs to one account: files on shared storage belong to numbers. */
export const userNumbersAreUnique: Rule = ({ file }) => {
  const firsts = new Map<number, string>();
  return Object.entries(file.users).flatMap(([name, { uid }]) => {
    if (uid === undefined) return [];
    const first = firsts.get(uid);
    firsts.set(uid, first ?? name);
    if (first === undefined) return [];
    return [
      fault(
        'cluster-file/duplicate-uid',
        ['users', name, 'uid'],
        `The number ${uid} is already that of ${first}; files of one would belong to the other.`,
        'Give each account a number of its own, or leave it out.',
        { related: ['users', first, 'uid'] },
      ),
    ];
  });
};

function loginUsers(file: ClusterFile): ReadonlySet<string> {
  return new Set(Object.keys(file.nodes).map((name) => loginUser(file, name)));
}

function loginUser(file: ClusterFile, node: string): string {
  return file.nodes[node]?.ssh.user ?? file.ssh.user ?? 'root';
}

/** Nodes on which the user is asked for a password that the product does not have. */
function nodesWithoutSudoPassword(file: ClusterFile, user: string): readonly string[] {
  const general = file.ssh['sudo-password'];
  return Object.entries(file.nodes)
    .filter(([name, { ssh }]) => loginUser(file, name) === user && (ssh['sudo-password'] ?? general) === undefined)
    .map(([name]) => name);
}

/** The user that the product logs in as is not locked, and keeps sudo: without a password, or with one that the product is given. */
export const loginUserMayLogIn: Rule = ({ file }) =>
  [...loginUsers(file)].flatMap((name): Fault[] => {
    const user = file.users[name];
    if (user === undefined) return [];
    if (user.locked) {
      const message = `${name} is whom VMStation logs in as, so it cannot be locked.`;
      return [
        fault(
          'cluster-file/login-user-shut-out',
          ['users', name, 'locked'],
          message,
          'Name another user in ssh.user first.',
        ),
      ];
    }
    const without = nodesWithoutSudoPassword(file, name);
    if (name === 'root' || user.sudo !== 'password' || without.length === 0) return [];
    const message = `${name} is whom VMStation logs in as, and for ${without.join(', ')} it has no password to give sudo.`;
    return [
      fault(
        'cluster-file/login-user-shut-out',
        ['users', name, 'sudo'],
        message,
        'Write no-password, leave sudo out, or name the password in ssh.sudo-password (vmstation secret set sudo).',
      ),
    ];
  });

/** root needs no sudo: a password for it is meant for another user. */
export const sudoPasswordHasUser: Rule = ({ file }) => {
  const general = file.ssh['sudo-password'] !== undefined && [...loginUsers(file)].every((user) => user === 'root');
  const places = [
    ...(general ? [['ssh', 'sudo-password']] : []),
    ...Object.entries(file.nodes)
      .filter(([name, { ssh }]) => ssh['sudo-password'] !== undefined && loginUser(file, name) === 'root')
      .map(([name]) => ['nodes', name, 'ssh', 'sudo-password']),
  ];
  const message = 'sudo-password has no effect: VMStation logs in as root there, who needs no sudo.';
  return places.map((path) =>
    fault('cluster-file/setting-without-effect', path, message, 'Name the user in ssh.user, or take the line out.'),
  );
};

/** Where the product logs in as root, root may log in; and a password only where passwords are taken. */
export const rootLoginIsPossible: Rule = ({ file }) => {
  const { 'root-login': rootLogin, passwords } = file.ssh;
  const path = ['ssh', 'root-login'];
  if (rootLogin === 'never' && loginUsers(file).has('root')) {
    const message = 'VMStation logs in as root, so root must be let in.';
    return [fault('cluster-file/login-user-shut-out', path, message, 'Name another user in ssh.user, or write key.')];
  }
  if (rootLogin !== 'password' || passwords) return [];
  const message = 'ssh.root-login: password has no effect while ssh.passwords is false.';
  return [fault('cluster-file/setting-without-effect', path, message, 'Write key, or set ssh.passwords: true.')];
};
