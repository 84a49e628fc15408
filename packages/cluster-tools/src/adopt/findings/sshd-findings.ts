import type { ClusterNode, Finding } from '@vmstation/core';

interface Setting {
  readonly keyword: string;
  readonly value: string;
  /** File and line. */
  readonly place: string;
  /** Whether it holds for everybody. */
  readonly global: boolean;
}

/** Who the SSH server lets in, by its configuration files: the first value of a keyword wins (sshd_config(5)). Pure. */
export function sshdFindings(node: ClusterNode, texts: ReadonlyMap<string, string>): readonly Omit<Finding, 'node'>[] {
  if (!texts.has('/etc/ssh/sshd_config')) return [];
  const settings = readFile('/etc/ssh/sshd_config', texts, 0);
  return [...rootFindings(node, settings), ...passwordFindings(settings)];
}

function first(settings: readonly Setting[], keyword: string): Setting | undefined {
  return settings.find((setting) => setting.global && setting.keyword === keyword);
}

function rootFindings(node: ClusterNode, settings: readonly Setting[]): readonly Omit<Finding, 'node'>[] {
  const keyword = 'permitrootlogin';
  const set = first(settings, keyword);
  const value = set?.value ?? 'prohibit-password';
  const inBlocks = settings.filter((one) => !one.global && one.keyword === keyword && one.value !== 'no');
  const found: Omit<Finding, 'node'>[] = [];
  const base = { code: 'adopt/root-login', title: 'root does not log in by SSH' } as const;
  const tryThis = 'Log in as a user with sudo and set PermitRootLogin no; the role ssh does.';
  const where = set === undefined ? 'no file sets PermitRootLogin' : `${set.place}: PermitRootLogin ${value}`;
  if (value === 'yes')
    found.push({ ...base, state: 'failed', evidence: `${where}: root may log in, with a password too`, tryThis });
  else if (value !== 'no' && node.ssh.user !== 'root')
    found.push({ ...base, state: 'warning', evidence: `${where}: root may log in with a key`, tryThis });
  for (const { place, value: inside } of inBlocks)
    found.push({
      ...base,
      state: 'warning',
      evidence: `${place}: PermitRootLogin ${inside} in a Match block`,
      tryThis,
    });
  return found;
}

function passwordFindings(settings: readonly Setting[]): readonly Omit<Finding, 'node'>[] {
  const password = first(settings, 'passwordauthentication');
  const keyboard =
    first(settings, 'kbdinteractiveauthentication') ?? first(settings, 'challengeresponseauthentication');
  const pam = first(settings, 'usepam')?.value === 'yes';
  const ways = [
    ...((password?.value ?? 'yes') === 'yes'
      ? [
          password === undefined
            ? 'no file sets PasswordAuthentication, so it is on'
            : `${password.place}: PasswordAuthentication yes`,
        ]
      : []),
    ...(pam && (keyboard?.value ?? 'yes') === 'yes'
      ? [
          keyboard === undefined
            ? 'KbdInteractiveAuthentication is not set, so PAM asks for passwords'
            : `${keyboard.place}: KbdInteractiveAuthentication yes`,
        ]
      : []),
    ...settings
      .filter((one) => !one.global && one.keyword === 'passwordauthentication' && one.value === 'yes')
      .map(({ place }) => `${place}: PasswordAuthentication yes in a Match block`),
  ];
  if (ways.length === 0) return [];
  return [
    {
      code: 'adopt/password-login',
      state: 'failed',
      title: 'nobody logs in with a password',
      evidence: ways.join('; '),
      tryThis: 'Bring your key there, prove that it works, and switch both off; the role ssh does, on trial.',
    },
  ];
}

/** Includes are read where they stand; a Match block lasts to the end of its file. */
function readFile(path: string, texts: ReadonlyMap<string, string>, depth: number): readonly Setting[] {
  let global = true;
  return (texts.get(path) ?? '').split('\n').flatMap((line, index): readonly Setting[] => {
    const [, word = '', rest = ''] = /^\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line) ?? [];
    const keyword = word.toLowerCase();
    if (keyword === 'match') {
      global = rest.toLowerCase() === 'all';
      return [];
    }
    if (keyword === 'include' && depth < 3)
      return included(rest, texts).flatMap((file) =>
        readFile(file, texts, depth + 1).map((one) => ({ ...one, global: one.global && global })),
      );
    return keyword === ''
      ? []
      : [{ keyword, value: rest.replace(/^"(.*)"$/, '$1').toLowerCase(), place: `${path}:${index + 1}`, global }];
  });
}

function included(patterns: string, texts: ReadonlyMap<string, string>): readonly string[] {
  return patterns.split(/\s+/).flatMap((pattern) => {
    const absolute = pattern.startsWith('/') ? pattern : `/etc/ssh/${pattern}`;
    const expression = new RegExp(
      `^${absolute
        .replaceAll(/[.+^${}()|\\[\]]/g, '\\$&')
        .replaceAll('*', '[^/]*')
        .replaceAll('?', '[^/]')}$`,
    );
    return [...texts.keys()].filter((path) => expression.test(path)).toSorted();
  });
}
