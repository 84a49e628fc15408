import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '@vmstation/core';
import { type HostContext, runScript, textOf } from '../script/run-script.ts';
import { applyGreeting } from './apply-script.ts';
import type { ApplyStep } from './batches.ts';
import { type Followed, followScript, parseFollowed } from './follow-script.ts';
import { type ApplyRecords, parseRecords } from './records.ts';

/** A change that was sent, and the connection to which was cut. */
export interface CutChange {
  readonly node: string;
  readonly runId: string;
  readonly nonce: string;
  readonly steps: readonly ApplyStep[];
  /** Stdout of the change up to the cut. */
  readonly heard: string;
  /** What the transport threw. */
  readonly thrown: AppError;
}

const waitSeconds = 20;
const retryMs = 1000;

/** Whether this is a cut connection, behind which a machine may still be at work. */
export function isCut(thrown: unknown): thrown is AppError {
  return thrown instanceof AppError && thrown.code === 'ssh/connection-lost';
}

/**
 * The machine goes on by itself: it is called again and asked what became of the change, until that has come to its end. A machine that does
 * not answer for a while is told of with the last that was heard. @throws AppError ssh/connection-lost, and what the transport throws else
 */
export async function recordsOfCut(context: HostContext, change: CutChange): Promise<ApplyRecords> {
  const { node, nonce } = change;
  let calledUntilMs = performance.now() + context.reconnectSeconds * 1000;
  const endsMs = performance.now() + context.applyTimeoutMs;
  let last: AppError = change.thrown;
  while (performance.now() < Math.min(calledUntilMs, endsMs)) {
    const found = await look(context, change).catch((thrown: unknown) => {
      if (!(thrown instanceof AppError) || thrown.kind !== 'unreachable') throw thrown;
      return thrown;
    });
    if (found instanceof AppError) {
      last = found;
      await pause(retryMs);
      continue;
    }
    if (found.state === 'absent') throw notBegun(change);
    if (found.state !== 'busy') {
      const text = [applyGreeting, ...found.records].map((line) => `@${nonce} ${line}\n`).join('');
      return parseRecords(text, { node, nonce, exitCode: 0, stderr: '' }, found.state === 'stopped');
    }
    calledUntilMs = performance.now() + context.reconnectSeconds * 1000;
  }
  throw outOfReach(context, change, last);
}

/** Calls a machine until it answers, for as long as a machine is called again. @throws AppError ssh/connection-lost */
export async function untilReached<T>(context: HostContext, node: string, ask: () => Promise<T>): Promise<T> {
  const endsMs = performance.now() + context.reconnectSeconds * 1000;
  for (;;) {
    try {
      return await ask();
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.kind !== 'unreachable') throw thrown;
      if (performance.now() >= endsMs) throw notLookedAt(context, node, thrown);
    }
    await pause(retryMs);
  }
}

function notLookedAt(context: HostContext, node: string, last: AppError): AppError {
  return new AppError({
    code: 'ssh/connection-lost',
    kind: 'unreachable',
    message: `${node} has told the end of the change, but then the connection was cut, and it did not answer for ${context.reconnectSeconds} s; so nobody has seen whether all is as declared.`,
    tryThis: 'Run the same command again: what had been done is recognised, what had not is done.',
    context: { node, last: last.message },
    retryable: true,
    cause: last,
  });
}

async function look(context: HostContext, change: CutChange): Promise<Followed> {
  const { node, runId } = change;
  const nonce = context.nonce(8);
  const script = followScript(runId, change.nonce, nonce, context.folders, waitSeconds);
  const result = await runScript(context, node, script, { timeoutMs: context.checkTimeoutMs, signal: undefined });
  const { exitCode, stderr } = result;
  return parseFollowed(textOf(result), { node, nonce, exitCode, stderr });
}

function notBegun({ node, thrown }: CutChange): AppError {
  return new AppError({
    code: 'ssh/connection-lost',
    kind: 'unreachable',
    message: `The connection to ${node} was cut before it had begun the change, so nothing was changed there.`,
    tryThis: 'Run the same command again.',
    context: { node },
    retryable: true,
    cause: thrown,
  });
}

function outOfReach(context: HostContext, { node, steps, heard, nonce }: CutChange, last: AppError): AppError {
  const ended = [...heard.matchAll(new RegExp(`^@${nonce} end \\d+ `, 'gm'))].length;
  const begun = [...heard.matchAll(new RegExp(`^@${nonce} begin (\\d+)$`, 'gm'))].at(-1)?.[1];
  const at = steps.find(({ number }) => String(number) === begun)?.resources.map(({ id }) => id);
  const during = at === undefined ? 'before it told of a first step' : `while it was at ${at.join(', ')}`;
  return new AppError({
    code: 'ssh/connection-lost',
    kind: 'unreachable',
    message: `The connection to ${node} was cut ${during} (${ended} of ${steps.length} steps had ended), and it did not answer for ${context.reconnectSeconds} s since. It brings the change to its end by itself.`,
    tryThis: 'Run the same command again: what had been done is recognised, what had not is done.',
    context: { node, ended, steps: steps.length, last: last.message },
    retryable: true,
    cause: last,
  });
}
