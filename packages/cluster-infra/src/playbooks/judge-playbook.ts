import type { StepChange } from '@vmstation/core';
import { unifiedDiff } from '@vmstation/host';
import type { InstallerRecord } from '../installer/installer-record.ts';

/** What a run of a playbook says of one host. */
export type HostVerdict =
  | { readonly outcome: 'unchanged'; readonly changes: readonly StepChange[] }
  | { readonly outcome: 'changed'; readonly changes: readonly StepChange[] }
  | { readonly outcome: 'failed' | 'unknown' | 'not-proved'; readonly reason: string };

type Said = Pick<InstallerRecord, 'changes' | 'failures' | 'notProved' | 'recap' | 'stopped' | 'text' | 'unpredicted'>;

/**
 * Judges a host by its own line of the recap, never by the exit code alone: without a recap, or without a task on the host, nothing was done there;
 * a play that ended for all because others failed is not known to have done its work. Pure.
 */
export function judgeHost(record: Said, exitCode: number, host: string): HostVerdict {
  const { recap, failures, text } = record;
  if (record.notProved !== undefined) return { outcome: 'not-proved', reason: record.notProved };
  if (recap === undefined) {
    const said = text.length === 0 ? 'it printed nothing' : `its last words: ${text.slice(-4).join(' ')}`;
    return failed(
      `ansible-playbook ended with exit code ${exitCode} but without a recap, so nothing is known to be done; ${said}`,
    );
  }
  const own = recap.get(host);
  if (own !== undefined && own.failures + own.unreachable > 0) {
    const last = failures.findLast((failure) => failure.host === host);
    const how = own.unreachable > 0 ? 'could not be reached' : 'failed';
    return failed(
      last === undefined
        ? `${host} ${how}; the log names no task`
        : `${host} ${how} at "${last.task}": ${last.message}`,
    );
  }
  if (own === undefined || own.ok === 0)
    return failed(`the playbook ran no task on ${host}: none of its plays is for this host, or the tags left none`);
  const broken = [...recap].filter(([, counts]) => counts.failures + counts.unreachable > 0).map(([name]) => name);
  if (record.stopped && broken.length > 0)
    return {
      outcome: 'unknown',
      reason: `the play ended for all when ${broken.join(', ')} failed; ${host} may lack its last tasks`,
    };
  if (exitCode !== 0 && broken.length === 0)
    return failed(`ansible-playbook ended with exit code ${exitCode}, though its recap has no failure`);
  const changes = changesOn(record, host);
  if (own.changed === 0) return { outcome: 'unchanged', changes: [] };
  return { outcome: 'changed', changes };
}

/** What tasks changed on a host, or would. */
export function changesOn({ changes }: Pick<InstallerRecord, 'changes'>, host: string): readonly StepChange[] {
  return changes
    .filter((change) => change.host === host)
    .flatMap(({ task, diffs }): readonly StepChange[] => {
      const plain: StepChange = { target: task, attribute: 'task', want: 'as the playbook wants', seen: 'otherwise' };
      const told = diffs
        .filter(({ before, after }) => before !== after)
        .map(({ path, before, after }) => ({ ...plain, diff: unifiedDiff(path, before, after) }));
      return told.length === 0 ? [plain] : told;
    });
}

function failed(reason: string): HostVerdict {
  return { outcome: 'failed', reason };
}
