import { garbled } from '../observe/reply.ts';
import { recordsUnwritable } from '../script/run-script.ts';
import { applyGreeting } from './apply-script.ts';

/** How a step ended on the node. */
export interface StepRecord {
  readonly ended: 'ok' | 'failed' | 'blocked' | 'stale';
  /** The step that blocked this one. */
  readonly blockedBy?: number;
  /** What its programs said last. */
  readonly said: readonly string[];
}

/** What an apply script told. */
export interface ApplyRecords {
  readonly steps: ReadonlyMap<number, StepRecord>;
  readonly begun: ReadonlySet<number>;
  /** Units that did not restart, or did not stay up, with what was said about them. */
  readonly unsettled: ReadonlyMap<string, readonly string[]>;
  /** Owner of the lock when it could not be had. */
  readonly lockedBy: string | undefined;
}

/**
 * Reads the records of an apply. @throws AppError host/garbled-reply when it never began or did not come to its end (unless it is known to have been stopped),
 * host/records-unwritable
 */
export function parseRecords(
  text: string,
  source: { node: string; nonce: string; exitCode: number; stderr: string },
  stopped = false,
): ApplyRecords {
  const mark = `@${source.nonce} `;
  const records = text
    .split('\n')
    .filter((line) => line.startsWith(mark))
    .map((line) => line.slice(mark.length));
  if (records[0] !== applyGreeting) throw garbled(source, 'the change never began', text);
  const steps = new Map<number, StepRecord & { said: string[] }>();
  const begun = new Set<number>();
  const unsettled = new Map<string, string[]>();
  let said: string[] = [];
  let lockedBy: string | undefined;
  let cannot: string | undefined;
  let done = false;
  for (const line of records.slice(1)) {
    const [word = '', first = '', ...rest] = line.split(' ');
    if (word === 'said') said.push(line.slice('said '.length));
    else if (word === 'begin') begun.add(Number(first));
    else if (word === 'locked') lockedBy = line.slice('locked '.length);
    else if (word === 'cannot') cannot = line.slice('cannot '.length);
    else if (word === 'done') done = true;
    else if (word === 'unsettled') unsettled.set(first, (said = unsettled.get(first) ?? []));
    else if (word === 'end') {
      said = [];
      steps.set(Number(first), {
        ended: ending(rest[0]),
        said,
        ...(rest[0] === 'blocked' ? { blockedBy: Number(rest[1]) } : {}),
      });
    }
  }
  if (cannot !== undefined) throw recordsUnwritable(source.node, cannot);
  if (!done && !stopped && lockedBy === undefined) throw garbled(source, 'the change did not come to its end', text);
  return { steps, begun, unsettled, lockedBy };
}

function ending(word: string | undefined): StepRecord['ended'] {
  return word === 'ok' || word === 'blocked' || word === 'stale' ? word : 'failed';
}
