import type { RootFiles } from './root-files.ts';

/** sshd's settings in force: keyword in lower case → first value, as sshd takes it. */
export type SshdSettings = ReadonlyMap<string, string>;

/** The configuration's lines with Include followed where it stands, as one text. */
export function readSshdConfig(files: RootFiles, path = '/etc/ssh/sshd_config', depth = 0): string {
  const lines: string[] = [];
  for (const line of (files.read(path) ?? '').split('\n')) {
    const include = /^\s*include\s+(.+?)\s*$/i.exec(line)?.[1];
    if (include === undefined || depth > 8) {
      lines.push(line);
      continue;
    }
    for (const pattern of include.split(/\s+/)) {
      const full = pattern.startsWith('/') ? pattern : `/etc/ssh/${pattern}`;
      const [, folder = '', name = ''] = /^(.*)\/([^/]*)$/.exec(full) ?? [];
      const expression = new RegExp(
        `^${name
          .replace(/[.+^${}()|[\]\\]/g, '\\$&')
          .replaceAll('*', '.*')
          .replaceAll('?', '.')}$`,
      );
      const names = name.includes('*')
        ? files.list(folder).filter((one) => expression.test(one) && !one.startsWith('.'))
        : [name];
      for (const one of names) lines.push(readSshdConfig(files, `${folder}/${one}`, depth + 1));
    }
  }
  return lines.join('\n');
}

/** The settings of a text; the first value of a keyword wins, Match blocks are passed over. */
export function sshdSettings(text: string): SshdSettings {
  const settings = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([A-Za-z]+)[\s=]+(.*?)\s*$/.exec(line);
    if (!match || line.trim().startsWith('#')) continue;
    const keyword = (match[1] as string).toLowerCase();
    if (keyword === 'match') break;
    if (!settings.has(keyword)) settings.set(keyword, (match[2] as string).replace(/^"(.*)"$/, '$1'));
  }
  return settings;
}

/** Whether a user may log in at all under AllowUsers, DenyUsers and PermitRootLogin. */
export function mayLogIn(settings: SshdSettings, user: string, groups: readonly string[]): boolean {
  const matches = (list: string | undefined, name: string): boolean =>
    (list ?? '')
      .split(/\s+/)
      .filter(Boolean)
      .some((pattern) =>
        new RegExp(
          `^${(pattern.split('@')[0] ?? '')
            .replace(/[.+^${}()|[\]\\]/g, '\\$&')
            .replaceAll('*', '.*')
            .replaceAll('?', '.')}$`,
        ).test(name),
      );
  if (user === 'root' && (settings.get('permitrootlogin') ?? 'prohibit-password').toLowerCase() === 'no') return false;
  if (matches(settings.get('denyusers'), user)) return false;
  if (settings.has('allowusers') && !matches(settings.get('allowusers'), user)) return false;
  if (settings.has('allowgroups') && !groups.some((group) => matches(settings.get('allowgroups'), group))) return false;
  return (settings.get('pubkeyauthentication') ?? 'yes').toLowerCase() === 'yes';
}
