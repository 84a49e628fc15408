import type { Process } from '../../shell/process.ts';
import { parseOptions, UsageError } from '../commands/options.ts';
import { globFiles, readConfig, words } from './config-source.ts';

// Directives of chrony.conf(5) of chrony 4.3 by how many words they want (a: any, w: exactly one word, n: numbers, 0: none).
const NO_WORD = words(
  'dumponexit generatecommandkey lock_all manual nocerttimecheck noclientlog nosystemcert rtcautotrim rtconutc rtcsync',
);
const ONE_WORD =
  words(`bindacqaddress bindacqdevice bindaddress bindcmdaddress bindcmddevice binddevice driftfile dumpdir hwclockfile keyfile
  leapsecmode leapsectz logdir ntpsigndsocket ntscachedir ntsdumpdir ntsntpserver ntsservercert ntsserverkey pidfile rtcdevice rtcfile user
  sourcedir confdir include authselectmode`);
const NUMBERS: Readonly<Record<string, number>> = {
  acquisitionport: 1,
  clientloglimit: 1,
  clockprecision: 1,
  cmdport: 1,
  combinelimit: 1,
  corrtimeratio: 1,
  dscp: 1,
  fallbackdrift: 2,
  logbanner: 1,
  logchange: 1,
  makestep: 2,
  maxchange: 3,
  maxclockerror: 1,
  maxdistance: 1,
  maxdrift: 1,
  maxjitter: 1,
  maxntsconnections: 1,
  maxsamples: 1,
  maxslewrate: 1,
  maxupdateskew: 1,
  minsamples: 1,
  minsources: 1,
  ntsport: 1,
  ntsprocesses: 1,
  ntsrefresh: 1,
  ntsrotate: 1,
  port: 1,
  ptpport: 1,
  reselectdist: 1,
  sched_priority: 1,
  stratumweight: 1,
};
const ANY_WORDS =
  words(`allow deny cmdallow cmddeny broadcast cmdratelimit ratelimit ntsratelimit hwtimestamp initstepslew local log
  mailonchange ntstrustedcerts refclock smoothtime tempcomp`);
const SOURCES = words('server pool peer');
const SOURCE_FLAGS = words('auto_offline burst copy iburst noselect nts offline prefer require trust xleave');
const SOURCE_VALUES =
  words(`asymmetry certset extfield filter key maxdelay maxdelaydevratio maxdelayquant maxdelayratio maxpoll maxsamples
  maxsources mindelay minpoll minsamples minstratum ntsport offset polltarget port presend version`);
const LOGS = words('rawmeasurements measurements selection statistics tracking rtc refclocks tempcomp');

/** `chronyd -p -f FILE`: prints the directives of a configuration that chronyd would accept; exits 1 at the first that it would not. */
export async function chronyd(process: Process): Promise<number> {
  let options: ReturnType<typeof parseOptions>;
  try {
    options = parseOptions(process, 'p n d q Q s S x r R m U v 4 6 f: u: F: P: L: l: t: h: i:');
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return process.fail(error.message);
  }
  if (!options.has('p')) return process.fail('the lab knows chronyd as a daemon only by its unit');
  const usual = process.find('/etc/chrony/chrony.conf') ? '/etc/chrony/chrony.conf' : '/etc/chrony.conf';
  const lines: string[] = [];
  const complaint = await readFile(process, options.value('f') ?? usual, 0, lines);
  if (complaint === undefined) {
    await process.out(lines.join(''));
    return 0;
  }
  const now = new Date(process.kernel.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  await process.err(`${now} Fatal error : ${complaint}\n`);
  // Its listing is buffered, so that the complaint comes first.
  await process.out(lines.join(''));
  return 1;
}

async function readFile(process: Process, path: string, depth: number, lines: string[]): Promise<string | undefined> {
  const source = await readConfig(process, path);
  if ('reason' in source) return `Could not open ${path} : ${source.reason}`;
  for (const [index, raw] of source.text.split('\n').entries()) {
    const line = raw.trim().replace(/\s+/g, ' ');
    if (line === '' || /^[!;#%]/.test(line)) continue;
    lines.push(`${line}\n`);
    const [directive = '', ...values] = line.split(' ');
    const name = directive.toLowerCase();
    const fault = faultOf(name, values);
    const where = `at line ${index + 1} in file ${path}`;
    if (fault === 'unknown') return `Invalid directive ${where}`;
    if (fault !== undefined)
      return `${fault === 'parse' ? `Could not parse ${name} directive` : `${fault} arguments for ${name} directive`} ${where}`;
    if (depth < 10 && (name === 'include' || name === 'confdir')) {
      for (const one of globFiles(process, name === 'include' ? (values[0] as string) : `${values[0]}/*.conf`)) {
        const complaint = await readFile(process, one, depth + 1, lines);
        if (complaint !== undefined) return complaint;
      }
    }
  }
  return undefined;
}

type Fault = 'unknown' | 'Missing' | 'Too many' | 'parse' | undefined;

function faultOf(name: string, values: readonly string[]): Fault {
  if (NO_WORD.has(name)) return count(values, 0);
  if (ONE_WORD.has(name)) return count(values, 1);
  const numbers = NUMBERS[name];
  if (numbers !== undefined)
    return (
      count(values, numbers) ??
      (values.every((value) => /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value)) ? undefined : 'parse')
    );
  if (SOURCES.has(name)) return sourceFault(values);
  if (!ANY_WORDS.has(name)) return 'unknown';
  if (name === 'log') return values.every((value) => LOGS.has(value)) ? undefined : 'parse';
  if (/^(cmd)?(allow|deny)$/.test(name)) return subnetFault(values);
  if (name === 'local') return localFault(values);
  return undefined;
}

function count(values: readonly string[], wanted: number): Fault {
  return values.length < wanted ? 'Missing' : values.length > wanted ? 'Too many' : undefined;
}

function sourceFault(values: readonly string[]): Fault {
  if (values.length === 0) return 'parse';
  for (let index = 1; index < values.length; index += 1) {
    const option = (values[index] as string).toLowerCase();
    if (SOURCE_FLAGS.has(option)) continue;
    if (!SOURCE_VALUES.has(option)) return 'parse';
    index += 1;
    if (!/^-?[\d.a-fA-Fx]+$/.test(values[index] ?? '')) return 'parse';
  }
  return undefined;
}

function subnetFault(values: readonly string[]): Fault {
  const [first, second] = values[0]?.toLowerCase() === 'all' ? values.slice(1) : values;
  if (first === undefined) return undefined;
  if (second !== undefined) return 'parse';
  const [, address = '', length] = /^([^/]+)(?:\/(\d+))?$/.exec(first) ?? [];
  const v4 = /^\d{1,3}(\.\d{1,3}){0,3}$/.test(address);
  if (v4) return address.split('.').every((part) => Number(part) <= 255) ? undefined : 'parse';
  if (address.includes(':')) return undefined;
  return /^[a-z][a-z0-9.-]*$/i.test(address) && length === undefined ? undefined : 'parse';
}

function localFault(values: readonly string[]): Fault {
  for (let index = 0; index < values.length; index += 1) {
    if (values[index] === 'orphan') continue;
    if (!/^(stratum|distance|activate)$/.test(values[index] ?? '')) return 'parse';
    index += 1;
    if (!/^[\d.]+$/.test(values[index] ?? '')) return 'parse';
  }
  return undefined;
}
