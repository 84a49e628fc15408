import { AppError, exitCodes, type RollbackReport } from '@vmstation/core';
import type { CommandHandler } from '../command/define-command.ts';
import { openSession, type Session } from '../compose/session.ts';
import { jsonText } from '../render/json.ts';
import { renderRollback, renderRollbackReports } from '../render/rollback.ts';
import { requireApproval } from './approval.ts';

/** Puts back what a run changed on the machines that it touched. */
export const handleConfigRollback: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const runId = invocation.required('run');
  const session = await openSession(invocation, { withDiff: false, onEvent: () => {}, exclusive: true });
  try {
    const nodes = invocation.options('node') ?? touchedNodes(session, runId);
    session.requireNodes(nodes);
    if (!global.json && !global.quiet)
      io.out(`${renderRollback(runId, session.ports.journal.events(runId), nodes, style)}\n\n`);
    await requireApproval(invocation, {
      question: `Put back what ${runId} changed on ${nodes.join(', ')}?`,
      whenAlone: `Rolling back changes ${nodes.join(', ')}, and nobody is here to approve it.`,
    });
    const reports: RollbackReport[] = [];
    for (const node of nodes) reports.push(...(await rollbackOf(session, runId, node)));
    if (reports.length === 0) throw nothingChanged(runId);
    io.out(global.json ? `${jsonText(reports)}\n` : `${renderRollbackReports(reports, style)}\n`);
    return reports.some(({ failed }) => failed.length > 0) ? exitCodes.failed : exitCodes.done;
  } finally {
    await session.close();
  }
};

/** What a node put back; nothing where it keeps nothing of the run. */
async function rollbackOf(session: Session, runId: string, node: string): Promise<readonly RollbackReport[]> {
  try {
    return await session.platform.rollback(runId, [node]);
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'host/nothing-to-roll-back') return [];
    throw thrown;
  }
}

/**
 * Nodes on which a step of the run was begun, as the journal tells it: a step that failed, or whose end nobody saw, may have changed
 * something too. Throws runs/nothing-changed.
 */
function touchedNodes(session: Session, runId: string): readonly string[] {
  const events = session.ports.journal.events(runId);
  const nodeOf = new Map(
    events.flatMap((event) =>
      event.type === 'plan-recorded'
        ? event.plan.steps.filter(({ action }) => action?.type === 'host').map((step) => [step.id, step.node] as const)
        : [],
    ),
  );
  const touched = events.flatMap((event) => (event.type === 'step-started' ? (nodeOf.get(event.stepId) ?? []) : []));
  if (touched.length > 0) return [...new Set(touched)];
  throw events.length === 0 ? noRun(runId) : nothingChanged(runId);
}

function noRun(runId: string): AppError {
  return new AppError({
    code: 'runs/not-found',
    kind: 'user',
    message: `This workspace has no run ${runId}.`,
    tryThis: '`vmstation runs list` shows the runs.',
  });
}

function nothingChanged(runId: string): AppError {
  return new AppError({
    code: 'runs/nothing-changed',
    kind: 'user',
    message: `The run ${runId} changed nothing on any machine that is not put back already.`,
    tryThis: '`vmstation runs list` shows what each run changed.',
  });
}
