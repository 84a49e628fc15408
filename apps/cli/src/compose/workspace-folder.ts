import { join, resolve } from 'node:path';
import { stateFolderName } from '@vmstation/workspace';
import type { Invocation } from '../command/invocation.ts';

/** The folder from which the workspace is looked for: `--workspace`, else where the operator stands. */
export function startFolder({ global, io }: Invocation): string {
  return resolve(io.workingDirectory, global.workspace ?? '.');
}

/** The journal of a workspace. */
export function journalFile(workspaceRoot: string): string {
  return join(workspaceRoot, stateFolderName, 'journal.sqlite');
}
