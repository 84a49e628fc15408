import { AppError } from '@vmstation/core';
import type { CommandIo, Invocation } from '../command/invocation.ts';

/** Asks for a yes, unless `--yes` was given. Throws cli/needs-approval when nobody is there to answer, cli/not-approved for any other answer. */
export async function requireApproval(
  { io, global }: Invocation,
  asking: { readonly question: string; readonly whenAlone: string },
): Promise<void> {
  if (global.yes) return;
  if (io.ask === undefined || global.json) throw needsApproval(asking.whenAlone);
  if (await saysYes(io.ask, asking.question)) return;
  throw new AppError({ code: 'cli/not-approved', kind: 'refused', message: 'The answer was no; nothing was changed.' });
}

/** Only a clear yes is one. */
export async function saysYes(ask: NonNullable<CommandIo['ask']>, question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await ask(`${question} [y/N] `)).trim());
}

/** An error for a change that only a person may approve. */
export function needsApproval(message: string): AppError {
  return new AppError({
    code: 'cli/needs-approval',
    kind: 'refused',
    message,
    tryThis: 'Look at it first (plans have --dry-run), then run it again with --yes, or in a terminal.',
  });
}
