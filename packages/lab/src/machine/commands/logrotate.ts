import { gzipSync } from 'node:zlib';
import { ROOT } from '../../disk/inode.ts';
import { fromByteText } from '../../shell/byte-text.ts';
import { run } from '../../shell/execute.ts';
import type { Process } from '../../shell/process.ts';
import { type RotationRule, readRotationConfig } from '../logrotate-config.ts';
import type { Machine } from '../machine.ts';
import { findGroup, findUser } from './accounts.ts';
import type { MachineProgram } from './machine-program.ts';
import { parseOptions } from './options.ts';

const standardState = '/var/lib/logrotate/status';
const dayMs = 86_400_000;

/** logrotate(8): rotates what is due by its configuration and its own record of the last time. */
export const logrotate: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'f force d debug v verbose s: state=');
  const [config] = options.operands;
  if (config === undefined) return process.fail('no configuration file was given');
  const { rules, faults } = readRotationConfig(machine.files, process.path(config));
  for (const fault of faults) await process.err(`${fault}\n`);
  const statePath = options.value('s', 'state') ?? standardState;
  const state = readState(machine.files.read(statePath) ?? '');
  let status = faults.length === 0 ? 0 : 1;
  for (const rule of rules) {
    const done = await rotateBlock(process, machine, rule, { state, force: options.has('f', 'force') });
    if (!done) status = 1;
  }
  if (!options.has('d', 'debug')) machine.files.write(statePath, stateText(state), { mode: 0o640 });
  return status;
};

type State = Map<string, number>;

async function rotateBlock(
  process: Process,
  machine: Machine,
  rule: RotationRule,
  { state, force }: { readonly state: State; readonly force: boolean },
): Promise<boolean> {
  const due: string[] = [];
  let sound = true;
  for (const pattern of rule.patterns) {
    const found = matching(machine, pattern);
    if (found.length === 0 && !rule.missingOk) {
      await process.err(`error: stat of ${pattern} failed: No such file or directory\n`);
      sound = false;
    }
    due.push(...found.filter((path) => force || isDue(machine, rule, path, state)));
  }
  if (due.length === 0) return sound;
  const script = async (text: string, args: readonly string[]): Promise<boolean> =>
    text === '' || (await runScript(process, text, args)) === 0;
  if (rule.sharedScripts && !(await script(rule.preRotate, due))) return false;
  for (const path of due) {
    if (!rule.sharedScripts && !(await script(rule.preRotate, [path]))) sound = false;
    rotate(machine, rule, path);
    state.set(path, machine.now());
    if (!rule.sharedScripts && !(await script(rule.postRotate, [path]))) sound = false;
  }
  if (rule.sharedScripts && !(await script(rule.postRotate, due))) sound = false;
  if (!sound) await process.err(`error: error running a script for ${rule.patterns.join(' ')}\n`);
  return sound;
}

/** A file is first seen, and its period begins; later it is rotated when its period is over, or it is large enough. */
function isDue(machine: Machine, rule: RotationRule, path: string, state: State): boolean {
  const size = machine.files.read(path)?.length ?? 0;
  const lastMs = state.get(path);
  if (lastMs === undefined) state.set(path, machine.now());
  if (rule.notIfEmpty && size === 0) return false;
  if (rule.sizeBytes !== undefined) return size >= rule.sizeBytes;
  return lastMs !== undefined && periodIsOver(rule.every, lastMs, machine.now());
}

/** logrotate counts calendar days, not hours (logrotate.c, findNeedRotating). */
function periodIsOver(every: RotationRule['every'], lastMs: number, nowMs: number): boolean {
  const last = new Date(lastMs);
  const now = new Date(nowMs);
  const days = Math.floor(nowMs / dayMs) - Math.floor(lastMs / dayMs);
  if (every === 'hourly') return days > 0 || now.getUTCHours() !== last.getUTCHours();
  if (every === 'daily') return days > 0;
  // `weekly` without a weekday means Sunday.
  if (every === 'weekly') return days >= 7 || (days > 0 && now.getUTCDay() === 0);
  const sameYear = now.getUTCFullYear() === last.getUTCFullYear();
  if (every === 'monthly') return !sameYear || now.getUTCMonth() !== last.getUTCMonth();
  return every === 'yearly' && !sameYear;
}

function rotate(machine: Machine, rule: RotationRule, path: string): void {
  const { files, tree } = machine;
  const nameOf = (count: number): string | undefined =>
    [`${path}.${count}.gz`, `${path}.${count}`].find((name) => files.find(name) !== undefined);
  for (let count = rule.keep; count >= 1; count -= 1) {
    const from = nameOf(count);
    if (from === undefined) continue;
    if (count === rule.keep || isTooOld(machine, rule, from)) files.remove(from);
    else tree.rename(from, `${path}.${count + 1}${from.endsWith('.gz') ? '.gz' : ''}`, ROOT);
  }
  const { mode, uid, gid } = files.find(path) ?? { mode: 0o640, uid: 0, gid: 0 };
  if (rule.keep === 0) files.remove(path);
  else if (rule.copyTruncate) files.write(`${path}.1`, files.read(path) ?? '', { mode, uid, gid });
  else tree.rename(path, `${path}.1`, ROOT);
  if (rule.copyTruncate) files.write(path, '');
  else if (rule.create !== undefined) {
    const { create } = rule;
    const owner = create.owner === undefined ? uid : (findUser(machine, create.owner)?.uid ?? uid);
    const group = create.group === undefined ? gid : (findGroup(machine, create.group)?.gid ?? gid);
    files.write(path, '', { mode: create.mode ?? mode, uid: owner, gid: group });
  }
  if (rule.compress) compress(machine, `${path}.${rule.delayCompress ? 2 : 1}`);
}

function isTooOld(machine: Machine, rule: RotationRule, path: string): boolean {
  const inode = machine.files.find(path);
  return (
    rule.maxAgeDays !== undefined && inode !== undefined && machine.now() - inode.mtimeMs > rule.maxAgeDays * dayMs
  );
}

function compress(machine: Machine, path: string): void {
  const { files, tree } = machine;
  const inode = files.find(path);
  if (inode?.kind !== 'file') return;
  const { mode, uid, gid, mtimeMs } = inode;
  const packed = gzipSync(fromByteText(files.read(path) ?? ''));
  const made = tree.create(`${path}.gz`, ROOT, 'file', mode);
  tree.setContent(made, packed);
  Object.assign(made, { uid, gid, mtimeMs });
  files.remove(path);
}

/** Files that a pattern of names matches in its folder; a `*` stands for anything but a slash. */
function matching(machine: Machine, pattern: string): readonly string[] {
  const slash = pattern.lastIndexOf('/');
  const folder = pattern.slice(0, slash) || '/';
  const folders = folder.includes('*') ? matchingFolders(machine, folder) : [folder];
  const name = globOf(pattern.slice(slash + 1));
  return folders.flatMap((one) =>
    machine.files
      .list(one)
      .filter((entry) => name.test(entry))
      .map((entry) => `${one}/${entry}`)
      .filter((path) => machine.files.find(path)?.kind === 'file'),
  );
}

function matchingFolders(machine: Machine, pattern: string): readonly string[] {
  let found = [''];
  for (const part of pattern.split('/').filter(Boolean)) {
    const name = globOf(part);
    found = found.flatMap((folder) =>
      part.includes('*')
        ? machine.files
            .list(folder || '/')
            .filter((entry) => name.test(entry))
            .map((entry) => `${folder}/${entry}`)
        : [`${folder}/${part}`],
    );
  }
  return found;
}

function globOf(text: string): RegExp {
  const source = text
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  return new RegExp(`^${source}$`);
}

async function runScript(process: Process, text: string, args: readonly string[]): Promise<number> {
  const started = run(process, ['sh', '-c', text, 'logrotate_script', ...args], { file: '/bin/sh' });
  return process.interruptible(started.exit);
}

function readState(text: string): State {
  const state: State = new Map();
  for (const [, path = '', year, month, day, hour] of text.matchAll(/^"([^"]+)" (\d+)-(\d+)-(\d+)-(\d+)/gm))
    state.set(path, Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour)));
  return state;
}

function stateText(state: State): string {
  const lines = [...state].map(([path, atMs]) => {
    const date = new Date(atMs);
    const parts = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours()];
    return `"${path}" ${parts.join('-')}:${date.getUTCMinutes()}:${date.getUTCSeconds()}\n`;
  });
  return `logrotate state -- version 2\n${lines.join('')}`;
}
