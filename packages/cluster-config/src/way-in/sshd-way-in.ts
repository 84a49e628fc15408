import { type KnownFile, knownFiles, loginOf, type ShutWayIn, settingLines, type WayIn } from './way-in.ts';

/** A setting that is in force for the login, and the file that makes it so. */
interface Setting {
  readonly keyword: string;
  readonly values: readonly string[];
  readonly origin: string;
}

const mainFile = '/etc/ssh/sshd_config';
const dropIns = /^\/etc\/ssh\/sshd_config\.d\/[^/.][^/]*\.conf$/;

/**
 * What declared sshd files do to the login. As sshd_config(5): the first value of a keyword counts, lists and ports add up, and a Match
 * block overrides. Match blocks with criteria that only a connection has (addresses, groups) are left to the proof after the change.
 */
export function sshdShuts(way: WayIn): readonly ShutWayIn[] {
  const files = knownFiles(way);
  const main = files.find(({ path }) => path === mainFile);
  const parts = files.filter(({ path }) => dropIns.test(path)).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const settings = settingsFor(way.user, main, parts);
  const shut: ShutWayIn[] = [];
  for (const [keyword, judge] of Object.entries(judges)) {
    const own = settings.filter((setting) => setting.keyword === keyword);
    const [first] = own;
    if (first === undefined) continue;
    const why = judge(way, own, files);
    if (why !== undefined) shut.push({ origin: first.origin, does: why.does, against: why.against ?? loginOf(way) });
  }
  if (main !== undefined && way.port !== 22 && !settings.some(({ keyword }) => keyword === 'port')) {
    const does = 'names no Port, so that sshd listens on 22';
    shut.push({ origin: main.origin, does, against: portOf(way) });
  }
  return shut;
}

type Judge = (
  way: WayIn,
  own: readonly Setting[],
  files: readonly KnownFile[],
) => { readonly does: string; readonly against?: string } | undefined;

const judges: Readonly<Record<string, Judge>> = {
  permitrootlogin: ({ user }, [first]) =>
    user === 'root' && ['no', 'forced-commands-only'].includes(word(first))
      ? { does: `does not let root in (PermitRootLogin ${word(first)})` }
      : undefined,
  pubkeyauthentication: (_way, [first]) =>
    word(first) === 'no' ? { does: 'takes no keys (PubkeyAuthentication no)' } : undefined,
  authenticationmethods: (_way, [first]) => {
    const ways = first?.values ?? [];
    if (ways.some((one) => one === 'any' || one === 'publickey')) return undefined;
    return { does: `asks for more than a key (AuthenticationMethods ${ways.join(' ')})` };
  },
  authorizedkeysfile: (way, [first], files) => {
    const paths = (first?.values ?? []).map((value) => keysPath(value, way));
    const usual = [`${way.home}/.ssh/authorized_keys`, `${way.home}/.ssh/authorized_keys2`];
    const holds = (path: string) =>
      usual.includes(path) || files.some((file) => file.path === path && hasKey(file.content, way.key));
    if (paths.some((path) => holds(path))) return undefined;
    const does = `looks for keys elsewhere (AuthorizedKeysFile ${(first?.values ?? []).join(' ')})`;
    return { does, against: `the keys of ${way.user} are in ${usual[0]} (role ssh-keys)` };
  },
  allowusers: ({ user }, own) => {
    const names = own.flatMap(({ values }) => values);
    if (names.some((name) => matchesUser(name, user) && !name.startsWith('!'))) return undefined;
    return { does: `lets in others only (AllowUsers ${names.join(' ')})` };
  },
  denyusers: ({ user }, own) => denied('DenyUsers', own, user),
  denygroups: ({ user }, own) => denied('DenyGroups', own, user),
  allowgroups: (way, own) => {
    const names = own.flatMap(({ values }) => values);
    const groups = groupsOf(way);
    // Without the list of groups nobody knows who is in them but the machine; the proof after the change will tell.
    if (groups === undefined || names.some((name) => groups.some((group) => matches(name, group)))) return undefined;
    return { does: `lets in other groups only (AllowGroups ${names.join(' ')})` };
  },
  port: (way, own) => {
    const ports = own.flatMap(({ values }) => values);
    if (ports.includes(String(way.port))) return undefined;
    return { does: `lets sshd listen elsewhere (Port ${ports.join(' ')})`, against: portOf(way) };
  },
  listenaddress: (way, own) => {
    const addresses = own.map(word);
    if (addresses.some((one) => !/^(?:127\.|localhost|\[?::1\]?)/.test(one))) return undefined;
    const does = `lets sshd listen to itself only (ListenAddress ${addresses.join(' ')})`;
    return { does, against: `${way.node.name} is reached at ${way.node.address} (vmstation.yaml: nodes)` };
  },
  forcecommand: (_way, [first]) =>
    word(first) === 'none' ? undefined : { does: `runs another command (ForceCommand ${word(first)})` },
  chrootdirectory: (_way, [first]) =>
    word(first) === 'none' ? undefined : { does: `shuts logins in (ChrootDirectory ${word(first)})` },
  maxsessions: (_way, [first]) => (word(first) === '0' ? { does: 'allows no session (MaxSessions 0)' } : undefined),
};

const adding = new Set(['allowusers', 'denyusers', 'allowgroups', 'denygroups', 'port', 'listenaddress']);

function settingsFor(user: string, main: KnownFile | undefined, parts: readonly KnownFile[]): readonly Setting[] {
  const general: Setting[] = [];
  const special: Setting[] = [];
  const read = (file: KnownFile): void => {
    let into: Setting[] | undefined = general;
    for (const line of settingLines(file.content)) {
      const { keyword, values } = split(line);
      if (keyword === 'match') into = appliesTo(values, user) ? special : undefined;
      else if (keyword === 'include' && values.some((path) => path.includes('sshd_config.d/')) && into === general)
        for (const part of parts) read(part);
      else if (into !== undefined) into.push({ keyword, values, origin: file.origin });
    }
  };
  // Distributions begin their own main file with the drop-ins.
  if (main === undefined) for (const part of parts) read(part);
  else read(main);
  return inForce(general, special);
}

function inForce(general: readonly Setting[], special: readonly Setting[]): readonly Setting[] {
  const overridden = new Set(special.map(({ keyword }) => keyword).filter((keyword) => !adding.has(keyword)));
  return [...special, ...general.filter(({ keyword }) => !overridden.has(keyword))];
}

function split(line: string): { readonly keyword: string; readonly values: readonly string[] } {
  const [, keyword = '', rest = ''] = /^(\S+?)(?:\s*=\s*|\s+|$)(.*)$/.exec(line) ?? [];
  const values = [...rest.matchAll(/"([^"]*)"|(#.*)|(\S+)/g)].flatMap(([, quoted, , bare]) => quoted ?? bare ?? []);
  return { keyword: keyword.toLowerCase(), values };
}

/** Whether a Match line speaks of the login for sure. */
function appliesTo(criteria: readonly string[], user: string): boolean {
  const [what, who, ...more] = criteria;
  if (what?.toLowerCase() === 'all') return true;
  if (what?.toLowerCase() !== 'user' || who === undefined || more.length > 0) return false;
  const names = who.split(',');
  return names.some((name) => matches(name, user)) && !names.some((name) => name === `!${user}`);
}

function denied(keyword: string, own: readonly Setting[], name: string): { readonly does: string } | undefined {
  const names = own.flatMap(({ values }) => values);
  const shuts = names.some((one) => matches(one, name)) && !names.includes(`!${name}`);
  return shuts ? { does: `shuts ${name} out (${keyword} ${names.join(' ')})` } : undefined;
}

/** Groups of the user where a declared /etc/group lists them all. */
function groupsOf(way: WayIn): readonly string[] | undefined {
  const file = knownFiles(way).find(({ path }) => path === '/etc/group');
  if (file === undefined) return undefined;
  const members = settingLines(file.content).map((line) => line.split(':'));
  const joined = members.filter(([, , , users = '']) => users.split(',').includes(way.user));
  return [way.user, ...joined.map(([name = '']) => name)];
}

function matchesUser(pattern: string, user: string): boolean {
  return matches(pattern.replace(/^!/, '').split('@')[0] ?? '', user);
}

/** A pattern of ssh_config(5) with `*` and `?`. */
function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}

function keysPath(value: string, { user, home }: WayIn): string {
  const path = value.replaceAll('%u', user).replaceAll('%h', home);
  return path.startsWith('/') ? path : `${home}/${path}`;
}

function hasKey(content: string, key: string | undefined): boolean {
  return key === undefined || content.includes(key);
}

function word(setting: Setting | undefined): string {
  return setting?.values[0]?.toLowerCase() ?? '';
}

function portOf({ node, port }: WayIn): string {
  return `${node.name} is reached at port ${port} (vmstation.yaml: ssh.port)`;
}
