import ssh2, { type AuthContext, type ParsedKey, type PublicKeyAuthContext } from 'ssh2';
import { ROOT } from '../disk/inode.ts';
import { credentialsOf, findUser, groupName, type UserEntry } from '../machine/commands/accounts.ts';
import type { Machine } from '../machine/machine.ts';
import { mayLogIn, sshdSettings } from '../machine/sshd-config.ts';
import { toByteText } from '../shell/byte-text.ts';

/** Decides a login as the machine's own sshd would: its configuration as last read, its users, their authorized_keys. */
export function authenticate(machine: Machine, context: AuthContext): UserEntry | undefined {
  if (context.method !== 'publickey') {
    context.reject(['publickey']);
    return undefined;
  }
  const user = permittedUser(machine, context.username);
  if (user === undefined || !holdsKey(machine, user, context)) {
    context.reject(['publickey']);
    return undefined;
  }
  context.accept();
  return user;
}

/**
 * The user whom sshd lets in with this key (a line as in authorized_keys), by the same rules. A shared connection was judged when it was opened: there the
 * user alone has to exist still.
 */
export function permitKey(
  machine: Machine,
  name: string,
  publicKey: string,
  how: { readonly sharedConnection?: boolean } = {},
): UserEntry | undefined {
  if (how.sharedConnection === true) return findUser(machine, name);
  const user = permittedUser(machine, name);
  const offered = keysIn(publicKey)[0];
  if (user === undefined || offered === undefined) return undefined;
  return authorizedKeys(machine, user).some((key) => key.equals(offered)) ? user : undefined;
}

function permittedUser(machine: Machine, name: string): UserEntry | undefined {
  const user = findUser(machine, name);
  // A shell that lets nobody in is sshd's to start, not to judge: it says so itself.
  if (user === undefined || user.name !== name) return undefined;
  const groups = credentialsOf(machine, user).groups.map((gid) => groupName(machine, gid));
  return mayLogIn(sshdSettings(machine.state.sshdConfig), name, groups) ? user : undefined;
}

/** The offered key stands in the user's file and, once the client signs, the signature is right. */
function holdsKey(machine: Machine, user: UserEntry, context: PublicKeyAuthContext): boolean {
  const listed = authorizedKeys(machine, user).some((key) => key.equals(context.key.data));
  if (!listed) return false;
  if (context.signature === undefined || context.blob === undefined) return true;
  const key = ssh2.utils.parseKey(context.key.data) as ParsedKey | ParsedKey[] | Error;
  if (key instanceof Error || Array.isArray(key)) return false;
  return key.verify(context.blob, context.signature, context.hashAlgo);
}

function authorizedKeys(machine: Machine, user: UserEntry): readonly Buffer[] {
  const inode = machine.tree.find(`${user.home}/.ssh/authorized_keys`, ROOT);
  if (inode?.content === undefined) return [];
  return keysIn(toByteText(inode.content));
}

function keysIn(text: string): readonly Buffer[] {
  return text
    .split('\n')
    .flatMap((line) => /(?:^|\s)(?:ssh|ecdsa|sk)-\S+\s+([A-Za-z0-9+/=]+)/.exec(line)?.[1] ?? [])
    .map((base64) => Buffer.from(base64, 'base64'));
}
