const words = 'passw(?:or)?d|passphrase|passwd|psk|secret|token|api[-_]?key|private[-_]?key|preshared[-_]?key|pass';

/** What tells that a line holds a secret, and how it is called. */
const signs: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY/, 'a private key'],
  [/AGE-SECRET-KEY-1/, 'a private key'],
  [/\$(?:1|2[abxy]|5|6|7|y|gy)\$[^\s:$]+\$?[^\s:]{8,}/, 'the hash of a password'],
  [/[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:[^\s/@]+@/i, 'a password in an address'],
  [/\bauthorization\s*:\s*(?:basic|bearer)\s+\S/i, 'a token'],
  [/(?:^|[\s,;[{"'])--?password[= ]\S/i, 'a password on a command line'],
];

/** A value behind a word that means one; a path is a reference to a secret, not the secret. */
const assignment = new RegExp(
  `(?<![A-Za-z0-9])(?:[a-z0-9]+[-_.])*(?:${words})["']?\\s*=\\s*["']?(?!["']?(?:/|$|\\$\\{?\\w))[^\\s"']`,
  'i',
);
const yamlValue = new RegExp(`^[\\s-]*["']?(?:[a-z0-9]+[-_.])*(?:${words})["']?\\s*:\\s+["']?(?!/)[^\\s"'#]`, 'i');

/** The first line of a text that looks like a secret, and what it looks like; the text itself is never quoted. Pure. */
export function secretSign(path: string, text: string): { readonly line: number; readonly what: string } | undefined {
  // In sudoers `PASSWD:` is a word of its grammar.
  const isSudoers = path.startsWith('/etc/sudoers');
  for (const [index, line] of text.split('\n').entries()) {
    const sign = signs.find(([pattern]) => pattern.test(line));
    if (sign !== undefined) return { line: index + 1, what: sign[1] };
    if (assignment.test(line) || (!isSudoers && yamlValue.test(line)))
      return { line: index + 1, what: 'a password, key or token' };
  }
  return undefined;
}
