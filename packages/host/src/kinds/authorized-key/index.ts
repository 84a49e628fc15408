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
    return { home, present: (keys ?? []).some((line) => line.split(/\s+/).includes(blobOf(key))) };
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
        // What is in a home belongs to its user, who must not be able to make root write elsewhere.
        sh`if [ -L "$h/.ssh" ] || [ -L "$h/.ssh/authorized_keys" ]; then echo "$h/.ssh holds a link where none may be"; exit 1; fi`,
        sh`if [ ! -d "$h/.ssh" ]; then mkdir "$h/.ssh"; chmod 0700 "$h/.ssh"; chown "$o:$g" "$h/.ssh"; relabel "$h/.ssh"; fi`,
        sh`f="$h/.ssh/authorized_keys"; t="$f.$N"; rm -f "$t"`,
        sh`printf '%s\n' "$f" >"$RUN/keys-file.$n"; if [ -f "$f" ]; then cp -p "$f" "$RUN/keys.$n"; fi`,
        edit,
        sh`chmod 0600 "$t"; chown "$o:$g" "$t"; place "$f" "$t"`,
      ),
      undo: lines(
        sh`if [ -e "$RUN/keys-file.$n" ]; then f=$(cat "$RUN/keys-file.$n"); if [ -e "$RUN/keys.$n" ]; then t="$f.$N"; cp -p "$RUN/keys.$n" "$t"; place "$f" "$t"; else rm -f "$f"; fi; fi`,
      ),
    };
  },
  standsOn: ({ user }) => [`user:${user}`],
});

/** The base64 of `type base64 [comment]`, options before it or not. */
function blobOf(key: string): string {
  const words = key.trim().split(/\s+/);
  return words.find((word) => word.startsWith('AAAA')) ?? words[1] ?? key;
}
