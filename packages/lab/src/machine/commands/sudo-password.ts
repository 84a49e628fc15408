import type { Process } from '../../shell/process.ts';
import type { Machine } from '../machine.ts';
import type { UserEntry } from './accounts.ts';

/** How sudo was told to ask. */
export interface Asking {
  /** `-n`. */
  readonly never: boolean;
  /** `-S`. */
  readonly stdin: boolean;
  /** `-p`. */
  readonly prompt: string | undefined;
  /** `-k` with a command: a cached login counts for nothing, and none is made. */
  readonly afresh: boolean;
}

const cachedMs = 15 * 60_000;
const needsTerminal =
  'a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper\nsudo: a password is required';

/** Logins that sudo remembers, by user and session (the real one goes by the parent process where there is no terminal); gone with the machine's boot. */
const caches = new WeakMap<object, Map<string, number>>();

function cacheOf(machine: Machine): Map<string, number> {
  const cache = caches.get(machine) ?? new Map<string, number>();
  caches.set(machine, cache);
  return cache;
}

function cacheKey(process: Process, machine: Machine, caller: UserEntry): string {
  return `${machine.state.bootId} ${caller.uid} ${process.session}`;
}

/** `sudo -k` alone, and `-K`: the next sudo asks again. Returns the exit status. */
export function forgetLogin(process: Process, machine: Machine, caller: UserEntry): number {
  cacheOf(machine).delete(cacheKey(process, machine, caller));
  return 0;
}

/** Asks for a password as sudo and pam_unix do, with their words; undefined when it was the right one, else the exit status. */
export async function askPassword(
  process: Process,
  machine: Machine,
  caller: UserEntry,
  how: Asking,
): Promise<number | undefined> {
  const cache = cacheOf(machine);
  const key = cacheKey(process, machine, caller);
  const sinceMs = cache.get(key);
  if (!how.afresh && sinceMs !== undefined && process.kernel.now() - sinceMs < cachedMs) return undefined;
  if (how.never) return process.fail('a password is required');
  const isTerminal = process.files.get(0)?.isTerminal ?? false;
  if (!how.stdin && !isTerminal) return process.fail(needsTerminal);
  const wanted = passwordOf(machine, caller.name);
  const prompt = promptOf(how.prompt ?? '[sudo] password for %p: ', machine, caller);
  const tries = triesOf(machine, caller);
  let wrong = 0;
  while (wrong < tries) {
    await process.err(prompt);
    const line = await readAnswer(process);
    if (line === undefined) {
      await process.err('\nsudo: no password was provided\n');
      break;
    }
    if (wanted !== undefined && line === wanted) {
      if (!how.afresh) cache.set(key, process.kernel.now());
      return undefined;
    }
    wrong += 1;
    if (wrong < tries) await process.err('Sorry, try again.\n');
  }
  return process.fail(
    wrong === 0 ? 'a password is required' : `${wrong} incorrect password attempt${wrong > 1 ? 's' : ''}`,
  );
}

/** A line as sudo reads it: byte by byte, to a line feed or a carriage return. Undefined at the end of the input. */
async function readAnswer(process: Process): Promise<string | undefined> {
  let line = '';
  for (;;) {
    const next = await process.read(0, 1);
    if (next === '') return line === '' ? undefined : line;
    if (next === '\n' || next === '\r') return line;
    line += next;
  }
}

function promptOf(prompt: string, machine: Machine, { name }: UserEntry): string {
  const host = machine.state.hostname;
  const words: Readonly<Record<string, string>> = { p: name, u: name, U: 'root', h: host, H: host, '%': '%' };
  return prompt.replace(/%([puUhH%])/g, (_, letter: string) => words[letter] ?? '');
}

function triesOf(machine: Machine, caller: UserEntry): number {
  return Number(/^passwd_tries\s*=\s*(\d+)$/.exec(sudoDefault(machine, caller, 'passwd_tries') ?? '')?.[1] ?? 3);
}

/** The last setting of that name for everybody or this user, such as `requiretty` or `passwd_tries=1`; undefined: there is none. */
export function sudoDefault(
  machine: Pick<Machine, 'files'>,
  { name: user }: UserEntry,
  name: string,
): string | undefined {
  const included = machine.files.list('/etc/sudoers.d').filter((file) => !file.includes('.') && !file.endsWith('~'));
  const texts = ['/etc/sudoers', ...included.toSorted().map((file) => `/etc/sudoers.d/${file}`)];
  return texts
    .flatMap((path) => (machine.files.read(path) ?? '').split('\n'))
    .map((line) => /^Defaults(?::(\S+))?\s+(.*)$/.exec(line))
    .flatMap((found) => (found?.[1] === undefined || found[1] === user ? (found?.[2]?.split(',') ?? []) : []))
    .map((setting) => setting.trim())
    .findLast((setting) => setting.replace(/^!/, '').split(/[\s=]/)[0] === name);
}

/** A user's password in the lab's scheme of /etc/shadow; undefined: none is set, or it is locked. */
export function passwordOf(machine: Pick<Machine, 'files'>, name: string): string | undefined {
  const field = (machine.files.read('/etc/shadow') ?? '')
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.split(':')[1];
  return field?.startsWith('$lab$') ? field.slice(5) : undefined;
}
