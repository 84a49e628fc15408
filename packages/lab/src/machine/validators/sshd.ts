import type { Process } from '../../shell/process.ts';
import { parseOptions, UsageError } from '../commands/options.ts';
import { globFiles, readConfig } from './config-source.ts';
import {
  ALGORITHMS,
  CHOICES,
  DEFAULTS,
  DEPRECATED,
  FLAGS,
  FREE,
  FREE_SINCE_9_9,
  IN_MATCH,
  INTEGERS,
  KEY_EXCHANGES_SINCE_9_9,
  MANY_WORDS,
  MATCH_CRITERIA,
  TIMES,
} from './sshd-keywords.ts';

/** What reading a configuration has found. */
interface Reading {
  readonly process: Process;
  /** Whether the server is OpenSSH 9.9, as on the RHEL face, and not 9.2. */
  readonly newer: boolean;
  /** First value of each keyword outside of Match blocks. */
  readonly settings: Map<string, string>;
  readonly hostKeys: string[];
  readonly messages: string[];
  badOptions: number;
  inMatch: boolean;
}

/** sshd stops at once for a bad value, and only at the end for a bad keyword. */
class Fatal extends Error {}

/** `sshd -t` and `sshd -T`, with `-f FILE`: sshd's judgement of its configuration. Exits 255 as sshd does for a bad file. */
export async function sshd(process: Process): Promise<number> {
  let options: ReturnType<typeof parseOptions>;
  try {
    options = parseOptions(process, 't T D d e q i 4 6 f: h: p: o: c: C: E: g: u: b: k:');
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return process.fail(error.message, 1);
  }
  if (!options.has('t', 'T')) return process.fail('the lab knows sshd as a daemon only by its unit', 1);
  const path = options.value('f') ?? '/etc/ssh/sshd_config';
  const newer = process.find('/etc/redhat-release') !== undefined;
  const reading: Reading = {
    process,
    newer,
    settings: new Map(),
    hostKeys: [],
    messages: [],
    badOptions: 0,
    inMatch: false,
  };
  const source = await readConfig(process, path);
  if ('reason' in source) {
    await process.err(`${path}: ${source.reason}\n`);
    return 1;
  }
  const broken = await judge(reading, path, source.text);
  // sshd ends its lines as a terminal in raw mode needs them.
  for (const message of reading.messages) await process.err(`${message.replaceAll('\n', '\r\n')}\r\n`);
  if (broken) return 255;
  if (!(await hasHostKey(reading))) return process.fail('no hostkeys available -- exiting.\r', 1);
  if (options.has('T')) await process.out(effective(reading));
  return 0;
}

async function judge(reading: Reading, path: string, text: string): Promise<boolean> {
  try {
    await readLines(reading, path, text, 0);
  } catch (error) {
    if (!(error instanceof Fatal)) throw error;
    reading.messages.push(error.message);
    return true;
  }
  if (reading.badOptions > 0)
    reading.messages.push(`${path}: terminating, ${reading.badOptions} bad configuration options`);
  return reading.badOptions > 0;
}

async function readLines(reading: Reading, path: string, text: string, depth: number): Promise<void> {
  const inMatch = reading.inMatch;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, keyword = '', rest = ''] = /^"?([^\s="]+)"?\s*=?\s*(.*)$/.exec(line) ?? [];
    await readLine(
      reading,
      { path, number: index + 1, keyword, values: splitWords(rest, `${path} line ${index + 1}`) },
      depth,
    );
  }
  // A Match block of an included file ends with it.
  if (depth > 0) reading.inMatch = inMatch;
}

function splitWords(rest: string, where: string): string[] {
  const found: string[] = [];
  for (const [word] of rest.matchAll(/"[^"]*"|[^\s"]+|"/g)) {
    if (word === '"') throw new Fatal(`${where}: invalid quotes`);
    if (word.startsWith('#')) break;
    found.push(word.replace(/^"(.*)"$/, '$1'));
  }
  return found;
}

interface Line {
  path: string;
  number: number;
  keyword: string;
  values: string[];
}

async function readLine(reading: Reading, line: Line, depth: number): Promise<void> {
  const name = line.keyword.toLowerCase();
  const where = `${line.path} line ${line.number}`;
  const known = FLAGS.has(name) || name in CHOICES || INTEGERS.has(name) || TIMES.has(name) || FREE.has(name);
  if (!known && !(reading.newer && FREE_SINCE_9_9.has(name))) {
    if (DEPRECATED.has(name)) reading.messages.push(`${where}: Deprecated option ${line.keyword}`);
    else {
      reading.messages.push(`${line.path}: line ${line.number}: Bad configuration option: ${line.keyword}`);
      reading.badOptions += 1;
    }
    return;
  }
  if (line.values.length === 0) {
    reading.messages.push(`${where}: no argument after keyword "${line.keyword}"`);
    reading.badOptions += 1;
    return;
  }
  if (reading.inMatch && !IN_MATCH.has(name))
    throw new Fatal(`${where}: Directive '${line.keyword}' is not allowed within a Match block`);
  checkValue(reading, name, line, where);
  if (line.values.length > 1 && !MANY_WORDS.has(name)) {
    reading.messages.push(`${where}: keyword ${line.keyword} extra arguments at end of line`);
    reading.badOptions += 1;
  }
  if (name === 'match') startMatch(reading, line.values, where);
  else if (name === 'include') await include(reading, line.values, where, depth);
  else if (name === 'hostkey') reading.hostKeys.push(line.values[0] as string);
  else if (!reading.inMatch && !reading.settings.has(name)) reading.settings.set(name, line.values.join(' '));
}

function checkValue(reading: Reading, name: string, line: Line, where: string): void {
  const value = line.values[0] as string;
  const choices = FLAGS.has(name) ? 'yes no true false' : CHOICES[name];
  if (choices !== undefined && !choices.split(' ').includes(value.toLowerCase())) {
    const what =
      name === 'loglevel'
        ? 'unsupported log level'
        : name === 'syslogfacility'
          ? 'unsupported log facility'
          : 'unsupported option';
    throw new Fatal(
      `${where}: ${what} ${name.startsWith('log') || name.startsWith('syslog') ? `'${value}'` : `"${value}"`}${name.startsWith('log') ? '' : '.'}`,
    );
  }
  if (name === 'port' && !(/^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535))
    throw new Fatal(`${where}: Badly formatted port number.`);
  if (INTEGERS.has(name) && !/^-?\d+$/.test(value)) throw new Fatal(`${where}: integer value invalid.`);
  if (TIMES.has(name) && !/^(\d+[smhdw]?)+$|^none$/i.test(value)) throw new Fatal(`${where}: invalid time value.`);
  if (name === 'maxstartups' && !/^\d+(:\d+:\d+)?$/.test(value)) throw new Fatal(`${where}: Illegal MaxStartups spec.`);
  const list = ALGORITHMS[name];
  if (list && !value.startsWith('-')) {
    const accepted = (one: string): boolean =>
      list.known.has(one) ||
      (reading.newer && KEY_EXCHANGES_SINCE_9_9.has(one)) ||
      (list.complaint === 'Bad key types' && matchesAny(one, list.known));
    if (!value.replace(/^[+^]/, '').split(',').every(accepted))
      throw new Fatal(`${where}: ${list.complaint} '${value}'.`);
  }
}

function matchesAny(pattern: string, known: ReadonlySet<string>): boolean {
  if (!pattern.includes('*')) return false;
  const expression = new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
  return [...known].some((one) => expression.test(one));
}

function startMatch(reading: Reading, values: readonly string[], where: string): void {
  if (values[0]?.toLowerCase() === 'all' && values.length === 1) {
    reading.inMatch = false;
    return;
  }
  for (let index = 0; index < values.length; index += 2) {
    const [criterion = '', attached] = (values[index] as string).split('=', 2);
    if (!MATCH_CRITERIA.has(criterion.toLowerCase()))
      throw new Fatal(`Unsupported Match attribute ${criterion}\n${where}: Bad Match condition`);
    if (attached !== undefined) index -= 1;
    else if (values[index + 1] === undefined)
      throw new Fatal(`Missing Match criteria for ${criterion}\n${where}: Bad Match condition`);
  }
  reading.inMatch = true;
}

async function include(reading: Reading, patterns: readonly string[], where: string, depth: number): Promise<void> {
  if (depth >= 16) throw new Fatal(`${where}: Too many recursive configuration includes`);
  for (const pattern of patterns) {
    for (const path of globFiles(reading.process, pattern.startsWith('/') ? pattern : `/etc/ssh/${pattern}`)) {
      const source = await readConfig(reading.process, path);
      if ('reason' in source) throw new Fatal(`${path}: ${source.reason}`);
      await readLines(reading, path, source.text, depth + 1);
    }
  }
}

async function hasHostKey({ process, hostKeys }: Reading): Promise<boolean> {
  let loaded = false;
  const paths =
    hostKeys.length > 0 ? hostKeys : ['rsa', 'ecdsa', 'ed25519'].map((type) => `/etc/ssh/ssh_host_${type}_key`);
  for (const path of paths) {
    const key = await readConfig(process, path);
    if ('text' in key && key.text !== '') loaded = true;
    else if (hostKeys.length > 0) await process.err(`Unable to load host key: ${path}\r\n`);
  }
  return loaded;
}

function effective({ settings }: Reading): string {
  const all = new Map([...Object.entries(DEFAULTS), ...settings]);
  return [...all].map(([keyword, value]) => `${keyword} ${value}\n`).join('');
}
