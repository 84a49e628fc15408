import { AppError, exitCodes, type RollbackReport } from '@vmstation/core';
import type { CommandHandler } from '../command/define-command.ts';
import { openSession, type Session } from '../compose/session.ts';
import { jsonText } from '../render/json.ts';
import { table } from '../render/layout.ts';
import { mark, type Style } from '../render/style.ts';
import { requireApproval } from './approval.ts';

/** Puts back what a run changed on the machines that it touched. */
export const handleConfigRollback: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const runId = invocation.required('run');
  const session = await openSession(invocation, { withDiff: false, onEvent: () => {}, exclusive: true });
  try {
    const nodes = invocation.options('node') ?? touchedNodes(session, runId);
    session.requireNodes(nodes);
    await requireApproval(invocation, {
      question: `Put back what ${runId} changed on ${nodes.join(', ')}?`,
      whenAlone: `Rolling back changes ${nodes.join(', ')}, and nobody is here to approve it.`,
    });
    const reports = await session.platform.rollback(runId, nodes);
    io.out(global.json ? `${jsonText(reports)}\n` : `${renderReports(reports, style)}\n`);
    return reports.some(({ failed }) => failed.length > 0) ? exitCodes.failed : exitCodes.done;
  } finally {
    await session.close();
  }
};

/** Nodes on which a step of the run changed something, as the journal tells it. Throws runs/nothing-changed. */
function touchedNodes(session: Session, runId: string): readonly string[] {
  const events = session.ports.journal.events(runId);
  const nodeOf = new Map(
    events.flatMap((event) =>
      event.type === 'plan-recorded' ? event.plan.steps.map((step) => [step.id, step.node] as const) : [],
    ),
  );
  const touched = events.flatMap((event) =>
    event.type === 'step-ended' && event.result.changes.length > 0 ? (nodeOf.get(event.result.stepId) ?? []) : [],
  );
  if (touched.length > 0) return [...new Set(touched)];
  throw new AppError({
    code: 'runs/nothing-changed',
    kind: 'user',
    message:
      events.length === 0
        ? `This workspace has no run ${runId}.`
        : `The run ${runId} changed nothing on any machine, so there is nothing to put back.`,
    tryThis: '`vmstation runs list` shows what each run changed.',
  });
}

function renderReports(reports: readonly RollbackReport[], style: Style): string {
  const rows = reports.flatMap(({ node, restored, failed }) => [
    ...restored.map((id) => [`${mark('changed', style)} restored`, node, id]),
    ...failed.map(({ id, reason }) => [`${mark('failed', style)} failed`, node, `${id}: ${reason}`]),
  ]);
  return table(['', 'node', 'resource'], rows, style, '').join('\n');
}
