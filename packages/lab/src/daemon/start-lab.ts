import { spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError, type Cluster } from '@vmstation/core';
import { makePrivateFolder, quoteArguments, sshKeygen } from '@vmstation/remote';
import { writeWhole } from '../disk/write-whole.ts';
import { prepareHosts, removeLeftovers, wipeHosts } from '../hosts/prepare-hosts.ts';
import { askLab, labAnswers } from './lab-client.ts';
import { type LabPaths, labPaths } from './lab-paths.ts';
import type { LabProvider, LabStatus } from './lab-protocol.ts';
import { livingProcess } from './pid-file.ts';
import { unlinkWorkspace } from './workspace-links.ts';

/** Only to end what hangs: a busy computer is no reason to give up. Real machines power off in order. */
const patience = {
  embedded: { startMs: 180_000, stopMs: 30_000, endMs: 10_000 },
  hosts: { startMs: 180_000, stopMs: 60_000, endMs: 30_000 },
} as const;
const pollMs = 50;

/** What a lab is started with. */
export interface LabStart {
  readonly workspaceRoot: string;
  readonly cluster: Cluster;
  /** Who plays the machines; by default the provider of last time. */
  readonly provider?: LabProvider;
  /** What takes long, while it does. */
  readonly say?: (line: string) => void;
  /** Command line that runs {@link runLab}; the workspace is appended. */
  readonly daemon: readonly string[];
  /** Command line that runs {@link runLabInstaller}; workspace and ansible-playbook's arguments are appended. */
  readonly installer: readonly string[];
}

/** Who plays the machines of a workspace's lab, by its last start. */
export function rememberedProvider(paths: LabPaths): LabProvider {
  return existsSync(paths.providerFile) && readFileSync(paths.providerFile, 'utf8').trim() === 'hosts'
    ? 'hosts'
    : 'embedded';
}

/**
 * Starts the lab of a workspace in the background, unless it runs. Throws lab/not-started, lab/other-provider, ssh/client-missing, and for
 * real machines lab/needs-debian, lab/needs-root, lab/no-apt-source, lab/host-command-failed.
 */
export async function startLab(start: LabStart): Promise<LabStatus> {
  const paths = labPaths(start.workspaceRoot);
  const provider = start.provider ?? rememberedProvider(paths);
  if (await labAnswers(paths)) return sameProvider(await askLab(paths, 'status', {}), provider);
  if (provider === 'hosts') await prepareHosts(start.workspaceRoot, start.say ?? (() => undefined));
  makePrivateFolder(paths.labDir);
  await endLeftover(paths);
  writeWhole(paths.providerFile, `${provider}\n`);
  await sshKeygen(paths.operatorKeyFile, 'vmstation lab operator');
  writeWhole(paths.modelFile, JSON.stringify(start.cluster));
  writeInstaller(paths, start);
  const log = openSync(paths.logFile, 'a', 0o600);
  const [program = process.execPath, ...args] = start.daemon;
  const child = spawn(program, [...args, start.workspaceRoot], { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = { code: undefined as number | undefined };
  child.once('error', () => {
    ended.code = 127;
  });
  child.once('exit', (code) => {
    ended.code = code ?? 255;
  });
  child.unref();
  const { startMs } = patience[provider];
  const deadline = Date.now() + startMs;
  while (!(await labAnswers(paths))) {
    if (ended.code !== undefined || Date.now() > deadline) throw notStarted(paths, ended.code, startMs);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return askLab(paths, 'status', {});
}

/** Stops the lab; disks and objects stay. Returns false when none ran. */
export async function stopLab(paths: LabPaths): Promise<boolean> {
  const running = await labAnswers(paths);
  if (running) await askLab(paths, 'stop', {});
  const deadline = Date.now() + (running ? patience[rememberedProvider(paths)].stopMs : 0);
  while (Date.now() < deadline && (await livingProcess(paths.pidFile)) !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  await endLeftover(paths);
  if (rememberedProvider(paths) === 'hosts') await removeLeftovers();
  // A killed lab could not put the workspace's own files back.
  unlinkWorkspace(paths);
  return running;
}

/**
 * Throws the machines and the cluster of a stopped lab away; ports and the operator's key stay. It is about the provider of last time: the
 * other's machines stay. Throws lab/still-running, lab/needs-root.
 */
export async function resetLab(paths: LabPaths): Promise<void> {
  if (await labAnswers(paths)) {
    throw new AppError({
      code: 'lab/still-running',
      kind: 'user',
      message: 'The lab runs, so its disks cannot be thrown away.',
      tryThis: 'vmstation lab stop',
    });
  }
  unlinkWorkspace(paths);
  if (rememberedProvider(paths) === 'hosts') return wipeHosts(dirname(paths.stateDir));
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${paths.clusterFile}${suffix}`, { force: true });
  rmSync(paths.machinesDir, { recursive: true, force: true });
}

function sameProvider(status: LabStatus, wanted: LabProvider): LabStatus {
  if (status.provider === wanted) return status;
  throw new AppError({
    code: 'lab/other-provider',
    kind: 'user',
    message: `The lab of this workspace runs already, on the provider ${status.provider}.`,
    tryThis: `vmstation lab stop, then vmstation lab start --provider ${wanted}`,
  });
}

/** A process of ours that no longer answers its socket. */
async function endLeftover(paths: LabPaths): Promise<void> {
  const left = await livingProcess(paths.pidFile);
  if (left === undefined) return;
  signalIfAlive(left.pid, 'SIGTERM');
  const deadline = Date.now() + patience[rememberedProvider(paths)].endMs;
  while ((await livingProcess(paths.pidFile)) !== undefined) {
    if (Date.now() > deadline) signalIfAlive(left.pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** A process that ended between the look and the signal is what was wanted. */
function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The lab's `ansible-playbook`, first on PATH. */
function writeInstaller(paths: LabPaths, { installer, workspaceRoot }: LabStart): void {
  mkdirSync(paths.binDir, { recursive: true, mode: 0o700 });
  const file = join(paths.binDir, 'ansible-playbook');
  writeFileSync(file, `#!/bin/sh\nexec ${quoteArguments([...installer, workspaceRoot])} "$@"\n`);
  chmodSync(file, 0o755);
}

function notStarted(paths: LabPaths, code: number | undefined, startMs: number): AppError {
  const log = existsSync(paths.logFile)
    ? readFileSync(paths.logFile, 'utf8').trim().split('\n').slice(-5).join('\n')
    : '';
  const how = code === undefined ? `did not answer within ${startMs / 1000} s` : `ended with exit code ${code}`;
  return new AppError({
    code: 'lab/not-started',
    kind: 'environment',
    message: `The lab's process ${how}.\n${log}`,
    tryThis: `Look at ${paths.logFile}; \`vmstation lab reset\` starts from bare machines.`,
  });
}
