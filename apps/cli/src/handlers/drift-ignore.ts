import { AppError, type DriftIgnore, exitCodes, isDate, isIgnoredAt } from '@vmstation/core';
import { addDriftIgnore, openWorkspace, removeDriftIgnore } from '@vmstation/workspace';
import type { CommandHandler } from '../command/define-command.ts';
import type { Invocation } from '../command/invocation.ts';
import { openSession, type Session } from '../compose/session.ts';
import { systemClock } from '../compose/system-clock.ts';
import { startFolder } from '../compose/workspace-folder.ts';
import { jsonText } from '../render/json.ts';
import { table } from '../render/layout.ts';
import { mark } from '../render/style.ts';
import { requireResource } from './require-resource.ts';

/** Lets a difference be until a day, ends that, or lists what is let be. Reaches no machine. */
export const handleDriftIgnore: CommandHandler = async (invocation) => {
  const node = invocation.argument('node');
  const resource = invocation.argument('resource');
  if (node === undefined) return listIgnores(invocation);
  if (resource === undefined) throw wrongUse('The resource is missing.');
  const session = await openSession(invocation, { withDiff: false, onEvent: () => {}, exclusive: true });
  try {
    session.requireNodes([node]);
    if (invocation.flag('remove')) await remove(invocation, session, { node, resource });
    else
      await add(invocation, session, { node, resource, until: dayOf(invocation), reason: invocation.option('reason') });
    return exitCodes.done;
  } finally {
    await session.close();
  }
};

async function listIgnores(invocation: Invocation): Promise<number> {
  const { io, global, style } = invocation;
  for (const name of ['until', 'reason'])
    if (invocation.option(name) !== undefined) throw wrongUse('The node is missing.');
  if (invocation.flag('remove')) throw wrongUse('The node is missing.');
  const { driftIgnores } = await openWorkspace(startFolder(invocation));
  const now = systemClock.now();
  if (global.json) {
    io.out(`${jsonText(driftIgnores.map((one) => ({ ...one, over: !isIgnoredAt(one, now) })))}\n`);
    return exitCodes.done;
  }
  const rows = driftIgnores.map((one) => [
    one.node,
    one.resource,
    isIgnoredAt(one, now) ? one.until : `${one.until}, over: it counts again`,
    one.reason ?? '',
  ]);
  const lines =
    rows.length === 0 ? ['Nothing is ignored.'] : table(['node', 'resource', 'until', 'reason'], rows, style, '');
  io.out(`${lines.join('\n')}\n`);
  return exitCodes.done;
}

async function add({ io, global, style }: Invocation, session: Session, entry: DriftIgnore): Promise<void> {
  requireResource(session, entry.node, entry.resource);
  if (!isIgnoredAt(entry, systemClock.now())) throw wrongUse(`${entry.until} is over.`);
  await addDriftIgnore(session.workspace.root, entry);
  const said = `${entry.resource} of ${entry.node} is ignored until ${entry.until}; vmstation up still puts back what is declared.`;
  io.out(global.json ? `${jsonText(entry)}\n` : `${mark('changed', style)} ${said}\n`);
}

async function remove(
  { io, global, style }: Invocation,
  session: Session,
  entry: Pick<DriftIgnore, 'node' | 'resource'>,
): Promise<void> {
  await removeDriftIgnore(session.workspace.root, entry);
  io.out(
    global.json
      ? `${jsonText(entry)}\n`
      : `${mark('changed', style)} ${entry.resource} of ${entry.node} counts again.\n`,
  );
}

function dayOf(invocation: Invocation): string {
  const until = invocation.option('until');
  if (until === undefined) throw wrongUse('--until DATE is missing: nothing is ignored for ever.');
  if (!isDate(until)) throw wrongUse(`${until} is no date such as 2027-01-31.`);
  return until;
}

function wrongUse(message: string): AppError {
  return new AppError({
    code: 'cli/wrong-use',
    kind: 'user',
    message: `${message} Nothing was changed.`,
    tryThis: 'vmstation drift ignore NODE RESOURCE --until DATE, or --remove; alone it lists.',
  });
}
