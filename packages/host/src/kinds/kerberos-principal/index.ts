import { pbkdf2Sync } from 'node:crypto';
import { type Difference, type KerberosPrincipalResource, sha256Hex } from '@vmstation/core';
import type { PrincipalSeen } from '../../observe/kerberos-database.ts';
import { lines, type ShellText, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';

/** String attribute of a principal in which the last password that was declared leaves its stamp. */
const stampName = 'vmstation-password';

/**
 * A principal of an MIT KDC on this node. Nobody can ask a KDC for a password, so each one that is set leaves a stamp with the principal,
 * in its database: another declared password is a difference, one that its owner chose since is none. Where the key stands in a
 * keytab, its version number must be the declared one as well: whoever gives the principal another key raises it.
 */
export const kerberosPrincipalKind = defineKind<KerberosPrincipalResource, PrincipalSeen | 'shut' | undefined>({
  kind: 'kerberos-principal',
  rank: rank.command,
  probes: ({ realm, database, stash }) => [{ see: 'kerberos', realm, database, stash }],
  read: (want, seen) => seen.kerberosPrincipal(principalOf(want)),
  diff(want, seen, { digestOfSecret }) {
    if (seen === undefined) return [difference('ensure', 'present', 'absent')];
    // Its key comes back before this is brought about; what is as declared is then left as it is.
    if (seen === 'shut') return [difference('ensure', 'present', 'unknown, as the key of the database is missing')];
    const found: Difference[] = [];
    const show = (stamp: string): string => `secret ${digestOfSecret(sha256Hex(stamp))}`;
    const wanted = stampOf(want);
    const stamp = seen.attributes.get(stampName);
    if (stamp !== wanted)
      found.push(difference('password', show(wanted), stamp === undefined ? 'set by somebody else' : show(stamp)));
    if (want.keyVersion !== undefined && seen.keyVersion !== want.keyVersion)
      found.push(difference('key version', String(want.keyVersion), String(seen.keyVersion)));
    return found;
  },
  apply(want) {
    const { realm, name, keyVersion } = want;
    const admin = (...words: readonly string[]): ShellText => sh`kadmin.local -r ${[realm, ...words]}`;
    const password = want.password.reveal();
    // printf is the shell's own: what it is given stands in no list of processes.
    const twice = sh`printf '%s\n' ${[password, password]}`;
    return {
      keeps: [],
      change: lines(
        sh`if ${admin('getprinc', name)} >/dev/null 2>&1; then`,
        // As it was found, keys included; they are encrypted with the key of the database.
        sh`kdb5_util -r ${realm} dump "$RUN/principal.$n" ${principalOf(want)}`,
        keyVersion === undefined ? unlessStamped(want) : undefined,
        sh`${twice} | ${admin('cpw', name)}`,
        keyVersion === undefined ? sh`fi` : undefined,
        sh`else`,
        sh`${twice} | ${admin('addprinc', name)}`,
        sh`fi`,
        keyVersion === undefined ? undefined : admin('modprinc', '-kvno', String(keyVersion), name),
        admin('setstr', name, stampName, stampOf(want)),
      ),
      undo: lines(
        sh`if [ -e "$RUN/principal.$n" ]; then kdb5_util -r ${realm} load -update "$RUN/principal.$n"`,
        sh`elif ${admin('getprinc', name)} >/dev/null 2>&1; then ${admin('delprinc', '-force', name)}; fi`,
      ),
    };
  },
});

/** A person may have another password than the one that was set: that is theirs. */
function unlessStamped(want: KerberosPrincipalResource): ShellText {
  const line = `${stampName}: ${stampOf(want)}`;
  return sh`if ! kadmin.local -r ${want.realm} getstrs ${want.name} | grep -qxF -e ${line}; then`;
}

function principalOf({ name, realm }: KerberosPrincipalResource): string {
  return `${name}@${realm}`;
}

/** Tells passwords apart at the price of the guesses that the database itself costs; it stands beside the key, for root alone. */
function stampOf(want: KerberosPrincipalResource): string {
  return pbkdf2Sync(want.password.reveal(), `vmstation ${principalOf(want)}`, 4096, 12, 'sha256').toString('hex');
}
