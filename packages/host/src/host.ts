import { createHmac, randomBytes } from 'node:crypto';
import {
  AppError,
  type ApplyReport,
  type ApplyRequest,
  type Clock,
  type HostPort,
  type NodeCheck,
  type RollbackReport,
  type Transport,
  type TryMode,
} from '@vmstation/core';
import { applyInOrder } from './apply/apply.ts';
import { fetchTexts, withContentDiffs } from './compare/content.ts';
import { observe } from './observe/observe.ts';
import { parseRollback } from './rollback/rollback-records.ts';
import { rollbackScript } from './rollback/rollback-script.ts';
import { type HostContext, lockedBy, lockSeconds, runScript, textOf, thisOperator } from './script/run-script.ts';

/** What {@link createHost} is made of. Times are milliseconds where not said otherwise. */
export interface HostOptions {
  readonly transport: Transport;
  readonly clock: Pick<Clock, 'now'>;
  /** Runs guarded changes; without it they end `blocked` (host/try-mode-missing). */
  readonly tryMode?: TryMode;
  /** Folder on the nodes for kept content, owed notifications and the lock. */
  readonly stateFolder?: string;
  readonly checkTimeoutMs?: number;
  readonly applyTimeoutMs?: number;
  /** Seconds that restarted units must stay up. */
  readonly settleSeconds?: number;
  /** Who changes machines, as one word; user@computer when left out. */
  readonly holder?: string;
  /** Seconds for which a machine is called again when the connection is cut during a change; 30 when left out. */
  readonly reconnectSeconds?: number;
  /** Hex text of so many random bytes. */
  readonly nonce?: (bytes: number) => string;
}

/**
 * Checks and changes machines over a transport: one round trip to know, three at most to change. Throws what the transport throws,
 * host/garbled-reply, host/unsupported-system, host/unusable-resource, host/order-cycle, host/locked and host/nothing-to-roll-back.
 */
export function createHost(options: HostOptions): HostPort {
  const nonce = options.nonce ?? ((bytes: number) => randomBytes(bytes).toString('hex'));
  const key = Buffer.from(nonce(32), 'hex');
  const context: HostContext = {
    transport: options.transport,
    clock: options.clock,
    tryMode: options.tryMode,
    folders: { state: options.stateFolder ?? '/var/lib/vmstation' },
    checkTimeoutMs: options.checkTimeoutMs ?? 60_000,
    applyTimeoutMs: options.applyTimeoutMs ?? 20 * 60_000,
    settleSeconds: options.settleSeconds ?? 2,
    holder: options.holder ?? thisOperator(),
    reconnectSeconds: options.reconnectSeconds ?? 30,
    nonce,
    digestOfSecret: (sha256) => createHmac('sha256', key).update(sha256).digest('hex').slice(0, 12),
  };
  return {
    async check(node, resources, how = {}): Promise<NodeCheck> {
      const { check, seen } = await observe(context, node, resources, how.signal);
      return how.withDiff === true ? withContentDiffs(context, check, resources, seen, how.signal) : check;
    },
    readTexts: (node, paths, signal) =>
      fetchTexts(
        context,
        node,
        paths.map((path) => ({ path })),
        signal,
      ),
    apply: (request: ApplyRequest): Promise<ApplyReport> => applyInOrder(context, request),
    rollback: (node, runId): Promise<RollbackReport> => rollback(context, node, runId),
  };
}

async function rollback(context: HostContext, node: string, runId: string): Promise<RollbackReport> {
  const nonce = context.nonce(8);
  const script = rollbackScript(runId, nonce, context.folders, { waitSeconds: lockSeconds, holder: context.holder });
  const result = await runScript(context, node, script, {
    timeoutMs: context.applyTimeoutMs,
    signal: undefined,
    changes: true,
  });
  const { exitCode, stderr } = result;
  const records = parseRollback(textOf(result), { node, nonce, exitCode, stderr });
  if (records.told === 'locked') throw lockedBy(node, records.by);
  if (records.told === 'report') return records.report;
  throw new AppError({
    code: 'host/nothing-to-roll-back',
    kind: 'user',
    message: `${node} keeps nothing of the run ${runId} that is not already as it was found.`,
    tryThis: 'Look at the runs and what they changed: vmstation runs list',
    context: { node, runId },
  });
}
