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

const YES_NO =
  'passwordauthentication pubkeyauthentication kbdinteractiveauthentication challengeresponseauthentication usepam permitemptypasswords printmotd tcpkeepalive usedns strictmodes ignorerhosts ignoreuserknownhosts printlastlog gssapiauthentication gssapicleanupcredentials kerberosauthentication x11uselocalhost permittty exposeauthinfo';
const OTHER =
  'acceptenv addressfamily allowagentforwarding allowgroups allowstreamlocalforwarding allowtcpforwarding allowusers authenticationmethods authorizedkeyscommand authorizedkeyscommanduser authorizedkeysfile banner casignaturealgorithms chrootdirectory ciphers clientalivecountmax clientaliveinterval compression denygroups denyusers disableforwarding fingerprinthash forcecommand gatewayports hostbasedauthentication hostcertificate hostkey hostkeyalgorithms include ipqos kexalgorithms listenaddress logingracetime loglevel macs match maxauthtries maxsessions maxstartups modulifile permitlisten permitopen permitrootlogin permittunnel permituserenvironment permituserrc persourcemaxstartups pidfile port pubkeyacceptedalgorithms pubkeyacceptedkeytypes pubkeyauthoptions rekeylimit requiredrsasize revokedkeys setenv streamlocalbindunlink subsystem syslogfacility trustedusercakeys unusedconnectiontimeout channeltimeout versionaddendum x11displayoffset x11forwarding xauthlocation';
const KNOWN = new Set(`${YES_NO} ${OTHER}`.split(' '));
const BOOLEANS = new Set(YES_NO.split(' '));
const NUMBERS = new Set(['port', 'maxauthtries', 'maxsessions', 'clientalivecountmax', 'x11displayoffset']);
const ROOT_LOGIN = new Set(['yes', 'no', 'prohibit-password', 'without-password', 'forced-commands-only']);

/** What `sshd -t` says of a configuration: undefined when it would start. Bad keywords and values, missing host keys. */
export function sshdComplaint(files: RootFiles, path: string, text: string): string | undefined {
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, word = '', value = ''] = /^([^\s=]+)(?:[\s=]+(.*))?$/.exec(line) ?? [];
    const keyword = word.toLowerCase();
    const where = `${path} line ${index + 1}`;
    if (!KNOWN.has(keyword))
      return `${path}: line ${index + 1}: Bad configuration option: ${word}\n${path}: terminating, 1 bad configuration options`;
    if (value === '' && keyword !== 'match') return `${where}: missing argument.`;
    if (BOOLEANS.has(keyword) && !/^(yes|no)$/i.test(value)) return `${where}: unsupported option "${value}".`;
    if (NUMBERS.has(keyword) && !/^\d+$/.test(value)) return `${where}: integer value ${value} is invalid.`;
    if (keyword === 'permitrootlogin' && !ROOT_LOGIN.has(value.toLowerCase()))
      return `${where}: unsupported option "${value}".`;
    if (keyword === 'logingracetime' && !/^\d+[smhdw]?$/i.test(value)) return `${where}: invalid time value.`;
    const badAlgorithm =
      ALGORITHMS.has(keyword) && !/^[-+^]/.test(value)
        ? value.split(',').find((name) => !/^[a-z0-9.@*?-]+$/i.test(name) || /bogus|nosuch/.test(name))
        : undefined;
    if (badAlgorithm !== undefined) return `${where}: Bad SSH2 ${word} '${value}'.`;
  }
  const keys = text.split('\n').flatMap((line) => /^\s*hostkey[\s=]+(\S+)/i.exec(line)?.[1] ?? []);
  const candidates =
    keys.length > 0
      ? keys
      : ['/etc/ssh/ssh_host_ed25519_key', '/etc/ssh/ssh_host_rsa_key', '/etc/ssh/ssh_host_ecdsa_key'];
  return candidates.some((key) => files.find(key)) ? undefined : 'sshd: no hostkeys available -- exiting.';
}

const ALGORITHMS = new Set(['ciphers', 'macs', 'kexalgorithms', 'hostkeyalgorithms', 'pubkeyacceptedalgorithms']);

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
