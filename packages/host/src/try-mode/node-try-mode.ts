import {
  AppError,
  type ApplyReport,
  type Clock,
  type RemoteResult,
  type Transport,
  type TryMode,
} from '@vmstation/core';
import { notConfirmed, proveWayIn } from '@vmstation/remote';
import { changingShell, lockedBy, thisOperator } from '../script/run-script.ts';
import { armScript, confirmScript, restoreNowScript, type TryAttempt, tryGreeting } from './try-scripts.ts';

/** What {@link nodeTryMode} is made of. */
export interface NodeTryModeOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly nonce: (bytes: number) => string;
  /** Folder on the nodes that a host port was given, `/var/lib/vmstation` when left out. */
  readonly stateFolder?: string;
  /** Seconds after which a node takes back what nobody has confirmed; 90 when left out. */
  readonly windowSeconds?: number;
}

const scriptTimeoutMs = 60_000;
const retryMs = 2_000;
/** A restore waits for a change at work, restarts services, and the machine may have to start: so long after the window it is over. */
const restoreSeconds = 60;

/**
 * Try mode on real machines: a timer on the node and its next start take the change back, unless a new connection, made after the
 * change, becomes root and confirms it first. Losing the connection is a way to the end like any other: the window is waited out, and what
 * the node did is told. Throws host/not-confirmed when the change was put back, host/try-mode-unsettled when the node did not answer
 * afterwards, host/try-mode-held and host/locked when somebody else is at it, host/not-armed, and what the transport and the change throw.
 */
export function nodeTryMode(options: NodeTryModeOptions): TryMode {
  return {
    async attempt({ node, area, runId }, change) {
      const attempt: TryAttempt = {
        token: options.nonce(6),
        runId,
        area,
        windowSeconds: options.windowSeconds ?? 90,
        folders: { state: options.stateFolder ?? '/var/lib/vmstation' },
        holder: thisOperator(),
      };
      const own: OwnAttempt = { ...options, node, attempt, armedAtMs: options.clock.now().getTime() };
      await arm(own);
      const report = await changed(own, change);
      if (report.resources.some(({ outcome }) => outcome !== 'changed' && outcome !== 'unchanged')) {
        await putBack(own);
        return takenBack(report, area);
      }
      await confirm(own, area);
      return report;
    },
  };
}

interface OwnAttempt extends NodeTryModeOptions {
  readonly node: string;
  readonly attempt: TryAttempt;
  readonly armedAtMs: number;
}

async function arm(own: OwnAttempt): Promise<void> {
  const { node, attempt } = own;
  const result = await run(own, armScript(attempt, `RESTORE_${own.nonce(8)}`), false);
  const word = lastWord(result);
  if (word === 'armed') return;
  if (word?.startsWith('held ') === true) throw heldBy(node, word.split(' ').slice(1));
  const changing = /^@\S+ locked (.*)$/.exec(word ?? '');
  if (changing !== null) throw lockedBy(node, changing[1] ?? '');
  throw new AppError({
    code: 'host/not-armed',
    kind: 'remote',
    message: `${node} could not be made to take back a change of ${attempt.area} by itself, so nothing was changed: ${result.stderr.trim() || (word ?? 'it said nothing')}`,
    tryThis: 'Look at what the machine says (systemd, disk), then run the same command again.',
    context: { node, area: attempt.area },
  });
}

/** host/try-mode-held: a change of somebody else waits for its proof on this machine. `held` is area, run and seconds. */
function heldBy(node: string, [area = '', runId = '', seconds = '']: readonly string[]): AppError {
  return new AppError({
    code: 'host/try-mode-held',
    kind: 'locked',
    message: `${node} waits for the proof of a change of ${area} that the run ${runId} began ${seconds} s ago, so this change was not begun.`,
    tryThis: 'Wait until it is kept or taken back, two minutes at most, and run the same command again.',
    context: { node, area, runId, seconds },
    retryable: true,
  });
}

/** The change; when it throws, it is put back before anything else. That the node answers no more, or not as root, is then what the change did. */
async function changed(own: OwnAttempt, change: () => Promise<ApplyReport>): Promise<ApplyReport> {
  try {
    return await change();
  } catch (thrown) {
    await putBack(own);
    const cutOff = thrown instanceof AppError && thrown.code.startsWith('ssh/') && thrown.kind !== 'interrupted';
    throw cutOff ? notConfirmed(own.node, own.attempt.area, thrown) : thrown;
  }
}

/** Proof and confirmation each on a connection of their own, made after the change. */
async function confirm(own: OwnAttempt, area: string): Promise<void> {
  const { node, transport } = own;
  let cause: unknown = 'the machine had taken the change back before it was confirmed';
  try {
    await proveWayIn(transport, node, area);
    if (lastWord(await run(own, confirmScript(own.attempt), true)) === 'confirmed') return;
  } catch (thrown) {
    cause = thrown instanceof AppError ? (thrown.cause ?? thrown) : thrown;
  }
  // The machine may have kept it although its answer was lost; it had been proven.
  if ((await putBack(own)) === 'confirmed') return;
  throw notConfirmed(node, area, cause);
}

/** Has the node take the change back at once; where it cannot be reached, waits until it has done so by itself. */
async function putBack(own: OwnAttempt): Promise<'restored' | 'confirmed'> {
  const { clock, node, attempt, armedAtMs } = own;
  const deadlineMs = armedAtMs + (attempt.windowSeconds + restoreSeconds) * 1000;
  let fresh = false;
  let last: unknown;
  do {
    try {
      const word = lastWord(await run(own, restoreNowScript(attempt), fresh));
      if (word === 'restored' || word === 'confirmed') return word;
    } catch (thrown) {
      last = thrown;
    }
    // The open connection may be one that the change has cut off for good.
    fresh = true;
    await clock.sleep(retryMs);
  } while (clock.now().getTime() < deadlineMs);
  throw new AppError({
    code: 'host/try-mode-unsettled',
    kind: 'unreachable',
    message: `${node} has not answered since a change of ${attempt.area}; it takes the change back by itself, but nobody could see that.`,
    tryThis: `Try to reach it, and look at ${attempt.folders.state}/try/${attempt.token}/log on its console.`,
    context: { node, area: attempt.area },
    cause: last instanceof Error ? last : new Error('it did not come to an end'),
  });
}

function run({ transport, node }: OwnAttempt, script: string, freshConnection: boolean): Promise<RemoteResult> {
  return transport.run(node, {
    argv: changingShell,
    stdin: script,
    elevate: true,
    timeoutMs: scriptTimeoutMs,
    ...(freshConnection ? { freshConnection } : {}),
  });
}

/** The last line of a reply of ours; undefined when it is none. */
function lastWord({ stdout }: RemoteResult): string | undefined {
  const lines = new TextDecoder().decode(stdout).trimEnd().split('\n');
  const begun = lines.indexOf(tryGreeting);
  return begun === -1 ? undefined : lines.slice(begun + 1).at(-1);
}

/** A part of the change did not work, so none of it was kept. */
function takenBack(report: ApplyReport, area: string): ApplyReport {
  return {
    ...report,
    after: undefined,
    resources: report.resources.map((one) =>
      one.outcome === 'changed'
        ? { ...one, outcome: 'failed', reason: `it was put back, because another part of the change of ${area} failed` }
        : one,
    ),
  };
}
