import type { ServerChannel, Session } from 'ssh2';
import { credentialsOf, type UserEntry } from '../machine/commands/accounts.ts';
import type { Machine } from '../machine/machine.ts';
import { encodeText } from '../shell/byte-text.ts';
import { ExecError, run } from '../shell/execute.ts';
import type { OpenFile } from '../shell/open-file.ts';
import type { Process } from '../shell/process.ts';
import { ChannelOutput, channelInput, TerminalInput } from './channel-files.ts';

/** What a session needs besides the machine. */
export interface SessionOptions {
  readonly machine: Machine;
  readonly user: UserEntry;
  /** Makes the effects of a command durable; its exit status is sent only afterwards. */
  readonly afterCommand: () => void;
}

/** Signal numbers by their SSH names (RFC 4254 section 6.10). */
const signalNumbers: Readonly<Record<string, number>> = { HUP: 1, INT: 2, QUIT: 3, KILL: 9, TERM: 15 };

/** Serves one session: a command, or a login shell, with or without a terminal. */
export function serveSession(session: Session, options: SessionOptions): void {
  let terminal = false;
  session.on('pty', (accept) => {
    terminal = true;
    accept?.();
  });
  session.on('env', (accept) => accept?.());
  session.on('window-change', (accept) => accept?.());
  session.on('exec', (accept, _reject, info) => {
    void runInChannel(accept(), ['-c', `${startUp(options)}${encodeText(info.command)}`], terminal, options);
  });
  session.on('shell', (accept) => {
    void runInChannel(accept(), terminal ? ['-i'] : [], terminal, options);
  });
}

/** Bash as distributions build it reads `.bashrc` when sshd starts it, also for one command (SSH_SOURCE_BASHRC). */
function startUp({ machine, user }: SessionOptions): string {
  const file = `${user.home}/.bashrc`;
  return user.shell.endsWith('/bash') && machine.files.find(file) !== undefined ? `. ${file}; ` : '';
}

async function runInChannel(
  channel: ServerChannel,
  args: readonly string[],
  terminal: boolean,
  options: SessionOptions,
): Promise<void> {
  const { machine, user } = options;
  let process: Process | undefined;
  // Without a terminal sshd ends nothing: what nobody listens to any more runs on.
  if (terminal) channel.on('close', () => process?.kill(1));
  // Not in the type, but the channel emits it for a client's signal request.
  (channel as unknown as NodeJS.EventEmitter).on('signal', (name: string) => process?.kill(signalNumbers[name] ?? 15));
  let exitCode: number;
  try {
    if (machine.faults.slowMs !== undefined) await machine.sleep(machine.faults.slowMs);
    const files = channelFiles(channel, terminal, () => interruptForeground(machine, process));
    const started = run(loginOrigin(machine, user, files), [user.shell, ...args], { newSession: true });
    process = started.process;
    for (const file of files.values()) file.release();
    exitCode = await started.exit;
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    channel.stderr.write(`${user.shell}: ${error.message}\n`);
    exitCode = error.status;
  }
  options.afterCommand();
  if (!channel.writable) return;
  channel.exit(exitCode);
  channel.end();
}

function channelFiles(channel: ServerChannel, terminal: boolean, onInterrupt: () => void): Map<number, OpenFile> {
  if (terminal) {
    const output = new ChannelOutput(channel, true);
    return new Map<number, OpenFile>([
      [0, new TerminalInput(channel, onInterrupt)],
      [1, output],
      [2, output.retain()],
    ]);
  }
  return new Map<number, OpenFile>([
    [0, channelInput(channel)],
    [1, new ChannelOutput(channel, false)],
    [2, new ChannelOutput(channel.stderr, false)],
  ]);
}

/** Ctrl-C reaches what the shell runs, not the shell itself. */
function interruptForeground(machine: Machine, shell: Process | undefined): void {
  if (shell === undefined) return;
  for (const process of machine.processes.values())
    if (process.session === shell.session && process !== shell) process.kill(2);
}

/** What sshd starts a session's shell from. */
export function loginOrigin(
  machine: Machine,
  user: UserEntry,
  files: Map<number, OpenFile>,
): Parameters<typeof run>[0] {
  const environment = new Map([
    ['USER', user.name],
    ['LOGNAME', user.name],
    ['HOME', user.home],
    ['SHELL', user.shell],
    ['LANG', 'C.UTF-8'],
    [
      'PATH',
      user.uid === 0
        ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
        : '/usr/local/bin:/usr/bin:/bin:/usr/games',
    ],
  ]);
  return {
    kernel: machine,
    argv: [user.shell],
    environment,
    cwd: user.home,
    credentials: credentialsOf(machine, user),
    umask: 0o022,
    files,
  };
}
