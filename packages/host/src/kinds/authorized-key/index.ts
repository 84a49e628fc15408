import type { AuthorizedKeyResource } from '@vmstation/core';
import { lines, sh } from '../../script/shell-text.ts';
import { accountProbes, userEntry } from '../account.ts';
import { defineKind, difference, rank } from '../kind.ts';

interface KeySeen {
  /** Home and number of the account, when there is one. */
  readonly home: string | undefined;
  readonly present: boolean;
}

/** One public key of a user; whatever else the file holds stays. The key itself counts, not its options or its comment. */
export const authorizedKeyKind = defineKind<AuthorizedKeyResource, KeySeen>({
  kind: 'authorized-key',
  rank: rank.file,
  probes: ({ user }) => [...accountProbes, { see: 'authorized-keys', user }],
  read({ user, key }, seen) {
    const home = userEntry(seen, user)?.home;
    const keys = home === undefined ? undefined : seen.linesOf(`${home}/.ssh/authorized_keys`);
    return { home, present: (keys ?? []).some((line) => isKey(line, blobOf(key))) };
  },
  diff(want, { home, present }) {
    const ensure = want.ensure ?? 'present';
    if (home === undefined) return ensure === 'absent' ? [] : [difference('ensure', ensure, 'there is no such user')];
    if ((ensure === 'present') === present) return [];
    return [difference('ensure', ensure, present ? 'present' : 'absent')];
  },
  apply(want) {
    const { user, key } = want;
    const edit =
      want.ensure === 'absent'
        ? sh`grep -vF -e ${blobOf(key)} "$f" >"$t" || :`
        : sh`{ if [ -f "$f" ]; then cat "$f"; if [ -s "$f" ] && [ -n "$(tail -c 1 "$f")" ]; then echo; fi; fi; printf '%s\n' ${key}; } >"$t"`;
    return {
      keeps: [],
      change: lines(
        // The home may be one that this same run made.
        sh`h=''; while IFS=: read -r u _ o g _ d _; do if [ "$u" = ${user} ]; then h=$d; break; fi; done </etc/passwd`,
        sh`if [ -z "$h" ]; then echo 'there is no such user'; exit 1; fi`,
        sh`if [ ! -d "$h" ]; then echo "there is no home $h"; exit 1; fi`,
        // What is in a home belongs to its user, who must not be able to make root write elsewhere.
        sh`F="$h/.ssh/authorized_keys"; if [ -L "$h/.ssh" ] || [ -L "$F" ]; then echo "$h/.ssh holds a link where none may be"; exit 1; fi`,
        sh`folder "$h/.ssh" 0700; if [ -n "$made" ]; then : >"$RUN/keys-folder.$n"; chown "$o:$g" .; relabel "$h/.ssh"; fi`,
        sh`t="$F.$N"; room "$F" "$t" part; f=$WAS`,
        sh`printf '%s\n' "$F" >"$RUN/keys-file.$n"; if [ -f "$f" ]; then cp -p "$f" "$RUN/keys.$n"; fi`,
        edit,
        sh`chmod 0600 "$t"; chown "$o:$g" "$t"; place "$F" "$t"; state_of "$F" >"$RUN/keys-after.$n"`,
      ),
      // Other keys may have come since, and what somebody added is not ours to take away.
      undo: lines(
        sh`if [ -e "$RUN/keys-file.$n" ]; then F=$(cat "$RUN/keys-file.$n"); t="$F.$N"`,
        sh`if [ ! -e "$F" ] && [ ! -L "$F" ]; then :; else`,
        sh`room "$F" "$t" part; f=$WAS`,
        sh`if [ -e "$RUN/keys.$n" ] && [ -e "$RUN/keys-after.$n" ] && [ "$(state_of "$f")" = "$(cat "$RUN/keys-after.$n")" ]; then cp -p "$RUN/keys.$n" "$t"; place "$F" "$t"`,
        sh`else`,
        want.ensure === 'absent'
          ? sh`cp -p "$f" "$t"; if [ -e "$RUN/keys.$n" ]; then grep -F -e ${blobOf(key)} "$RUN/keys.$n" | grep -vxF -f "$f" >>"$t" || :; fi; place "$F" "$t"`
          : sh`cp -p "$f" "$t"; grep -vF -e ${blobOf(key)} "$f" >"$t" || :; if [ -s "$t" ] || [ -e "$RUN/keys.$n" ]; then place "$F" "$t"; else rm -f "$t"; leave; remove "$F"; fi`,
        sh`fi; fi; if [ -e "$RUN/keys-folder.$n" ]; then here "\${F%/*}"; rmdir "$p" 2>/dev/null || :; fi; fi`,
      ),
    };
  },
  standsOn: ({ user }) => [`user:${user}`],
});

/** sshd passes over lines that begin with a number sign. */
function isKey(line: string, blob: string): boolean {
  return !line.trimStart().startsWith('#') && line.split(/\s+/).includes(blob);
}

/** The base64 of `type base64 [comment]`, options before it or not. */
function blobOf(key: string): string {
  const words = key.trim().split(/\s+/);
  return words.find((word) => word.startsWith('AAAA')) ?? words[1] ?? key;
}
