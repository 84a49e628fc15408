import { type KnownFile, knownFiles, type ShutWayIn, settingLines, type WayIn } from './way-in.ts';

interface SudoRule {
  readonly who: readonly string[];
  readonly grants: 'without-password' | 'with-password' | 'nothing';
  readonly origin: string;
  readonly text: string;
}

const mainFile = '/etc/sudoers';
const parts = /^\/etc\/sudoers\.d\/[^/.~]+$/;

/** What declared sudoers do to becoming root, without a password where the model has none; as sudoers(5), the last rule that fits counts. */
export function sudoShuts(way: WayIn): readonly ShutWayIn[] {
  if (way.user === 'root') return [];
  const hasPassword = way.node.ssh.sudoPassword !== undefined;
  const against = `${way.node.name} is administered as ${way.user} with sudo${hasPassword ? '' : ' and without a password'} (vmstation.yaml: ssh.user)`;
  const files = knownFiles(way);
  const main = files.find(({ path }) => path === mainFile);
  const own = files.filter(({ path }) => parts.test(path)).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const all = main === undefined ? own : [main, ...(includesParts(main) ? own : [])];
  const terminal = all.find(({ content }) => needsTerminal(content, way.user));
  const shut: ShutWayIn[] =
    terminal === undefined
      ? []
      : [{ origin: terminal.origin, does: 'runs sudo on terminals only (requiretty)', against }];
  const rules = all.flatMap((file) => rulesOf(file)).filter(({ who }) => who.includes(way.user) || who.includes('ALL'));
  const last = rules.at(-1);
  if (last?.grants === 'nothing')
    shut.push({ origin: last.origin, does: `takes the right to sudo away (${last.text})`, against });
  if (last?.grants === 'with-password' && !hasPassword)
    shut.push({ origin: last.origin, does: `lets sudo ask for a password (${last.text})`, against });
  // Without the folder, what gives it the right today is read no more. Rules of groups may give it, so they are left to the proof.
  if (last === undefined && main !== undefined && !includesParts(main) && !groupMayGrant(main, hasPassword))
    shut.push({ origin: main.origin, does: 'gives it no right, and does not read /etc/sudoers.d', against });
  return shut;
}

function groupMayGrant({ content }: KnownFile, hasPassword: boolean): boolean {
  return (hasPassword ? /^%.*ALL\s*$/m : /^%.*NOPASSWD/m).test(content);
}

function includesParts({ content }: KnownFile): boolean {
  return /^[@#]includedir\s+(?:\/etc\/)?sudoers\.d\/?\s*$/m.test(content);
}

function needsTerminal(content: string, user: string): boolean {
  const words = settingLines(content).flatMap((line) => {
    const [, whom = '', rest = ''] = /^Defaults(\S*)\s+(.*)$/.exec(line) ?? [];
    return whom === '' || whom === `:${user}` ? rest.split(',').map((one) => one.trim()) : [];
  });
  return words.findLast((one) => /^!?requiretty$/.test(one)) === 'requiretty';
}

/** Rules for every command. A rule for some commands only takes nothing away. */
function rulesOf(file: KnownFile): readonly SudoRule[] {
  const lines = settingLines(file.content);
  const aliases = new Map(
    lines.flatMap((line) => {
      const [, name, members] = /^User_Alias\s+(\w+)\s*=\s*(.*)$/.exec(line) ?? [];
      return name === undefined || members === undefined ? [] : [[name, names(members)] as const];
    }),
  );
  return lines.flatMap((line) => {
    const [, who, commands] = /^([^=]+?)\s+[^\s=,]+\s*=\s*(.*)$/.exec(line) ?? [];
    if (who === undefined || commands === undefined || /^(?:Defaults|\w+_Alias)\b/.test(who)) return [];
    const plain = commands.replace(/^\([^)]*\)\s*/, '');
    if (!/(?:^|[\s:,])!?ALL\s*$/.test(plain)) return [];
    const asksNothing = /\bNOPASSWD\s*:/.test(plain) && !/\bPASSWD\s*:[^:]*$/.test(plain.replaceAll('NOPASSWD', ''));
    const grants = /!ALL\s*$/.test(plain) ? 'nothing' : asksNothing ? 'without-password' : 'with-password';
    const text = line.replace(/\s+/g, ' ');
    return [{ who: names(who).flatMap((one) => aliases.get(one) ?? [one]), grants, origin: file.origin, text }];
  });
}

function names(list: string): readonly string[] {
  return list.split(',').map((one) => one.trim());
}
