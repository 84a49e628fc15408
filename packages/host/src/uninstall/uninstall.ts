import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import {
  AppError,
  type ApplyReport,
  type GuardArea,
  type ResourceId,
  type RollbackReport,
  type Transport,
  type TryMode,
} from '@vmstation/core';
import { parseRollback } from '../rollback/rollback-records.ts';
import { changingShell, lockedBy, lockSeconds, thisOperator } from '../script/run-script.ts';
import { type KeptChange, type KeptRecords, parseForgotten, parseKeptRecords } from './uninstall-records.ts';
import { forgetScript, recordsScript, type TakeBack, takeBackScript } from './uninstall-script.ts';

/** What {@link createUninstaller} is made of. */
export interface UninstallerOptions {
  readonly transport: Transport;
  /** Runs what touches the way in; without it such changes are left as they are. */
  readonly tryMode: TryMode | undefined;
  /** Folder on the nodes that a host port was given, `/var/lib/vmstation` when left out. */
  readonly stateFolder?: string;
  /** Hex text of so many random bytes. */
  readonly nonce?: (bytes: number) => string;
}

/** Takes back all that this tool has changed on a machine. */
export interface Uninstaller {
  /** What the machine keeps, newest first; changes nothing. Throws what the transport throws, host/garbled-reply and host/being-tried. */
  records(node: string): Promise<KeptRecords>;
  /**
   * Takes everything back, newest first: what the way in stands on before the rest, each area in try mode. What somebody changed since, and what
   * no new connection confirmed, is left and told as failed. Throws what the transport throws, host/garbled-reply and host/locked.
   */
  takeBack(node: string, records: KeptRecords): Promise<RollbackReport>;
  /** Removes the records and what else is only ours; returns the paths that still bear our name. Throws host/locked. */
  forget(node: string): Promise<readonly string[]>;
}

const quickMs = 60_000;
const longMs = 20 * 60_000;

/** Composes an {@link Uninstaller} over a transport. */
export function createUninstaller(options: UninstallerOptions): Uninstaller {
  const nonce = options.nonce ?? ((bytes: number) => randomBytes(bytes).toString('hex'));
  const work: Work = { ...options, nonce, folders: { state: options.stateFolder ?? '/var/lib/vmstation' } };
  return {
    records: (node) => recordsOf(work, node),
    takeBack: (node, records) => takeAllBack(work, node, records),
    forget: (node) => forget(work, node),
  };
}

interface Work extends Omit<UninstallerOptions, 'nonce'> {
  readonly nonce: (bytes: number) => string;
  readonly folders: { readonly state: string };
}

const lock = { waitSeconds: lockSeconds, holder: thisOperator() };

async function ask(work: Work, node: string, timeoutMs: number, script: (nonce: string) => string) {
  const nonce = work.nonce(8);
  const stdin = script(nonce);
  const { exitCode, stderr, stdout } = await work.transport.run(node, {
    argv: changingShell,
    stdin,
    elevate: true,
    timeoutMs,
  });
  return { text: new TextDecoder().decode(stdout), source: { node, nonce, exitCode, stderr } };
}

async function recordsOf(work: Work, node: string): Promise<KeptRecords> {
  const { text, source } = await ask(work, node, quickMs, (nonce) => recordsScript(nonce, work.folders));
  const records = parseKeptRecords(text, source);
  const [armed] = records.armed;
  if (armed === undefined) return records;
  throw new AppError({
    code: 'host/being-tried',
    kind: 'locked',
    message: `${node} is trying a change (${armed.split(' ')[0]}) that nobody has confirmed yet, so nothing else is taken back.`,
    tryThis: 'It takes that change back by itself within two minutes; run the same command again then.',
    context: { node },
    retryable: true,
  });
}

async function takeAllBack(work: Work, node: string, { changes }: KeptRecords): Promise<RollbackReport> {
  const id = `uninstall-${work.nonce(6)}`;
  const reports: RollbackReport[] = [];
  const guarded = Map.groupBy(
    changes.filter(({ guard }) => guard !== undefined),
    ({ guard }) => guard as GuardArea,
  );
  const confirmed: GuardArea[] = [];
  for (const [area, part] of guarded) {
    const tried = await takeBackTried(work, node, id, area, part);
    reports.push(tried.report);
    if (tried.confirmed) confirmed.push(area);
  }
  const free = changes.filter(({ guard }) => guard === undefined);
  // Also with nothing left to take back: it notes what was confirmed.
  reports.push(await takeBackPart(work, node, { id, steps: free, guarded: undefined, confirmed }));
  return {
    node,
    restored: reports.flatMap(({ restored }) => restored),
    failed: reports.flatMap(({ failed }) => failed),
  };
}

async function takeBackPart(
  work: Work,
  node: string,
  part: Omit<TakeBack, 'steps' | 'paths'> & { readonly steps: readonly KeptChange[] },
): Promise<RollbackReport> {
  const touched = part.steps.flatMap((step) => [
    ...step.paths.map(({ path }) => path),
    ...(step.keysFile === undefined ? [] : [step.keysFile]),
  ]);
  // A folder that goes away with its last file must be there again before the file.
  const paths = new Set(touched.flatMap((path) => [posix.dirname(path), path]));
  const { text, source } = await ask(work, node, longMs, (nonce) =>
    takeBackScript({ ...part, paths: [...paths] }, nonce, work.folders, lock),
  );
  const records = parseRollback(text, source);
  if (records.told === 'locked') throw lockedBy(node, records.by);
  return records.told === 'report' ? records.report : { node, restored: [], failed: [] };
}

/** One area of the way in: kept taken back only when a new connection still comes in. */
async function takeBackTried(
  work: Work,
  node: string,
  runId: string,
  area: GuardArea,
  steps: readonly KeptChange[],
): Promise<{ readonly report: RollbackReport; readonly confirmed: boolean }> {
  const ids = [...new Set(steps.flatMap((step) => step.ids))];
  const leave = (reason: string) => ({
    report: { node, restored: [], failed: ids.map((id) => ({ id, reason })) },
    confirmed: false,
  });
  if (work.tryMode === undefined) return leave('nothing here could put it back if it closed the way in');
  let report: RollbackReport | undefined;
  try {
    await work.tryMode.attempt({ node, area, runId }, async () => {
      report = await takeBackPart(work, node, { id: runId, steps, guarded: area, confirmed: [] });
      return asApplyReport(node, report.restored);
    });
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'host/not-confirmed') throw thrown;
    return leave(`it was put back, because no new connection came in without it: ${thrown.message}`);
  }
  return report === undefined ? leave('it was not begun') : { report, confirmed: true };
}

/** What somebody changed since is no failure of the attempt: it was not touched. */
function asApplyReport(node: string, restored: readonly ResourceId[]): ApplyReport {
  return { node, resources: restored.map((id) => ({ id, outcome: 'changed', differences: [] })), after: undefined };
}

async function forget(work: Work, node: string): Promise<readonly string[]> {
  const id = `uninstall-${work.nonce(6)}`;
  const { text, source } = await ask(work, node, quickMs, (nonce) => forgetScript(id, nonce, work.folders, lock));
  const { named, lockedBy: owner } = parseForgotten(text, source);
  if (owner !== undefined) throw lockedBy(node, owner);
  return named;
}
