import { type Credentials, ROOT } from '../disk/inode.ts';
import { encodeText, fromByteText, toByteText } from '../shell/byte-text.ts';
import { ExecError, run } from '../shell/execute.ts';
import { type OpenFile, Pipe, TextSource } from '../shell/open-file.ts';
import type { Process } from '../shell/process.ts';
import { credentialsOf, findUser } from './commands/accounts.ts';
import type { Machine } from './machine.ts';

/** A command for a machine's console. */
export interface ConsoleCommand {
  /** Argument vector; `['sh', '-s']` with a script as `stdin` runs a script. */
  argv: readonly string[];
  /** Text (sent as UTF-8) or bytes for standard input; empty unless given. */
  stdin?: string | Uint8Array;
  /** Login name; root unless given. */
  user?: string;
  /** Added to the login environment. */
  env?: Readonly<Record<string, string>>;
  cwd?: string;
}

/** What a command left. */
export interface ConsoleResult {
  exitCode: number;
  stdout: Uint8Array;
  stderr: Uint8Array;
}

/** Runs a command at a machine's console, without SSH. 126 and 127 as a shell gives them when it cannot start. */
export async function runAtConsole(machine: Machine, command: ConsoleCommand): Promise<ConsoleResult> {
  const user = findUser(machine, command.user ?? 'root');
  const credentials: Credentials = user ? credentialsOf(machine, user) : ROOT;
  const home = user?.home ?? '/';
  const environment = new Map([
    ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    ['HOME', home],
    ['USER', user?.name ?? 'root'],
    ['LOGNAME', user?.name ?? 'root'],
    ['SHELL', user?.shell ?? '/bin/sh'],
    ['LANG', 'C.UTF-8'],
    ...Object.entries(command.env ?? {}).map(([name, value]): [string, string] => [name, encodeText(value)]),
  ]);
  const output = new Pipe();
  const errors = new Pipe();
  const input =
    typeof command.stdin === 'string' ? encodeText(command.stdin) : toByteText(command.stdin ?? new Uint8Array(0));
  const files = new Map<number, OpenFile>([
    [0, new TextSource(input)],
    [1, output.writer],
    [2, errors.writer],
  ]);
  const argv = command.argv.map(encodeText);
  const name = argv[0] ?? 'sh';
  const origin = { kernel: machine, argv, environment, cwd: command.cwd ?? home, credentials, umask: 0o022, files };
  let started: { process: Process; exit: Promise<number> };
  try {
    started = run(origin, argv, { file: name.includes('/') ? name : `/usr/bin/${name}`, newSession: true });
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    return { exitCode: error.status, stdout: new Uint8Array(0), stderr: fromByteText(`${name}: ${error.message}\n`) };
  } finally {
    for (const file of files.values()) file.release();
  }
  const [stdout, stderr, exitCode] = await Promise.all([drain(output), drain(errors), started.exit]);
  return { exitCode, stdout: fromByteText(stdout), stderr: fromByteText(stderr) };
}

async function drain(pipe: Pipe): Promise<string> {
  const chunks: string[] = [];
  for (;;) {
    const chunk = await pipe.reader.read(1 << 20);
    if (chunk === '') return chunks.join('');
    chunks.push(chunk);
  }
}
