import { AppError, exitCodes } from '@vmstation/core';
import { createUninstaller } from '@vmstation/host';
import type { CommandHandler } from '../command/define-command.ts';
import type { Invocation } from '../command/invocation.ts';
import { openSession, type Session } from '../compose/session.ts';
import { jsonText } from '../render/json.ts';
import { renderRollbackReports } from '../render/rollback.ts';
import { renderKeptRecords } from '../render/uninstall.ts';
import { needsApproval } from './approval.ts';

/** Takes back everything that this tool changed on one machine, and then its own records there. */
export const handleUninstall: CommandHandler = async (invocation) => {
  const node = invocation.required('node');
  const dryRun = invocation.flag('dry-run');
  const session = await openSession(invocation, { withDiff: false, onEvent: () => {}, exclusive: !dryRun });
  try {
    session.requireNodes([node]);
    return await uninstall(invocation, session, node, dryRun);
  } finally {
    await session.close();
  }
};

async function uninstall(invocation: Invocation, session: Session, node: string, dryRun: boolean): Promise<number> {
  const { io, global, style } = invocation;
  const uninstaller = createUninstaller({ transport: session.transport, tryMode: session.ports.tryMode });
  const records = await uninstaller.records(node);
  const { kubernetes } = (await session.ports.host.check(node, [])).facts;
  if (dryRun && global.json) io.out(`${jsonText({ node, kubernetes, changes: records.changes })}\n`);
  if (!global.json && !global.quiet) io.out(`${renderKeptRecords(node, records, style)}\n`);
  if (dryRun) return records.folder === undefined ? exitCodes.done : exitCodes.differences;
  if (records.folder === undefined) {
    if (global.json) io.out(`${jsonText({ node, restored: [], failed: [], named: [] })}\n`);
    return exitCodes.done;
  }
  if (kubernetes !== undefined && !invocation.flag('despite-kubernetes')) throw kubernetesRuns(node, kubernetes);
  await requireNodeName(invocation, node);
  const report = await uninstaller.takeBack(node, records);
  const clean = report.failed.length === 0;
  const named = clean || invocation.flag('forget') ? await uninstaller.forget(node) : undefined;
  if (global.json) io.out(`${jsonText({ ...report, named })}\n`);
  else {
    io.out(`${renderRollbackReports([report], style)}\n`);
    io.out(`${lastWords(node, clean, named)}\n`);
  }
  return clean ? exitCodes.done : exitCodes.failed;
}

function lastWords(node: string, clean: boolean, named: readonly string[] | undefined): string {
  if (named === undefined)
    return `\n${node} still keeps the records of what was left. Put it right and run this again, or end it with --forget.`;
  const still =
    named.length === 0
      ? 'Nothing there bears the name vmstation any more.'
      : `No record says that these are ours, so they were left: ${named.join(', ')}`;
  return `\n${clean ? `${node} is as it was found.` : `${node} keeps what was left above, and no records of it.`} ${still}`;
}

/** A yes is typed too easily for this. Throws cli/needs-approval, cli/not-approved. */
async function requireNodeName(invocation: Invocation, node: string): Promise<void> {
  const { io, global } = invocation;
  const given = invocation.option('node-name');
  if (given !== undefined && given !== node) throw otherName(node, given);
  if (global.yes && given === node) return;
  if (global.yes || global.json || io.ask === undefined)
    throw needsApproval(
      `Taking everything back on ${node} needs its name typed; a script gives it as --yes --node-name ${node}.`,
      true,
    );
  const typed = (await io.ask(`Type the name of the machine to take all this back on it: `)).trim();
  if (typed !== node) throw otherName(node, typed);
}

function otherName(node: string, typed: string): AppError {
  return new AppError({
    code: 'cli/not-approved',
    kind: 'refused',
    message: `"${typed}" is not ${node}; nothing was changed.`,
  });
}

function kubernetesRuns(node: string, kubernetes: string): AppError {
  return new AppError({
    code: 'uninstall/kubernetes-runs',
    kind: 'refused',
    message: `${kubernetes} runs on ${node}; nothing was taken back. It would lose the kernel modules and settings, the time source and the mounts that were set up for it, and swap would come back: its pods lose their network, and after the next start the kubelet may not come up.`,
    tryThis: `Remove Kubernetes from ${node} first with its own tool, or run it again with --despite-kubernetes.`,
    context: { node, kubernetes },
  });
}
