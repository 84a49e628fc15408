import { AppError, exitCodes, type Overlay, toAppError } from '@vmstation/core';
import { type PlannedAdoption, planAdoption } from '@vmstation/platform';
import { openWorkspace, writeHostFolder } from '@vmstation/workspace';
import type { CommandHandler } from '../command/define-command.ts';
import { openSession, type Session } from '../compose/session.ts';
import { renderAdoption } from '../render/adoption.ts';
import { jsonText } from '../render/json.ts';
import { mark } from '../render/style.ts';
import { requireApproval } from './approval.ts';
import { keepWhenProved } from './keep-written.ts';

/** Takes over into the workspace what somebody set up on a machine by hand, and says what is wrong with it. */
export const handleConfigAdopt: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const node = invocation.required('node');
  const dryRun = invocation.flag('dry-run');
  const session = await openSession(invocation, { withDiff: false, onEvent: () => {}, exclusive: !dryRun });
  try {
    session.requireNodes([node]);
    const planned = await planAdoption(session.ports, session.transport, node);
    const { writes } = planned.change;
    if (!global.json && !global.quiet) io.out(`${renderAdoption(planned, invocation.flag('diff'), style)}\n`);
    if (dryRun || writes.length === 0) {
      if (global.json) io.out(`${documentOf(planned, [])}\n`);
      return writes.length === 0 ? exitCodes.done : exitCodes.differences;
    }
    if (!global.json || !global.yes)
      await requireApproval(invocation, {
        question: `Write ${writes.length === 1 ? 'this file' : `these ${writes.length} files`}?`,
        whenAlone: `Adopting ${node} writes into the workspace, and nobody is here to approve it.`,
        hasDryRun: true,
      });
    await write(session, planned);
    const origins = writes.map(({ origin }) => origin);
    const said = `${mark('changed', style)} hosts/${node}/ says now what ${node} has: ${origins.length} written. The machine was not changed.`;
    io.out(global.json ? `${documentOf(planned, origins)}\n` : `${said}\n`);
    return exitCodes.done;
  } finally {
    await session.close();
  }
};

/** All files or none; the workspace is then read anew and must hold exactly what was planned. */
async function write({ workspace: { root } }: Session, { change }: PlannedAdoption): Promise<void> {
  const { node, overlay } = change;
  const notSound = (cause: unknown) =>
    new AppError({
      code: 'adopt/not-as-planned',
      kind: 'environment',
      message: `hosts/${node}/ could not be written as planned, so it is as it was: ${cause instanceof Error ? cause.message : String(cause)}`,
      tryThis: 'Look at the cause, and run the same command again.',
      context: { node },
      cause,
    });
  const written = await writeHostFolder(root, change).catch((thrown: unknown) => {
    const error = toAppError(thrown);
    throw error.kind === 'bug' ? notSound(thrown) : error;
  });
  await keepWhenProved(
    written,
    async () => {
      const { overlays } = await openWorkspace(root);
      const read = overlays.find(({ scope }) => scope.kind === 'host' && scope.name === node);
      if (read === undefined || textOf(read) !== textOf(overlay))
        throw new Error('what was read back is not what was to be written');
    },
    notSound,
  );
}

/** An overlay as text that is equal for equal overlays. */
function textOf({ files, settings }: Overlay): string {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return JSON.stringify([
    sorted.map(({ path, content, mode, owner, group }) => [path, content, mode, owner, group]),
    settings.values,
  ]);
}

function documentOf({ adoption, change }: PlannedAdoption, written: readonly string[]): string {
  const { node, settings, leftOut, findings } = adoption;
  const files = adoption.files.map(({ path, attributes }) => ({ path, ...attributes }));
  const differing = change.writes.map(({ origin, before }) => ({
    origin,
    state: before === undefined ? 'new' : 'changed',
  }));
  return jsonText({ schema: 1, node, files, settings, differing, written, leftOut, findings });
}
