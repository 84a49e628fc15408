import { AppError, toAppError } from '@vmstation/core';
import type { CommandIo } from '../command/command-io.ts';
import type { Invocation } from '../command/invocation.ts';
import { interruptedAtQuestion } from '../command/terminal-question.ts';

/** Asks for a yes, unless `--yes` was given. Throws cli/needs-approval when nobody is there to answer, cli/not-approved for any other answer, cli/interrupted at Ctrl-C. */
export async function requireApproval(
  { io, global }: Invocation,
  asking: { readonly question: string; readonly whenAlone: string; readonly hasDryRun?: boolean },
): Promise<void> {
  if (global.yes) return;
  if (io.ask === undefined || global.json) throw needsApproval(asking.whenAlone, asking.hasDryRun);
  let yes: boolean;
  try {
    yes = await saysYes(io.ask, asking.question);
  } catch (thrown) {
    if (toAppError(thrown).kind !== 'interrupted') throw thrown;
    throw interruptedAtQuestion('Interrupted; nothing was changed.');
  }
  if (yes) return;
  throw new AppError({ code: 'cli/not-approved', kind: 'refused', message: 'The answer was no; nothing was changed.' });
}

/** Only a clear yes is one. */
export async function saysYes(ask: NonNullable<CommandIo['ask']>, question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await ask(`${question} [y/N] `)).trim());
}

/** An error for a change that only a person may approve. */
export function needsApproval(message: string, hasDryRun = false): AppError {
  return new AppError({
    code: 'cli/needs-approval',
    kind: 'refused',
    message,
    tryThis: hasDryRun
      ? 'Look at it first with --dry-run, then run it again with --yes, or in a terminal.'
      : 'Run it again with --yes, or in a terminal.',
  });
}
