import { DeviceFile } from '../../shell/open-file.ts';
import type { Process } from '../../shell/process.ts';
import { readSshdConfig } from '../sshd-config.ts';
import { readUnitText } from '../unit-file.ts';
import { validatorPrograms } from '../validators/index.ts';
import type { MachineProgram } from './machine-program.ts';

/** Keeps a daemon running until a signal; HUP calls `reload`. */
async function serve(process: Process, reload?: () => void): Promise<number> {
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

/** Runs a program's own check of its configuration, without its listing. */
async function judge(process: Process, name: string, flags: readonly string[]): Promise<number> {
  const { argv } = process;
  const output = process.files.get(1)?.retain();
  process.argv = [argv[0] ?? name, ...flags];
  process.setFile(1, new DeviceFile('null'));
  try {
    return (await validatorPrograms[name]?.(process)) ?? 0;
  } finally {
    process.argv = argv;
    process.setFile(1, output);
  }
}

/** The value of a flag such as `-f FILE`, as flags for the check. */
function fileFlags(process: Process): string[] {
  const at = process.argv.indexOf('-f');
  return at === -1 ? [] : ['-f', process.argv[at + 1] ?? ''];
}

/** sshd(8) as a daemon: it reads its configuration at start and on HUP; -t and -T are the validator's. */
export const sshd: MachineProgram = async (process, machine) => {
  if (process.argv.some((arg) => /^-[a-zA-Z]*[tT]/.test(arg))) return (await validatorPrograms.sshd?.(process)) ?? 0;
  const refused = await judge(process, 'sshd', ['-t', ...fileFlags(process)]);
  if (refused !== 0) return refused;
  machine.state.sshdConfig = readSshdConfig(machine.files);
  // A real sshd that is told to read a bad configuration exits.
  const reload = async (): Promise<void> => {
    if ((await judge(process, 'sshd', ['-t'])) !== 0) process.kill(15);
    else machine.state.sshdConfig = readSshdConfig(machine.files);
  };
  return serve(process, () => void reload());
};

function configured(name: string, isCheck: RegExp, check: readonly string[]): MachineProgram {
  return async (process) => {
    if (process.argv.some((arg) => isCheck.test(arg))) return (await validatorPrograms[name]?.(process)) ?? 0;
    const refused = await judge(process, name, [...check, ...fileFlags(process)]);
    return refused === 0 ? serve(process, () => undefined) : refused;
  };
}

/** chronyd(8): -p is the validator's; as a daemon it refuses a configuration that it cannot read. */
export const chronyd = configured('chronyd', /^-p/, ['-p']);

/** rsyslogd(8): -N is the validator's. A real one starts with a faulty configuration too, as far as it understands it. */
export const rsyslogd: MachineProgram = async (process) => {
  if (process.argv.some((arg) => arg.startsWith('-N'))) return (await validatorPrograms.rsyslogd?.(process)) ?? 0;
  await judge(process, 'rsyslogd', ['-N1', ...fileFlags(process)]);
  return serve(process, () => undefined);
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
