import { ROOT } from '../../disk/inode.ts';
import { ExecError, run, searchPath } from '../../shell/execute.ts';
import type { Process } from '../../shell/process.ts';
import type { Machine } from '../machine.ts';
import { credentialsOf, findUser, readGroups, type UserEntry } from './accounts.ts';
import type { MachineProgram } from './machine-program.ts';
import { parseOptions } from './options.ts';

/** One user specification of sudoers(5), as far as it is modelled: who, as whom, with or without a password, which commands. */
export interface SudoRule {
  who: string;
  runAs: string;
  noPassword: boolean;
  commands: string[];
}

/** Reads /etc/sudoers and its include folders. A file with a fault is ignored whole, as sudo refuses it. */
export function readSudoers(machine: Pick<Machine, 'files'>): SudoRule[] {
  const rules = parseSudoers(machine.files.read('/etc/sudoers') ?? '').rules;
  const included = machine.files.list('/etc/sudoers.d').filter((name) => !name.includes('.') && !name.endsWith('~'));
  for (const name of included) {
    const { rules: more, fault } = parseSudoers(machine.files.read(`/etc/sudoers.d/${name}`) ?? '');
    if (!fault) rules.push(...more);
  }
  return rules;
}

/** Reads sudoers text; `fault` is the line number of the first line that is not understood. */
export function parseSudoers(text: string): { rules: SudoRule[]; fault: number | undefined } {
  const rules: SudoRule[] = [];
  const lines = text.replace(/\\\n/g, ' ').split('\n');
  for (const [index, raw] of lines.entries()) {
    const line = raw.replace(/(^|\s)#(?!include).*$/, '').trim();
    if (line === '' || /^(Defaults|@include|#include|\w+_Alias\b)/.test(line)) continue;
    const match = /^(\S+)\s+(\S+)\s*=\s*(?:\(([^)]*)\))?\s*((?:\w+:\s*)*)(.+)$/.exec(line);
    if (!match) return { rules, fault: index + 1 };
    const [, who = '', , runAs = 'root', tags = '', commands = ''] = match;
    if (
      /[A-Z]+:/.test(tags) &&
      !/^((NO)?(PASSWD|EXEC|SETENV|LOG_INPUT|LOG_OUTPUT|MAIL|FOLLOW|INTERCEPT)|SETENV):/.test(tags.trim())
    )
      return { rules, fault: index + 1 };
    rules.push({
      who,
      runAs: runAs.split(':')[0] ?? 'root',
      noPassword: tags.includes('NOPASSWD:'),
      commands: commands.split(',').map((one) => one.trim()),
    });
  }
  return { rules, fault: undefined };
}

function ruleFor(machine: Machine, user: UserEntry, path: string): SudoRule | undefined {
  const groups = readGroups(machine).filter((group) => group.members.includes(user.name) || group.gid === user.gid);
  return readSudoers(machine).findLast(({ who, commands }) => {
    const isMeant = who === 'ALL' || who === user.name || groups.some((group) => who === `%${group.name}`);
    return isMeant && commands.some((command) => command === 'ALL' || command.split(' ')[0] === path);
  });
}

/** sudo(8): -n, -S, -u, -k, -v, -l, -E, -H, -i, -s, environment assignments. */
export const sudo: MachineProgram = async (process, machine) => {
  const options = parseOptions(
    process,
    'n non-interactive S stdin u: user= g: group= k reset-timestamp K v validate l list E preserve-env:: H set-home i login s shell p: prompt= A b C: r: t: V version',
    { stopAtOperand: true },
  );
  if (options.has('V', 'version')) {
    await process.out('Sudo version 1.9.13p3\n');
    return 0;
  }
  const caller = findUser(machine, String(process.credentials.uid));
  const target = findUser(machine, (options.value('u', 'user') ?? 'root').replace(/^#/, ''));
  if (!caller || !target) return process.fail(`unknown user ${options.value('u', 'user') ?? process.credentials.uid}`);
  const { argv, assignments } = leadingAssignments(options.operands);
  const shell = options.has('i', 'login', 's', 'shell');
  const path = argv.length > 0 ? locate(process, argv[0] as string) : target.shell;
  const refusal = await refused(process, machine, caller, target, path ?? argv[0] ?? '', {
    never: options.has('n', 'non-interactive'),
    stdin: options.has('S', 'stdin'),
    prompt: options.value('p', 'prompt'),
  });
  if (refusal !== undefined) return refusal;
  if (options.has('v', 'validate', 'k', 'reset-timestamp', 'K') && argv.length === 0) return 0;
  if (options.has('l', 'list')) {
    await process.out(
      `User ${caller.name} may run the following commands on ${machine.state.hostname}:\n    (ALL) ALL\n`,
    );
    return 0;
  }
  if (argv.length === 0 && !shell) return process.fail('a command must be given');
  const command = shell
    ? [
        options.has('i', 'login') ? `-${target.shell.split('/').pop()}` : target.shell,
        ...(argv.length > 0 ? ['-c', argv.map(quote).join(' ')] : []),
      ]
    : argv;
  const kept = options.has('E')
    ? process.environment
    : new Map([...process.environment].filter(([name]) => /^(TERM|LANG|LC_.*|DISPLAY|TZ)$/.test(name)));
  const environment = new Map([
    ...kept,
    ...identity(target, options.has('E') ? (process.environment.get('HOME') ?? target.home) : target.home),
    ['SUDO_USER', caller.name],
    ['SUDO_UID', String(caller.uid)],
    ['SUDO_GID', String(caller.gid)],
    ['SUDO_COMMAND', argv.join(' ')],
    ...assignments,
  ]);
  return start(
    process,
    command,
    shell ? target.shell : path,
    environment,
    target,
    machine,
    options.has('i', 'login') ? target.home : process.cwd,
  );
};

/** `NAME=value` words before the command, apart from it. */
function leadingAssignments(operands: readonly string[]): { argv: string[]; assignments: Map<string, string> } {
  const assignments = new Map<string, string>();
  const argv = [...operands];
  while (/^[A-Za-z_]\w*=/.test(argv[0] ?? '')) {
    const word = argv.shift() as string;
    assignments.set(word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1));
  }
  return { argv, assignments };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const SECURE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function identity(target: UserEntry, home: string): [string, string][] {
  return [
    ['PATH', SECURE_PATH],
    ['HOME', home],
    ['USER', target.name],
    ['LOGNAME', target.name],
    ['SHELL', target.shell],
  ];
}

function locate(process: Process, name: string): string | undefined {
  try {
    return searchPath(process, name, SECURE_PATH);
  } catch (error) {
    if (error instanceof ExecError) return undefined;
    throw error;
  }
}

async function refused(
  process: Process,
  machine: Machine,
  caller: UserEntry,
  target: UserEntry,
  path: string,
  how: { never: boolean; stdin: boolean; prompt: string | undefined },
): Promise<number | undefined> {
  if (caller.uid === 0) return undefined;
  const rule = machine.faults.noSudo ? undefined : ruleFor(machine, caller, path);
  if (rule && (rule.runAs === 'ALL' || rule.runAs === target.name)) {
    if (rule.noPassword) return undefined;
    return askPassword(process, machine, caller, how);
  }
  if (how.never) return process.fail('a password is required');
  return process.fail(`${caller.name} is not in the sudoers file.`);
}

async function askPassword(
  process: Process,
  machine: Machine,
  caller: UserEntry,
  how: { never: boolean; stdin: boolean; prompt: string | undefined },
): Promise<number | undefined> {
  if (how.never) return process.fail('a password is required');
  const isTerminal = process.files.get(0)?.isTerminal ?? false;
  if (!how.stdin && !isTerminal)
    return process.fail(
      'a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper\nsudo: a password is required',
    );
  const wanted = passwordOf(machine, caller.name);
  const attempts = 3;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    await process.err(how.prompt ?? `[sudo] password for ${caller.name}: `);
    const line = await process.readLine();
    if (wanted !== undefined && line.replace(/\n$/, '') === wanted) return undefined;
    if (line === '')
      return process.fail(
        attempt === 1
          ? 'no password was provided'
          : `${attempt - 1} incorrect password attempt${attempt > 2 ? 's' : ''}`,
      );
    await process.err('Sorry, try again.\n');
  }
  return process.fail(`${attempts} incorrect password attempts`);
}

/** A user's password in the lab's scheme of /etc/shadow; undefined: none is set, or it is locked. */
export function passwordOf(machine: Pick<Machine, 'files'>, name: string): string | undefined {
  const field = (machine.files.read('/etc/shadow') ?? '')
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.split(':')[1];
  return field?.startsWith('$lab$') ? field.slice(5) : undefined;
}

async function start(
  process: Process,
  argv: string[],
  file: string | undefined,
  environment: Map<string, string>,
  target: UserEntry,
  machine: Machine,
  cwd: string,
): Promise<number> {
  if (file === undefined) return process.fail(`${argv[0]}: command not found`);
  try {
    const credentials = target.uid === 0 ? { ...ROOT } : credentialsOf(machine, target);
    const { exit } = run(process, argv, { file, environment, credentials, cwd });
    return await process.interruptible(exit);
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    return process.fail(`${argv[0]}: command not found`);
  }
}

/** su(1): for root to become somebody, or with that user's password on a terminal. */
export const su: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'c: command= l login s: shell= m p preserve-environment');
  const operands = options.operands.filter((arg) => arg !== '-');
  const target = findUser(machine, operands[0] ?? 'root');
  if (!target)
    return process.fail(
      `user ${operands[0]} does not exist or the user entry does not contain all the required fields`,
    );
  if (process.credentials.uid !== 0) return process.fail('Authentication failure');
  const login = options.has('l', 'login') || options.operands.includes('-');
  const shell = options.value('s', 'shell') ?? target.shell;
  const command = options.value('c', 'command');
  const argv = [
    login ? `-${shell.split('/').pop()}` : shell,
    ...(command === undefined ? [] : ['-c', command]),
    ...operands.slice(1),
  ];
  const environment = new Map([...(login ? [] : process.environment), ...identity(target, target.home)]);
  return start(process, argv, shell, environment, target, machine, login ? target.home : process.cwd);
};
