import type { Process } from '../../shell/process.ts';
import { parseOptions, UsageError } from '../commands/options.ts';
import { globFiles, readConfig, words } from './config-source.ts';

// sudoers(5) of sudo 1.9, "SUDOERS OPTIONS".
const DEFAULTS =
  words(`always_query_group_plugin always_set_home authenticate case_insensitive_group case_insensitive_user closefrom_override
  compress_io env_editor env_reset exec_background fast_glob log_passwords fqdn ignore_audit_errors ignore_dot ignore_iolog_errors
  ignore_logfile_errors ignore_local_sudoers ignore_unknown_defaults insults log_allowed log_denied log_exit_status log_host log_input
  log_output log_server_keepalive log_server_verify log_stderr log_stdin log_stdout log_subcmds log_ttyin log_ttyout log_year long_otp_prompt
  mail_all_cmnds mail_always mail_badpass mail_no_host mail_no_perms mail_no_user match_group_by_gid intercept intercept_allow_setid
  intercept_authenticate intercept_verify netgroup_tuple noexec noninteractive_auth pam_acct_mgmt pam_rhost pam_ruser pam_session
  pam_setcred passprompt_override path_info preserve_groups pwfeedback requiretty root_sudo rootpw runas_allow_unknown_id
  runas_check_shell runaspw selinux set_home set_logname set_utmp setenv shell_noargs stay_setuid sudoedit_checkdir sudoedit_follow
  syslog_pid targetpw tty_tickets umask_override use_loginclass use_netgroups use_pty user_command_timeouts utmp_runas visiblepw closefrom
  command_timeout log_server_timeout maxseq passwd_tries syslog_maxlen loglinelen passwd_timeout timestamp_timeout umask authfail_message
  badpass_message editor intercept_type iolog_dir iolog_file iolog_flush iolog_group iolog_mode iolog_user lecture_status_dir
  log_server_cabundle log_server_peer_cert log_server_peer_key mailsub noexec_file pam_askpass_service pam_login_service pam_service
  passprompt role runas_default sudoers_locale timestamp_type timestampdir timestampowner type env_file exempt_group fdexec group_plugin
  lecture lecture_file listpw log_format logfile mailerflags mailerpath mailfrom mailto rlimit_as rlimit_core rlimit_cpu rlimit_data
  rlimit_fsize rlimit_locks rlimit_memlock rlimit_nofile rlimit_nproc rlimit_rss rlimit_stack restricted_env_file secure_path syslog
  syslog_badpri syslog_goodpri verifypw log_servers env_check env_delete env_keep admin_flag`);
const TAGS = words(
  'EXEC NOEXEC FOLLOW NOFOLLOW LOG_INPUT NOLOG_INPUT LOG_OUTPUT NOLOG_OUTPUT MAIL NOMAIL INTERCEPT NOINTERCEPT PASSWD NOPASSWD SETENV NOSETENV',
);
const NEEDS_VALUE = words(
  'secure_path timestamp_timeout passwd_tries passprompt editor env_file logfile_path group_plugin runas_default',
);

class SyntaxFault extends Error {
  readonly offset: number;

  constructor(offset: number, message = 'syntax error') {
    super(message);
    this.offset = offset;
  }
}

/** `visudo -c`, with `-f FILE`: exits 1 with `file:line:column: reason` for a file that sudo would refuse. */
export async function visudo(process: Process): Promise<number> {
  let options: ReturnType<typeof parseOptions>;
  try {
    options = parseOptions(process, 'c check f: file= q quiet s strict O owner P perms I no-includes h help V version');
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return process.fail(error.message);
  }
  if (!options.has('c', 'check')) return process.fail('the lab has no editor: only -c is known');
  const path = options.value('f', 'file') ?? options.operands[0] ?? '/etc/sudoers';
  const quiet = options.has('q', 'quiet');
  const checked: string[] = [];
  const ok = await checkFile(process, path, quiet, checked);
  if (ok && !quiet) for (const one of checked) await process.out(`${one}: parsed OK\n`);
  return ok ? 0 : 1;
}

async function checkFile(process: Process, path: string, quiet: boolean, checked: string[]): Promise<boolean> {
  const source = await readConfig(process, path);
  if ('reason' in source) {
    if (!quiet) await process.fail(`unable to open ${path}: ${source.reason}`);
    return false;
  }
  if (checked.includes(path)) return true;
  checked.push(path);
  let ok = true;
  for (const { number, text } of logicalLines(source.text)) {
    try {
      for (const included of checkLine(process, path, text))
        ok = (await checkFile(process, included, quiet, checked)) && ok;
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error;
      ok = false;
      const mark = `${' '.repeat(error.offset)}^${'~'.repeat(Math.max(0, (/^\S*/.exec(text.slice(error.offset))?.[0].length ?? 1) - 1))}`;
      if (!quiet) await process.err(`${path}:${number}:${error.offset + 1}: ${error.message}\n${text}\n${mark}\n`);
    }
  }
  return ok;
}

function logicalLines(text: string): { number: number; text: string }[] {
  const lines: { number: number; text: string }[] = [];
  let pending: { number: number; text: string } | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = { number: pending?.number ?? index + 1, text: (pending?.text ?? '') + raw };
    pending = line.text.endsWith('\\') ? { number: line.number, text: line.text.slice(0, -1) } : undefined;
    if (!pending) lines.push(line);
  }
  if (pending) lines.push(pending);
  return lines;
}

/** Checks one line; gives the files that it includes. Throws SyntaxFault. */
function checkLine(process: Process, path: string, raw: string): string[] {
  const include = /^\s*[@#](include|includedir)\s+("?)(\S+)\2\s*$/.exec(raw);
  if (include) {
    const [, verb, , given = ''] = include;
    const target = given.startsWith('/') ? given : `${path.replace(/\/[^/]*$/, '')}/${given}`;
    // sudo passes over names with a dot or a tilde at the end.
    return verb === 'include'
      ? [target]
      : globFiles(process, `${target}/*`).filter((one) => !/\.|~$/.test(one.split('/').pop() ?? ''));
  }
  const line = withoutComment(raw);
  if (line.trim() === '') return [];
  if (/^\s*@/.test(line)) throw new SyntaxFault(line.search(/\S/));
  if (/^\s*Defaults/.test(line)) checkDefaults(line);
  else if (/^\s*(User|Runas|Host|Cmnd|Cmd)_Alias\b/.test(line)) checkAlias(line);
  else checkUserSpecification(line);
  return [];
}

/** Blanks out what stands behind a `#`, except for user and group numbers and inside quotes. */
function withoutComment(line: string): string {
  let quoted = false;
  for (let index = 0; index < line.length; index += 1) {
    if (line[index] === '\\') index += 1;
    else if (line[index] === '"') quoted = !quoted;
    else if (line[index] === '#' && !quoted && !/^#-?\d/.test(line.slice(index))) return line.slice(0, index);
  }
  if (quoted) throw new SyntaxFault(line.lastIndexOf('"'), 'unterminated quoted string');
  return line;
}

function checkDefaults(line: string): void {
  const head = /^\s*Defaults(?:[@:!>]\s*(?:"[^"]*"|[^\s"]+))?/.exec(line)?.[0] ?? '';
  const body = line.slice(head.length);
  if (body.trim() === '' || !/^\s/.test(body)) throw new SyntaxFault(head.length);
  const entry = /\s*(!*)\s*([A-Za-z_]+)\s*(?:([+-]?=)\s*("(?:[^"\\]|\\.)*"|(?:[^\s",\\]|\\.)+))?\s*(,|$)/y;
  for (let at = 0; at < body.length; at = entry.lastIndex) {
    entry.lastIndex = at;
    const match = entry.exec(body);
    if (!match) throw new SyntaxFault(head.length + at + (/^\s*/.exec(body.slice(at))?.[0].length ?? 0));
    const [whole, negated, name = '', operator] = match;
    const offset = head.length + at + whole.indexOf(name);
    if (!DEFAULTS.has(name)) throw new SyntaxFault(offset, `unknown defaults entry "${name}"`);
    if (!negated && operator === undefined && NEEDS_VALUE.has(name))
      throw new SyntaxFault(offset, `no value specified for "${name}"`);
  }
}

function checkAlias(line: string): void {
  const head = /^\s*(\w+)\s*/.exec(line)?.[0] ?? '';
  const commands = head.trim().startsWith('C');
  for (const { text, offset } of pieces(line.slice(head.length), ':', head.length)) {
    const match = /^\s*([A-Z][A-Z0-9_]*)\s*=/.exec(text);
    if (!match) throw new SyntaxFault(offset + (/^\s*/.exec(text)?.[0].length ?? 0));
    checkList(text.slice(match[0].length), offset + match[0].length, commands ? checkCommand : checkName);
  }
}

function checkUserSpecification(line: string): void {
  const equals = indexOutside(line, '=');
  const head = equals === -1 ? line : line.slice(0, equals);
  const lists =
    head
      .trim()
      .replace(/\s*,\s*/g, ',')
      .match(/(?:"[^"]*"|\\.|[^\s"\\])+/g) ?? [];
  if (equals === -1) throw new SyntaxFault(line.length);
  if (lists.length !== 2) throw new SyntaxFault(lists.length < 2 ? equals : head.trimEnd().lastIndexOf(lists[2] ?? ''));
  for (const list of lists) checkList(list, line.indexOf(list), checkName);
  const rest = line.slice(equals + 1);
  for (const [index, { text, offset }] of hostGroups(rest, equals + 1).entries()) {
    const at = index === 0 ? -1 : indexOutside(text, '=');
    if (index > 0 && at === -1) throw new SyntaxFault(offset + text.length);
    if (index > 0) checkList(text.slice(0, at), offset, checkName);
    checkList(text.slice(at + 1), offset + at + 1, checkCommandWithRunas);
  }
}

/** Splits `host = commands : host = commands` where a colon follows a command and is no tag's. */
function hostGroups(rest: string, offset: number): { text: string; offset: number }[] {
  const masked = rest
    .replace(/\([^)]*\)/g, (part) => '.'.repeat(part.length))
    .replace(/\b([A-Z_]+)\s*:/g, (part: string, tag: string) => (TAGS.has(tag) ? '.'.repeat(part.length) : part))
    .replace(/\bsha\d+\s*:/g, (part) => '.'.repeat(part.length));
  return pieces(masked, ':', offset).map((piece) => ({
    text: rest.slice(piece.offset - offset, piece.offset - offset + piece.text.length),
    offset: piece.offset,
  }));
}

function pieces(text: string, separator: string, offset: number): { text: string; offset: number }[] {
  const found: { text: string; offset: number }[] = [];
  let from = 0;
  for (let at = indexOutside(text, separator); at !== -1; at = indexOutside(text, separator, from)) {
    found.push({ text: text.slice(from, at), offset: offset + from });
    from = at + 1;
  }
  found.push({ text: text.slice(from), offset: offset + from });
  return found;
}

/** Index of a character that is neither escaped, quoted nor in parentheses. */
function indexOutside(text: string, wanted: string, from = 0): number {
  let quoted = false;
  let depth = 0;
  for (let index = from; index < text.length; index += 1) {
    const character = text[index];
    if (character === '\\') index += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && depth === 0 && character === wanted) return index;
    else if (!quoted && character === '(') depth += 1;
    else if (!quoted && character === ')') depth -= 1;
  }
  return -1;
}

function checkList(text: string, offset: number, check: (item: string, offset: number) => void): void {
  for (const item of pieces(text, ',', offset)) {
    const blank = /^\s*/.exec(item.text)?.[0].length ?? 0;
    check(item.text.trim(), item.offset + blank);
  }
}

function checkName(item: string, offset: number): void {
  if (!/^!*\s*(?:[%+]?:?(?:"[^"]+"|(?:[^\s"()=,!\\]|\\.)+))$/.test(item)) throw new SyntaxFault(offset);
}

function checkCommandWithRunas(item: string, offset: number): void {
  const runas = /^\(\s*([^()]*)\)\s*/.exec(item);
  if (item.startsWith('(') && !runas) throw new SyntaxFault(offset + item.search(/\s|$/));
  if (runas) for (const list of (runas[1] ?? '').split(':')) if (list.trim() !== '') checkList(list, offset, checkName);
  let rest = item.slice(runas?.[0].length ?? 0);
  for (let match = prefix(rest); match; match = prefix(rest)) rest = rest.slice(match.length);
  checkCommand(rest, offset + item.length - rest.length);
}

function prefix(rest: string): string | undefined {
  const tag = /^([A-Z_]+)\s*:\s*/.exec(rest);
  if (tag && TAGS.has(tag[1] as string)) return tag[0];
  return /^(?:ROLE|TYPE|CWD|CHROOT|TIMEOUT|NOTBEFORE|NOTAFTER|PRIVS|LIMITPRIVS|APPARMOR_PROFILE)\s*=\s*\S+\s+/.exec(
    rest,
  )?.[0];
}

function checkCommand(item: string, offset: number): void {
  const command = item.replace(/^(?:!\s*)+/, '').replace(/^(?:sha\d+\s*:\s*\S+\s+)+/, '');
  if (/^(?:ALL|[A-Z][A-Z0-9_]*)$/.test(command)) return;
  if (/^(?:\/\S*|sudoedit|list|\^.*\$)(?:\s.*)?$/.test(command) && !/(?<!\\)[=]/.test(command.replace(/^\S+/, '')))
    return;
  throw new SyntaxFault(offset + (/^(?:ALL|[A-Z][A-Z0-9_]*)\s+/.exec(item)?.[0].length ?? 0));
}
