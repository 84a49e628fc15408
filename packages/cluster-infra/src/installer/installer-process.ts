import { mkdir, readFile } from 'node:fs/promises';
import type { FollowedProcess, ProcessRunner, WorkspaceFiles } from '@vmstation/core';
import { attachTo } from '@vmstation/remote';
import type { AnsibleCommand } from './ansible-command.ts';
import { InstallerRecord, judgeInstaller } from './installer-record.ts';

/** Where a started installer is noted until its end was judged, relative to the state directory. */
const noteFile = 'infra/installer.json';

/** A started installer whose end nobody has judged yet. */
interface InstallerNote {
  readonly pid: number;
  /** Tells this process from a later one with the same number. */
  readonly startToken: string;
  readonly inputHash: string;
  readonly logFile: string;
}

/** How an installer's run ended. `detached`: we stopped watching; it goes on. */
export type InstallerEnd =
  | { readonly ended: true; readonly exitCode: number; readonly record: InstallerRecord; readonly logFile: string }
  | { readonly ended: false; readonly logFile: string };

/** What a run of the installer needs. */
export interface InstallerRun {
  readonly processes: ProcessRunner;
  readonly files: WorkspaceFiles;
  readonly command: AnsibleCommand;
  readonly inputHash: string;
  /** Hosts that the recap must speak of. */
  readonly expected: readonly string[];
  /** Relative to the state directory. */
  readonly logFile: string;
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Runs the installer to its end. One that an earlier, killed run left behind is followed instead of started twice: with the same inputs its
 * end is ours; with other inputs it is waited for first. When the operator stops, it is left to itself: half an installation is worse than a
 * whole one. Throws what {@link ProcessRunner.follow} throws.
 */
export async function runInstaller(run: InstallerRun): Promise<InstallerEnd> {
  const earlier = await readNote(run.files);
  return (earlier === undefined ? undefined : await takeOver(run, earlier)) ?? startInstaller(run);
}

/** The end of an earlier installer where it can stand for ours. */
async function takeOver(run: InstallerRun, earlier: InstallerNote): Promise<InstallerEnd | undefined> {
  const token = await startTokenOf(run.processes, earlier.pid);
  const alive = token !== '' && token === earlier.startToken;
  const sameInputs = earlier.inputHash === run.inputHash;
  if (alive) run.tell(`an installer of an earlier run is still at work (process ${earlier.pid}); following it`);
  else if (!sameInputs) return undefined;
  const end = await followEarlier(run, earlier);
  if (end === undefined || !end.ended) return end;
  if (!sameInputs) return undefined;
  // A failure that nobody saw is history; only what goes on now, or ended well, is this run's.
  return alive || judgeInstaller(end.record, end.exitCode, run.expected).green ? end : undefined;
}

/** The end of the installer was judged: the next run starts a new one. */
export async function forgetInstaller(files: WorkspaceFiles): Promise<void> {
  await files.remove(noteFile);
}

async function startInstaller(run: InstallerRun): Promise<InstallerEnd> {
  const { processes, files, command, logFile } = run;
  await mkdir(files.resolve('infra/facts'), { recursive: true, mode: 0o700 });
  const record = new InstallerRecord(run.tell);
  const started = await processes.follow(command.argv, {
    env: command.env,
    cwd: command.cwd,
    logFile: files.resolve(logFile),
    onLine: (line) => record.read(line),
  });
  const note: InstallerNote = {
    pid: started.pid,
    startToken: await startTokenOf(processes, started.pid),
    inputHash: run.inputHash,
    logFile,
  };
  await files.write(noteFile, `${JSON.stringify(note)}\n`, { mode: 0o600 });
  return watch(run, started, record, logFile);
}

/** Undefined when it ended without leaving an exit status or its log is gone: then nothing is known of it. */
async function followEarlier(run: InstallerRun, note: InstallerNote): Promise<InstallerEnd | undefined> {
  if ((await run.files.read(note.logFile)) === undefined) return undefined;
  const record = new InstallerRecord(run.tell);
  const logFile = run.files.resolve(note.logFile);
  const started = attachTo({ pid: note.pid, logFile, onLine: (line) => record.read(line) });
  try {
    return await watch(run, started, record, note.logFile);
  } catch {
    run.tell(`the installer of an earlier run (process ${note.pid}) died without a word; starting again`);
    return undefined;
  }
}

async function watch(
  run: InstallerRun,
  started: FollowedProcess,
  record: InstallerRecord,
  logFile: string,
): Promise<InstallerEnd> {
  const stopped = Promise.withResolvers<'stopped'>();
  const stop = () => stopped.resolve('stopped');
  if (run.signal.aborted) stop();
  else run.signal.addEventListener('abort', stop, { once: true });
  try {
    const first = await Promise.race([started.exited, stopped.promise]);
    if (first !== 'stopped') return { ended: true, exitCode: first.exitCode, record, logFile };
    // Nobody waits for it any more; its end is judged by the next run.
    started.exited.catch(() => undefined);
    return { ended: false, logFile };
  } finally {
    run.signal.removeEventListener('abort', stop);
  }
}

async function readNote(files: WorkspaceFiles): Promise<InstallerNote | undefined> {
  const text = await files.read(noteFile);
  if (text === undefined) return undefined;
  try {
    const note = JSON.parse(text) as Partial<InstallerNote>;
    return typeof note.pid === 'number' && typeof note.logFile === 'string' ? (note as InstallerNote) : undefined;
  } catch {
    return undefined;
  }
}

/** When a process started, in the system's own words; '' when there is no such process. */
async function startTokenOf(processes: ProcessRunner, pid: number): Promise<string> {
  try {
    // proc(5): field 22 of stat, counted behind the name, which may hold blanks.
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    if (process.platform === 'linux') return '';
    const listed = await processes.run(['ps', '-o', 'lstart=', '-p', String(pid)], { timeoutMs: 5000 });
    return listed.stdout.trim();
  }
}
