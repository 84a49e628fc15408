import { acceptanceOf } from '@vmstation/cluster-tools';
import {
  AppError,
  type DesiredResource,
  exitCodes,
  type Plan,
  type PlanScope,
  resourceId,
  type StepChange,
} from '@vmstation/core';
import { createPlatform, type Platform } from '@vmstation/platform';
import { editHostSettings, openWorkspace, type WrittenFile, writeHostFile } from '@vmstation/workspace';
import type { CommandHandler } from '../command/define-command.ts';
import type { Invocation } from '../command/invocation.ts';
import { openSession, type Session } from '../compose/session.ts';
import { renderChanges } from '../render/diff.ts';
import { jsonText } from '../render/json.ts';
import { mark } from '../render/style.ts';
import { requireApproval } from './approval.ts';
import { keepWhenProved } from './keep-written.ts';
import { requireResource } from './require-resource.ts';

/** Writes what a machine has into the workspace, so that it is what is declared. */
export const handleDriftAccept: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const node = invocation.required('node');
  const id = invocation.required('resource');
  const session = await openSession(invocation, { withDiff: true, onEvent: () => {}, exclusive: true });
  try {
    session.requireNodes([node]);
    requireResource(session, node, id);
    const subject: Subject = { session, node, desired: desiredOf(session.platform, node, id) };
    const changes = observedChanges(subject, await session.platform.plan(scopeOf(subject)));
    if (changes.length === 0) {
      io.out(global.json ? `${jsonText({ node, resource: id, written: [] })}\n` : `${id} of ${node} is as declared.\n`);
      return exitCodes.done;
    }
    if (!global.json && !global.quiet) io.out(`${renderChanges(changes, style, '  ').join('\n')}\n`);
    const written = await writeObserved(subject, changes);
    const exitCode = await keepIfClean(invocation, subject, written);
    const { origin } = written;
    const said = `${mark('changed', style)} ${origin} says now what ${node} has for ${id}.`;
    io.out(global.json ? `${jsonText({ node, resource: id, written: [origin] })}\n` : `${said}\n`);
    return exitCode;
  } finally {
    await session.close();
  }
};

/** What is to be accepted. */
interface Subject {
  readonly session: Session;
  readonly node: string;
  readonly desired: DesiredResource;
}

function desiredOf(platform: Platform, node: string, id: string): DesiredResource {
  const found = platform.desired.nodes.get(node)?.find(({ resource }) => resourceId(resource) === id);
  if (found === undefined) throw new Error(`${id} was there a moment ago`);
  return found;
}

function scopeOf({ node, desired }: Subject): PlanScope {
  return { phases: [desired.phase], nodes: [node], tags: undefined, resources: [resourceId(desired.resource)] };
}

/** The differences of the resource. Throws drift/cannot-accept when it could not be read. */
function observedChanges(subject: Subject, plan: Plan): readonly StepChange[] {
  const block = plan.steps.find((step) => step.blockedBy !== undefined)?.blockedBy;
  if (block !== undefined) throw cannotAccept(subject, block.reason);
  return plan.steps.flatMap((step) => step.changes);
}

async function writeObserved(subject: Subject, changes: readonly StepChange[]): Promise<WrittenFile> {
  const { session, node, desired } = subject;
  const { root } = session.workspace;
  const edits = [];
  for (const acceptance of acceptanceOf(node, desired, changes)) {
    switch (acceptance.write) {
      case 'nothing':
        throw cannotAccept(subject, acceptance.because);
      case 'file': {
        const { path, executable } = acceptance;
        const content = (await session.ports.host.readTexts(node, [path], session.ports.signal)).get(path);
        if (content === undefined) throw cannotAccept(subject, 'its content is no text, or larger than 256 KiB');
        return writeHostFile(root, { node, path, content, executable });
      }
      case 'setting':
        edits.push({ keys: acceptance.keys, value: acceptance.value });
        break;
      case 'removal':
        edits.push({ keys: acceptance.keys, without: acceptance.item });
        break;
    }
  }
  return editHostSettings(root, node, edits);
}

/** Reads the workspace and the machine anew: what was written stays only when the resource is then as declared. */
function keepIfClean(invocation: Invocation, subject: Subject, written: WrittenFile): Promise<number> {
  return keepWhenProved(
    written,
    () => proveClean(invocation, subject),
    (error) => cannotAccept(subject, `with ${written.origin} the workspace would not be sound`, error),
  );
}

async function proveClean(invocation: Invocation, subject: Subject): Promise<number> {
  const { session, node, desired } = subject;
  const workspace = await openWorkspace(session.workspace.root);
  const platform = await createPlatform({ ...session.ports, workspace }, { withDiff: false });
  const plan = await platform.plan(scopeOf(subject));
  const rest = observedChanges(subject, plan);
  if (rest.length === 0) return exitCodes.done;
  const told = rest.map(({ attribute, seen, want }) => `${attribute} is ${seen}, not ${want}`).join(', ');
  // A machine can hold two values of these, one in force and one for its next start: the accepted one has to become both.
  if (desired.resource.kind !== 'sysctl' && desired.resource.kind !== 'timezone')
    throw cannotAccept(subject, `the machine would still differ: ${told}`);
  await requireApproval(invocation, {
    question: `The machine has two values (${told}). Make the accepted one both?`,
    whenAlone: `${node} has two values of it (${told}): accepting one changes the machine, and nobody is here to approve it.`,
  });
  const summary = await platform.execute(plan, { command: invocation.line, approveWidening: async () => false });
  if (summary.exitCode !== exitCodes.done)
    throw cannotAccept(subject, summary.attention.map(({ reason }) => reason ?? '').join('; '));
  return exitCodes.done;
}

function cannotAccept({ node, desired }: Subject, because: string, cause?: AppError): AppError {
  return new AppError({
    code: 'drift/cannot-accept',
    kind: 'refused',
    message: `${resourceId(desired.resource)} of ${node} cannot be accepted: ${because}. The workspace is as it was.`,
    tryThis: `Change ${desired.origins.join(', ')} by hand, or put the machine back: vmstation drift revert ${node} ${resourceId(desired.resource)}`,
    context: { node },
    ...(cause === undefined ? {} : { cause }),
  });
}
