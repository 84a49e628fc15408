import { mkdir } from 'node:fs/promises';
import type { FollowedProcess, ProcessRunner, WorkspaceFiles } from '@vmstation/core';
import { attachTo, findFollowed } from '@vmstation/remote';
import type { AnsibleCommand } from './ansible-command.ts';
import type { AnsibleEvent } from './ansible-events.ts';
import { InstallerRecord, judgeInstaller } from './installer-record.ts';

/** Where Kubespray, once started, is noted until its end was judged, relative to the state directory. */
const kubesprayNote = 'infra/installer.json';

const graceMs = 500;

/** An installer that is started now, or was and nobody has judged its end yet. */
interface InstallerNote {
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
  readonly tell: (line: string, event?: AnsibleEvent) => void;
  readonly signal: AbortSignal;
  /** Where it is noted until its end was judged, relative to the state directory; left out: Kubespray's. */
  readonly noteFile?: string;
}

/**
 * Runs the installer to its end. One that an earlier, killed run left behind is followed instead of started twice: with the same inputs its
 * end is ours; with other inputs it is waited for first. When the operator stops, it is left to itself: half an installation is worse than a
 * whole one. Throws what {@link ProcessRunner.follow} throws.
 */
export async function runInstaller(run: InstallerRun): Promise<InstallerEnd> {
  const earlier = await readNote(run.files, noteOf(run));
  return (earlier === undefined ? undefined : await takeOver(run, earlier)) ?? startInstaller(run);
}

/** The end of an earlier installer where it can stand for ours. */
async function takeOver(run: InstallerRun, earlier: InstallerNote): Promise<InstallerEnd | undefined> {
  const found = await started(run.files.resolve(earlier.logFile));
  if (found === undefined) return undefined;
  const { pid, alive } = found;
  const sameInputs = earlier.inputHash === run.inputHash;
  if (alive) run.tell(`an installer of an earlier run is still at work (process ${pid}); following it`);
  else if (!sameInputs) return undefined;
  const end = await followEarlier(run, earlier, pid);
  if (end === undefined || !end.ended) return end;
  if (!sameInputs) return undefined;
  // A failure that nobody saw is history; only what goes on now, or ended well, is this run's.
  return alive || judgeInstaller(end.record, end.exitCode, run.expected).green ? end : undefined;
}

/** The end of the installer was judged: the next run starts a new one. */
export async function forgetInstaller(files: WorkspaceFiles, noteFile = kubesprayNote): Promise<void> {
  await files.remove(noteFile);
}

function noteOf(run: InstallerRun): string {
  return run.noteFile ?? kubesprayNote;
}

async function startInstaller(run: InstallerRun): Promise<InstallerEnd> {
  const { processes, files, command, logFile } = run;
  await mkdir(files.resolve('infra/facts'), { recursive: true, mode: 0o700 });
  // Noted before it starts: whoever kills us in between must not make the next run start a second one.
  const note: InstallerNote = { inputHash: run.inputHash, logFile };
  await files.write(noteOf(run), `${JSON.stringify(note)}\n`, { mode: 0o600 });
  const record = new InstallerRecord(run.tell);
  const installer = await processes.follow(command.argv, {
    env: command.env,
    cwd: command.cwd,
    logFile: files.resolve(logFile),
    onLine: (line) => record.read(line),
  });
  return watch(run, installer, record, logFile);
}

/** Undefined when it ended without leaving an exit status or its log is gone: then nothing is known of it. */
async function followEarlier(run: InstallerRun, note: InstallerNote, pid: number): Promise<InstallerEnd | undefined> {
  if ((await run.files.read(note.logFile)) === undefined) return undefined;
  const record = new InstallerRecord(run.tell);
  const logFile = run.files.resolve(note.logFile);
  try {
    const installer = attachTo({ pid, logFile, onLine: (line) => record.read(line) });
    return await watch(run, installer, record, note.logFile);
  } catch {
    run.tell(`the installer of an earlier run (process ${pid}) died without a word; starting again`);
    return undefined;
  }
}

async function watch(
  run: InstallerRun,
  installer: FollowedProcess,
  record: InstallerRecord,
  logFile: string,
): Promise<InstallerEnd> {
  const stopped = Promise.withResolvers<'stopped'>();
  const stop = () => stopped.resolve('stopped');
  if (run.signal.aborted) stop();
  else run.signal.addEventListener('abort', stop, { once: true });
  try {
    const first = await Promise.race([installer.exited, stopped.promise]);
    if (first !== 'stopped') return { ended: true, exitCode: first.exitCode, record, logFile };
    // Nobody waits for it any more; its end is judged by the next run.
    installer.exited.catch(() => undefined);
    return { ended: false, logFile };
  } finally {
    run.signal.removeEventListener('abort', stop);
  }
}

async function readNote(files: WorkspaceFiles, noteFile: string): Promise<InstallerNote | undefined> {
  const text = await files.read(noteFile);
  if (text === undefined) return undefined;
  try {
    const note = JSON.parse(text) as Partial<InstallerNote>;
    return typeof note.logFile === 'string' ? (note as InstallerNote) : undefined;
  } catch {
    return undefined;
  }
}

/** The process behind an installer's log. One that was started a moment ago may not have said yet who it is. */
async function started(logFile: string): ReturnType<typeof findFollowed> {
  const found = await findFollowed(logFile);
  if (found !== undefined) return found;
  await new Promise((resolve) => setTimeout(resolve, graceMs));
  return findFollowed(logFile);
}
