import type { Journal } from '@vmstation/core';
import { findWorkspace, readJournal } from '@vmstation/workspace';
import type { Invocation } from '../command/invocation.ts';
import { journalFile, startFolder } from './workspace-folder.ts';

/** The journal of the workspace that a command line means, to look at, without judging the rest of the workspace. Throws workspace/not-found, journal/unreadable. */
export async function openJournalOf(invocation: Invocation): Promise<Journal & Disposable> {
  const journal = readJournal(journalFile(await findWorkspace(startFolder(invocation))));
  return { ...journal, [Symbol.dispose]: () => journal.close() };
}
