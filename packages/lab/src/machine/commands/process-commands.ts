import { ExecError, type RunOptions, run, searchPath } from '../../shell/execute.ts';
import { DeviceFile, TextSource } from '../../shell/open-file.ts';
import type { Process, Program } from '../../shell/process.ts';
import { SIGNALS, signalName } from '../../shell/traps.ts';
import { parseArguments, parseOptions, UsageError } from './options.ts';
import { nameInMessage, quotedName } from './quoted-name.ts';

/** Starts a command found on PATH and gives its status; 127 or 126 with a message when it cannot start. */
export async function runCommand(process: Process, argv: string[], options: RunOptions = {}): Promise<number> {
  const started = await start(process, argv, options);
  return typeof started === 'number' ? started : process.interruptible(started.exit);
}

async function start(process: Process, argv: string[], options: RunOptions): Promise<ReturnType<typeof run> | number> {
  try {
    const environment = options.environment ?? process.environment;
    const file = options.file ?? searchPath(process, argv[0] ?? '', environment.get('PATH') ?? '/usr/bin:/bin');
    return run(process, argv, { ...options, file });
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    const why = error.status === 127 ? 'No such file or directory' : error.message;
    const what =
      process.name === 'setsid'
        ? `failed to execute ${argv[0] ?? ''}`
        : process.name === 'env'
          ? nameInMessage(argv[0] ?? '')
          : `failed to run command ${quotedName(argv[0] ?? '')}`;
    await process.err(`${process.name}: ${what}: ${why}\n`);
    return error.status;
  }
}

export const env: Program = async (process) => {
  const options = parseOptions(process, 'i ignore-environment u: unset= 0 null C: chdir= S: split-string=', {
    stopAtOperand: true,
  });
  const environment = new Map(options.has('i', 'ignore-environment') ? [] : process.environment);
  for (const name of options.values('u', 'unset')) environment.delete(name);
  const args = [...(options.value('S', 'split-string')?.split(/\s+/) ?? []), ...options.operands];
  while (args[0]?.includes('=')) {
    const [, name, value] = /^([^=]*)=(.*)$/s.exec(args.shift() as string) as unknown as [string, string, string];
    environment.set(name, value);
  }
  if (args.length > 0)
    return runCommand(process, args, { environment, cwd: process.path(options.value('C', 'chdir') ?? '.') });
  const end = options.has('0', 'null') ? '\0' : '\n';
  await process.out([...environment].map(([name, value]) => `${name}=${value}${end}`).join(''));
  return 0;
};

export const printenv: Program = async (process) => {
  const names = process.argv.slice(1);
  if (names.length === 0)
    await process.out([...process.environment].map(([name, value]) => `${name}=${value}\n`).join(''));
  let status = 0;
  for (const name of names) {
    const value = process.environment.get(name);
    if (value === undefined) status = 1;
    else await process.out(`${value}\n`);
  }
  return status;
};

/** Seconds from `10`, `0.5`, `5m`, `1h`, `1d`, `infinity`. NaN: not a duration. */
export function durationMs(text: string): number {
  if (text === 'infinity') return 2 ** 31 - 1;
  const match = /^(\d*\.?\d+)(ms|s|m|min|h|d)?$/.exec(text);
  const factor: Record<string, number> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
  return match ? Number(match[1]) * (factor[match[2] ?? 's'] as number) : Number.NaN;
}

export const sleep: Program = async (process) => {
  const { operands } = parseOptions(process, 'version');
  if (operands.length === 0) throw new UsageError('missing operand');
  const bad = operands.find((text) => Number.isNaN(durationMs(text)));
  if (bad !== undefined) throw new UsageError(`invalid time interval ${quotedName(bad)}`);
  const total = operands.reduce((sum, text) => sum + durationMs(text), 0);
  await process.interruptible(process.kernel.sleep(total));
  return 0;
};

export const timeout: Program = async (process) => {
  const options = parseOptions(process, 'k: kill-after= s: signal= foreground preserve-status v verbose', {
    stopAtOperand: true,
  });
  const [limit = '', ...argv] = options.operands;
  const milliseconds = durationMs(limit);
  if (argv.length === 0) throw new UsageError('missing operand');
  if (Number.isNaN(milliseconds)) throw new UsageError(`invalid time interval ${quotedName(limit)}`);
  const started = await start(process, argv, {});
  if (typeof started === 'number') return started;
  const name = signalName(options.value('s', 'signal') ?? 'TERM') ?? 'TERM';
  let expired = false;
  if (milliseconds > 0) {
    const expire = async (): Promise<void> => {
      await process.kernel.sleep(milliseconds);
      if (!process.kernel.processes.has(started.process.pid)) return;
      expired = true;
      killTree(started.process, SIGNALS[name] ?? 15);
    };
    void expire();
  }
  const status = await process.interruptible(started.exit);
  if (!expired || options.has('preserve-status')) return status;
  return name === 'KILL' ? 137 : 124;
};

function killTree(target: Process, signal: number): void {
  for (const one of target.kernel.processes.values()) if (one.parentPid === target.pid) killTree(one, signal);
  target.kill(signal);
}

export const nohup: Program = (process) => {
  const argv = process.argv.slice(1);
  return runCommand(process, argv, { ignoredSignals: new Set([...process.ignoredSignals, SIGNALS.HUP as number]) });
};

export const setsid: Program = async (process) => {
  const options = parseOptions(process, 'f fork w wait c ctty', { stopAtOperand: true });
  if (options.operands.length === 0) throw new UsageError('no command specified');
  const started = await start(process, options.operands, { newSession: true });
  if (typeof started === 'number') return started;
  return options.has('f', 'fork') ? 0 : process.interruptible(started.exit);
};

export const nice: Program = (process) => {
  const options = parseOptions(process, 'n: adjustment= c: p:', { stopAtOperand: true });
  return runCommand(process, options.operands);
};

export const stdbuf: Program = (process) => {
  const options = parseOptions(process, 'i: o: e: input= output= error=', { stopAtOperand: true });
  return runCommand(process, options.operands);
};

export const xargs: Program = async (process) => {
  const options = parseOptions(process, '0 null n: max-args= I: i:: r no-run-if-empty d: delimiter= t P: L: a: s: x', {
    stopAtOperand: true,
  });
  const text = await process.readAll();
  const replace = options.value('I') ?? (options.has('i') ? '{}' : undefined);
  const delimiter = options.has('0', 'null')
    ? '\0'
    : options.value('d', 'delimiter')?.replace('\\n', '\n').replace('\\0', '\0');
  const items = itemsOf(text, delimiter, replace !== undefined);
  const command = options.operands.length > 0 ? options.operands : ['echo'];
  const batches: string[][] = [];
  if (replace !== undefined)
    for (const item of items) batches.push(command.map((word) => word.replaceAll(replace, () => item)));
  else {
    const size = Number(options.value('n', 'max-args') ?? options.value('L') ?? 0) || Math.max(items.length, 1);
    for (let at = 0; at < items.length; at += size) batches.push([...command, ...items.slice(at, at + size)]);
    if (items.length === 0 && !options.has('r', 'no-run-if-empty')) batches.push([...command]);
  }
  let status = 0;
  for (const argv of batches) {
    const files = new Map([[0, new DeviceFile('null')]]);
    const result = await runCommand(process, argv, { files });
    if (result === 126 || result === 127) return result;
    if (result === 255) return 124;
    if (result !== 0) status = 123;
  }
  return status;
};

function itemsOf(text: string, delimiter: string | undefined, wholeLines: boolean): string[] {
  if (delimiter !== undefined)
    return (text.endsWith(delimiter) ? text.slice(0, -delimiter.length) : text)
      .split(delimiter)
      .filter((item, _index, all) => item !== '' || all.length > 1);
  if (wholeLines)
    return text
      .split('\n')
      .map((line) => line.trimStart())
      .filter(Boolean)
      .map(unquote);
  return (text.match(/(?:"[^"]*"|'[^']*'|\\[^]|[^\s"'\\])+/g) ?? []).map(unquote);
}

function unquote(text: string): string {
  return text.replace(
    /"([^"]*)"|'([^']*)'|\\([^])/g,
    (_all, double?: string, single?: string, escaped?: string) => double ?? single ?? escaped ?? '',
  );
}

export const flock: Program = async (process) => {
  const options = parseOptions(
    process,
    'n nb nonblock w: wait= timeout= x e exclusive s shared u unlock c: command= E: conflict-exit-code= o close F',
    { stopAtOperand: true },
  );
  const [target = '', ...rest] = options.operands;
  const descriptor =
    /^\d+$/.test(target) && rest.length === 0 && !options.has('c', 'command') ? Number(target) : undefined;
  const file =
    descriptor === undefined
      ? process.open(target, process.find(target) ? 'r' : 'a')
      : process.files.get(descriptor)?.retain();
  if (!file?.inode) return process.fail(`${target}: Bad file descriptor`, 1);
  if (options.has('u', 'unlock')) {
    LOCKS.delete(file.inode);
    file.release();
    return 0;
  }
  const owner = { alive: () => true };
  const waits = options.has('n', 'nb', 'nonblock')
    ? 0
    : durationMs(options.value('w', 'wait', 'timeout') ?? 'infinity');
  const deadline = process.kernel.now() + waits;
  while (LOCKS.get(file.inode)?.alive()) {
    if (process.kernel.now() >= deadline) {
      file.release();
      return Number(options.value('E', 'conflict-exit-code') ?? 1);
    }
    await process.interruptible(process.kernel.sleep(20));
  }
  const holder = descriptor === undefined ? process : process.kernel.processes.get(process.parentPid);
  owner.alive = () => holder !== undefined && process.kernel.processes.has(holder.pid);
  LOCKS.set(file.inode, owner);
  file.release();
  if (descriptor !== undefined) return 0;
  const command = options.value('c', 'command');
  const argv = command === undefined ? (rest[0] === '-c' ? ['/bin/sh', ...rest] : rest) : ['/bin/sh', '-c', command];
  return runCommand(process, argv);
};

/** Advisory locks, by inode: held while their owner is alive. */
const LOCKS = new WeakMap<object, { alive: () => boolean }>();

/** Whether somebody holds an advisory lock on this inode. */
export function isLocked(inode: object): boolean {
  return LOCKS.get(inode)?.alive() ?? false;
}

export const ps: Program = async (process) => {
  const all = [...process.kernel.processes.values()];
  const options = parseArguments(
    process.argv.slice(1).map((arg) => (arg.startsWith('-') ? arg : `-${arg}`)),
    'e A a u x f w p: pid= o: format= C: no-headers h ax',
  );
  const wanted = options.value('p', 'pid');
  const name = options.value('C');
  const chosen = all.filter(
    (one) =>
      (wanted === undefined || wanted.split(',').includes(String(one.pid))) &&
      (name === undefined || one.name === name),
  );
  const columns = (options.value('o', 'format') ?? 'pid,args').split(',');
  const cell = (one: Process, column: string): string =>
    ({
      pid: String(one.pid),
      ppid: String(one.parentPid),
      comm: one.name,
      user: String(one.credentials.uid),
      args: one.argv.join(' '),
      cmd: one.argv.join(' '),
      etimes: String(Math.floor((process.kernel.now() - one.startedMs) / 1000)),
      stat: 'S',
    })[column.replace('=', '')] ?? '-';
  if (!columns.every((column) => column.endsWith('=')) && !options.has('no-headers', 'h'))
    await process.out(`${columns.map((column) => column.toUpperCase()).join(' ')}\n`);
  for (const one of chosen) await process.out(`${columns.map((column) => cell(one, column)).join(' ')}\n`);
  return chosen.length > 0 ? 0 : 1;
};

export const pgrep: Program = async (process) => {
  const options = parseOptions(process, 'f x u: l a signal=');
  const expression = new RegExp(options.has('x') ? `^(?:${options.operands[0]})$` : (options.operands[0] ?? ''));
  const found = [...process.kernel.processes.values()].filter(
    (one) => one !== process && expression.test(options.has('f') ? one.argv.join(' ') : one.name),
  );
  for (const one of found) {
    if (process.name === 'pkill') one.kill(SIGNALS[signalName(options.value('signal') ?? 'TERM') ?? 'TERM'] ?? 15);
    else await process.out(`${one.pid}${options.has('l', 'a') ? ` ${one.name}` : ''}\n`);
  }
  return found.length > 0 ? 0 : 1;
};

export const killProgram: Program = async (process) => {
  const args = process.argv.slice(1);
  const signal = /^-[A-Z0-9]+$/.test(args[0] ?? '')
    ? (SIGNALS[signalName((args.shift() as string).slice(1)) ?? ''] ?? 0)
    : 15;
  let status = 0;
  for (const arg of args) {
    const target = process.kernel.processes.get(Number(arg));
    if (target) target.kill(signal);
    else status = await process.fail(`(${arg}): No such process`);
  }
  return status;
};

export const yes: Program = async (process) => {
  const line = `${process.argv.slice(1).join(' ') || 'y'}\n`;
  for (;;) await process.out(line.repeat(512));
};

/** A descriptor map that feeds `text` on standard input. */
export function fromText(text: string): Map<number, TextSource> {
  return new Map([[0, new TextSource(text)]]);
}
