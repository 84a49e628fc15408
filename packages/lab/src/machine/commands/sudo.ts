import { ROOT } from '../../disk/inode.ts';
import { ExecError, run, searchPath } from '../../shell/execute.ts';
import type { Process } from '../../shell/process.ts';
import type { Machine } from '../machine.ts';
import { credentialsOf, findUser, readGroups, type UserEntry } from './accounts.ts';
import type { MachineProgram } from './machine-program.ts';
import { parseOptions } from './options.ts';
import { type Asking, askPassword, forgetLogin, sudoDefault } from './sudo-password.ts';

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
  const forgets = options.has('k', 'reset-timestamp', 'K');
  const startsNothing = argv.length === 0 && !shell && !options.has('v', 'validate', 'l', 'list');
  if (forgets && startsNothing) return forgetLogin(process, machine, caller);
  const path = argv.length > 0 ? locate(process, argv[0] as string) : target.shell;
  const refusal = await refused(process, machine, caller, target, path ?? argv[0] ?? '', {
    never: options.has('n', 'non-interactive'),
    stdin: options.has('S', 'stdin'),
    prompt: options.value('p', 'prompt'),
    afresh: forgets,
  });
  if (refusal !== undefined) return refusal;
  if (options.has('v', 'validate') && argv.length === 0) return 0;
  if (options.has('l', 'list')) return listRights(process, machine, caller);
  if (startsNothing) return process.fail('a command must be given');
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

async function listRights(process: Process, machine: Machine, { name }: UserEntry): Promise<number> {
  await process.out(`User ${name} may run the following commands on ${machine.state.hostname}:\n    (ALL) ALL\n`);
  return 0;
}

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
  how: Asking,
): Promise<number | undefined> {
  if (caller.uid === 0) return undefined;
  const isTerminal = process.files.get(0)?.isTerminal ?? false;
  if (sudoDefault(machine, caller, 'requiretty') === 'requiretty' && !isTerminal)
    return process.fail('sorry, you must have a tty to run sudo');
  const rule = machine.faults.noSudo ? undefined : ruleFor(machine, caller, path);
  const mayRun = rule !== undefined && (rule.runAs === 'ALL' || rule.runAs === target.name);
  if (mayRun && rule.noPassword) return undefined;
  const refusal = await askPassword(process, machine, caller, how);
  if (refusal !== undefined || mayRun) return refusal;
  // Who has no right is told so only after the password, and not in sudo's own name.
  await process.err(`${caller.name} is not in the sudoers file.\n`);
  return 1;
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
