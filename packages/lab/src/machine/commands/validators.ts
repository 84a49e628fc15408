import type { Process } from '../../shell/process.ts';
import { readSshdConfig, sshdComplaint, sshdSettings } from '../sshd-config.ts';
import { readUnitText } from '../unit-file.ts';
import type { MachineProgram } from './machine-program.ts';
import { parseOptions } from './options.ts';
import { parseSudoers } from './sudo.ts';

/** Keeps a daemon running until a signal; HUP calls `reload`. */
export async function serve(process: Process, reload?: () => void): Promise<number> {
  process.onSignal = (signal) => {
    if (signal !== 1 || !reload) return false;
    reload();
    return true;
  };
  await process.interruptible(new Promise<never>(() => undefined));
  return 0;
}

/** A daemon without a configuration of its own. */
export const daemon: MachineProgram = (process) => serve(process);

/** sshd(8): -t, -T, and as a daemon: it reads its configuration at start and on HUP. */
export const sshd: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 't T D e d f: o: p: C: G');
  const path = options.value('f') ?? '/etc/ssh/sshd_config';
  if (!process.find(path)) return process.fail(`${path}: No such file or directory`);
  const text = readSshdConfig(machine.files, process.path(path));
  const complaint = sshdComplaint(machine.files, path, text);
  if (complaint) {
    await process.err(`${complaint}\n`);
    return 255;
  }
  if (options.has('T', 'G')) {
    const settings = new Map([
      ['port', '22'],
      ['permitrootlogin', 'without-password'],
      ['passwordauthentication', 'yes'],
      ['pubkeyauthentication', 'yes'],
      ...sshdSettings(text),
    ]);
    await process.out([...settings].map(([key, value]) => `${key} ${value}\n`).join(''));
    return 0;
  }
  if (options.has('t')) return 0;
  machine.state.sshdConfig = text;
  return serve(process, () => {
    const next = readSshdConfig(machine.files);
    // A real sshd that is told to read a bad configuration exits.
    if (sshdComplaint(machine.files, '/etc/ssh/sshd_config', next)) process.kill(15);
    else machine.state.sshdConfig = next;
  });
};

/** visudo(8) -c. */
export const visudo: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'c check f: file= q quiet s strict O P I');
  const path = options.value('f', 'file') ?? '/etc/sudoers';
  const inode = process.find(path);
  if (!inode) return process.fail(`unable to open ${path}: No such file or directory`);
  const { fault } = parseSudoers(await process.readFile(path));
  if (fault !== undefined) {
    await process.err(`${path}:${fault}:1: syntax error\n`);
    return 1;
  }
  if (path === '/etc/sudoers' && (inode.uid !== 0 || (inode.mode & 0o022) !== 0))
    return process.fail(`${path}: bad permissions, should be mode 0440`);
  if (!options.has('q', 'quiet')) await process.out(`${path}: parsed OK\n`);
  void machine;
  return 0;
};

const CHRONY_DIRECTIVES = new Set(
  'acquisitionport allow authselectmode bindacqaddress bindacqdevice bindaddress bindcmdaddress bindcmddevice binddevice broadcast clientloglimit clockprecision cmdallow cmddeny cmdport cmdratelimit combinelimit confdir corrtimeratio deny driftfile dscp dumpdir dumponexit fallbackdrift hwclockfile hwtimestamp hwtstimeout include initstepslew keyfile leapseclist leapsecmode leapsectz local lock_all log logbanner logchange logdir mailonchange makestep manual maxchange maxclockerror maxdistance maxdrift maxjitter maxntsconnections maxsamples maxslewrate maxtxbuffers maxupdateskew minsamples minsources nocerttimecheck noclientlog nosystemcert ntpsigndsocket ntsaeads ntscachedir ntsdumpdir ntsntpserver ntsport ntsprocesses ntsratelimit ntsrefresh ntsrotate ntsservercert ntsserverkey ntstrustedcerts opencommands peer pidfile pool port ptpdomain ptpport ratelimit refclock reselectdist rtcautotrim rtcdevice rtcfile rtconutc rtcsync sched_priority server smoothtime sourcedir stratumweight tempcomp user'.split(
    ' ',
  ),
);

/** What chronyd says of its configuration; undefined: it would start. */
export function chronyComplaint(text: string): string | undefined {
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || /^[#!;%]/.test(line)) continue;
    const [directive = '', ...args] = line.split(/\s+/);
    const name = directive.toLowerCase();
    if (!CHRONY_DIRECTIVES.has(name)) return `Fatal error : Invalid directive ${directive} at line ${index + 1}`;
    if ((name === 'server' || name === 'pool' || name === 'peer') && args.length === 0)
      return `Fatal error : Could not parse ${name} directive at line ${index + 1}`;
    if (name === 'makestep' && !args.every((arg) => /^-?\d+(\.\d+)?$/.test(arg)))
      return `Fatal error : Could not parse makestep directive at line ${index + 1}`;
    if ((name === 'allow' || name === 'deny') && args[0] && args[0] !== 'all' && !/^[0-9a-fA-F.:/]+$/.test(args[0]))
      return `Fatal error : Could not parse ${name} directive at line ${index + 1}`;
  }
  return undefined;
}

/** chronyd(8): -p prints the parsed configuration or fails; otherwise the daemon. */
export const chronyd: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'p f: F: n d q Q x s r R 4 6 u: l: L: P: m t: U');
  const path =
    options.value('f') ?? (machine.face.family === 'debian' ? '/etc/chrony/chrony.conf' : '/etc/chrony.conf');
  if (!process.find(path)) return process.fail(`Fatal error : Could not open ${path} : No such file or directory`);
  const text = await process.readFile(path);
  const complaint = chronyComplaint(text);
  if (complaint) {
    await process.err(`${complaint} in file ${path}\n`);
    return 1;
  }
  if (options.has('p')) {
    await process.out(
      text
        .split('\n')
        .filter((line) => line.trim() && !/^\s*[#!;%]/.test(line))
        .map((line) => `${line}\n`)
        .join(''),
    );
    return 0;
  }
  return serve(process);
};

/** chronyc(1): tracking and sources of a running chronyd. */
export const chronyc: MachineProgram = async (process, machine) => {
  const args = process.argv.slice(1).filter((arg) => !arg.startsWith('-'));
  const unit = machine.face.family === 'debian' ? 'chrony.service' : 'chronyd.service';
  if (!machine.systemd.isActive(unit)) {
    await process.err('506 Cannot talk to daemon\n');
    return 1;
  }
  const path = machine.face.family === 'debian' ? '/etc/chrony/chrony.conf' : '/etc/chrony.conf';
  const sources = (machine.files.read(path) ?? '')
    .split('\n')
    .flatMap((line) => /^\s*(?:server|pool|peer)\s+(\S+)/.exec(line)?.[1] ?? []);
  if (args[0] === 'sources') {
    await process.out(
      `MS Name/IP address         Stratum Poll Reach LastRx Last sample\n${'='.repeat(79)}\n${sources.map((name, index) => `^${index === 0 ? '*' : '+'} ${name.padEnd(27)} 3   6   377    21    +10us[ +12us] +/-  10ms\n`).join('')}`,
    );
  } else
    await process.out(
      `Reference ID    : C0A80401 (${sources[0] ?? ''})\nStratum         : 4\nSystem time     : 0.000010000 seconds slow of NTP time\nLast offset     : +0.000012000 seconds\nLeap status     : Normal\n`,
    );
  return 0;
};

/** rsyslogd(8): -N1 checks; otherwise the daemon. */
export const rsyslogd: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'N:: f: n i: d u: x C o: S: D v');
  const path = options.value('f') ?? '/etc/rsyslog.conf';
  if (!process.find(path)) return process.fail(`could not open config file '${path}': No such file or directory`);
  const complaints = rsyslogComplaints(await process.readFile(path), path);
  if (!options.value('f'))
    for (const name of machine.files.list('/etc/rsyslog.d'))
      if (name.endsWith('.conf'))
        complaints.push(
          ...rsyslogComplaints(machine.files.read(`/etc/rsyslog.d/${name}`) ?? '', `/etc/rsyslog.d/${name}`),
        );
  if (options.has('N')) {
    await process.err(
      `rsyslogd: version 8.2302.0, config validation run (level 1), master config ${path}\n${complaints.map((line) => `${line}\n`).join('')}rsyslogd: End of config validation run. Bye.\n`,
    );
    return complaints.length > 0 ? 1 : 0;
  }
  for (const line of complaints) await process.err(`${line}\n`);
  return serve(process, () => undefined);
};

const SELECTOR = /^(?:[!:]|[a-z*,0-9]+\.[!=]*[a-z*0-9]+(?:[;,.]|\s))/i;
const OBJECTS =
  /^(?:module|input|action|template|ruleset|global|main_queue|parser|timezone|lookup_table|dyn_stats|include|set|unset|reset|foreach|call|call_indirect|stop|if|else|then|property|constant|queue|option|string|type|name)\b/;

function rsyslogComplaints(text: string, path: string): string[] {
  const complaints: string[] = [];
  let depth = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/^\s*#.*$/, '').trim();
    const bare = line.replace(/"(?:\\.|[^"\\])*"/g, '""');
    const before = depth;
    depth += (bare.match(/[({]/g)?.length ?? 0) - (bare.match(/[)}]/g)?.length ?? 0);
    if (line === '' || before > 0 || /^[)}]/.test(line)) continue;
    if (
      line.startsWith('$')
        ? !/^\$[A-Za-z]\w*\s*\S*/.test(line)
        : !OBJECTS.test(line) && !SELECTOR.test(line) && !/^[-/|&~@]/.test(line)
    ) {
      complaints.push(
        `rsyslogd: error during parsing file ${path}, on or before line ${index + 1}: syntax error on token '${line.split(/\s/)[0]}' [v8.2302.0 try https://www.rsyslog.com/e/2207 ]`,
      );
    }
  }
  if (depth !== 0)
    complaints.push(
      `rsyslogd: error during parsing file ${path}: unbalanced brackets [v8.2302.0 try https://www.rsyslog.com/e/2207 ]`,
    );
  return complaints;
}

/** systemd-analyze(1) verify. */
export const systemdAnalyze: MachineProgram = async (process, machine) => {
  const args = process.argv.slice(1).filter((arg) => !arg.startsWith('-'));
  if (args[0] !== 'verify') {
    await process.out('Startup finished in 2.1s (kernel) + 3.2s (userspace) = 5.3s\n');
    return 0;
  }
  let status = 0;
  for (const path of args.slice(1)) {
    const text = process.find(path) ? await process.readFile(path) : undefined;
    if (text === undefined) {
      status = await process.fail(`Failed to prepare filename ${path}: No such file or directory`);
      continue;
    }
    const sections = new Map<string, Map<string, string[]>>();
    const faults = readUnitText(text, sections).map((fault) => `${path}:${fault}`);
    const isService = path.endsWith('.service') && !path.includes('.d/');
    const commands = sections.get('Service')?.get('ExecStart') ?? [];
    if (isService && commands.length === 0)
      faults.push(`${path}: Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing.`);
    for (const command of commands) {
      const file = command.replace(/^[-@:+!|]+/, '').split(/\s+/)[0] ?? '';
      if (file.startsWith('/') && !machine.files.find(file))
        faults.push(`${path}: Command ${file} is not executable: No such file or directory`);
    }
    for (const fault of faults) await process.err(`${fault}\n`);
    if (faults.length > 0) status = 1;
  }
  return status;
};

/** nft(8): -f and -c -f check the brackets and first words of a rule set; list and delete work on what was loaded. */
export const nft: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'c check f: file= a handle j json n s');
  const path = options.value('f', 'file');
  if (path !== undefined) {
    const text = path === '-' ? await process.readAll() : await process.readFile(path);
    const fault = nftFault(text);
    if (fault) {
      await process.err(`${path}:${fault}\n`);
      return 1;
    }
    if (!options.has('c', 'check')) machine.state.nftables = text;
    return 0;
  }
  const [verb = '', what = '', ...rest] = options.operands;
  if (verb === 'list') {
    const table = rest.join(' ');
    if (what === 'table' && !machine.state.nftables.includes(`table ${table}`))
      return process.fail('Error: No such file or directory');
    await process.out(machine.state.nftables);
    return 0;
  }
  if (verb === 'delete' && what === 'table' && !machine.state.nftables.includes(`table ${rest.join(' ')}`))
    return process.fail('Error: Could not process rule: No such file or directory');
  if (verb === 'flush' || verb === 'delete') machine.state.nftables = '';
  return 0;
};

function nftFault(text: string): string | undefined {
  let depth = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw
      .replace(/"[^"]*"/g, '""')
      .replace(/#.*$/, '')
      .trim();
    if (
      depth === 0 &&
      line !== '' &&
      !/^(table|add|create|delete|destroy|flush|define|include|insert|rename|list|set|chain|element|}|redefine|undefine)/.test(
        line,
      )
    ) {
      return `${index + 1}:1-1: Error: syntax error, unexpected ${line.split(/\s/)[0]}`;
    }
    depth += (line.match(/{/g)?.length ?? 0) - (line.match(/}/g)?.length ?? 0);
    if (depth < 0) return `${index + 1}:1-1: Error: syntax error, unexpected '}'`;
  }
  return depth > 0 ? `${text.split('\n').length}:1-1: Error: syntax error, unexpected end of file` : undefined;
}
