import type { ResourceId, RollbackReport } from '@vmstation/core';
import { garbled } from '../observe/reply.ts';
import { recordsUnwritable } from '../script/run-script.ts';
import { rollbackGreeting } from './rollback-script.ts';

/** What a rollback script told; `nothing` when there was nothing to take back. */
export type RollbackRecords =
  | { readonly told: 'nothing' }
  | { readonly told: 'locked'; readonly by: string }
  | { readonly told: 'report'; readonly report: RollbackReport };

/** Reads the records of a rollback. @throws AppError host/garbled-reply when it did not come to its end, host/records-unwritable */
export function parseRollback(
  text: string,
  source: { node: string; nonce: string; exitCode: number; stderr: string },
): RollbackRecords {
  const mark = `@${source.nonce} `;
  const records = text
    .split('\n')
    .filter((line) => line.startsWith(mark))
    .map((line) => line.slice(mark.length));
  if (records[0] !== rollbackGreeting) throw garbled(source, 'the rollback never began', text);
  const restored: ResourceId[] = [];
  const failed: { id: ResourceId; reason: string }[] = [];
  let nothing = false;
  for (const line of records.slice(1)) {
    const at = line.indexOf(' ');
    const [word, rest] = at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
    const last = failed.at(-1);
    if (word === 'restored') restored.push(rest as ResourceId);
    else if (word === 'failed') failed.push({ id: rest as ResourceId, reason: '' });
    else if (word === 'unit') failed.push({ id: `service:${rest}`, reason: '' });
    else if (word === 'said' && last !== undefined) last.reason = last.reason === '' ? rest : `${last.reason}; ${rest}`;
    else if (word === 'cannot') throw recordsUnwritable(source.node, rest);
    else if (word === 'locked') return { told: 'locked', by: rest };
    else if (word === 'nothing') nothing = true;
  }
  if (records.at(-1) !== 'done') throw garbled(source, 'the rollback did not come to its end', text);
  return nothing ? { told: 'nothing' } : { told: 'report', report: { node: source.node, restored, failed } };
}
