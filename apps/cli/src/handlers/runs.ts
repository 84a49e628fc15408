import { AppError } from '@vmstation/core';
import type { CommandHandler } from '../command/define-command.ts';
import { openJournalOf } from '../compose/journal.ts';
import { jsonText } from '../render/json.ts';
import { renderRun, renderRuns } from '../render/runs.ts';

const usualLength = 20;
/** An id is looked for among this many. */
const longestMemory = 10_000;

/** Lists runs, newest first. */
export const handleRunsList: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  using journal = await openJournalOf(invocation);
  const runs = journal.runs(Number(invocation.option('last') ?? usualLength) || usualLength);
  io.out(global.json ? `${jsonText(runs)}\n` : `${renderRuns(runs, style)}\n`);
  return 0;
};

/** Shows one run. Throws runs/not-found. */
export const handleRunsShow: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  using journal = await openJournalOf(invocation);
  const wanted = invocation.argument('run');
  const run = journal.runs(longestMemory).find(({ runId }) => wanted === undefined || runId.startsWith(wanted));
  if (run === undefined) {
    throw new AppError({
      code: 'runs/not-found',
      kind: 'user',
      message:
        wanted === undefined ? 'Nothing ran yet in this workspace.' : `No run of this workspace begins with ${wanted}.`,
      tryThis: wanted === undefined ? 'Start with `vmstation up`.' : '`vmstation runs list` shows them.',
    });
  }
  const events = journal.events(run.runId);
  if (global.json) for (const event of events) io.out(`${JSON.stringify(event)}\n`);
  else io.out(`${renderRun(run, events, style)}\n`);
  return 0;
};
