import { quoteArgument } from '@vmstation/remote';
import type { NodeFolders } from '../observe/check-script.ts';
import { garbled } from '../observe/reply.ts';
import { sharedFunctions } from '../script/prelude.ts';
import { sh } from '../script/shell-text.ts';

/** First words of what a look at a change that nobody listens to any more prints. */
export const followGreeting = 'vmstation-follow 1';

/**
 * What became of such a change: it is at work, it came to its end, it was stopped in the middle (the machine started again, its process was
 * killed), or the machine had never begun it.
 */
export type FollowState = 'busy' | 'ended' | 'stopped' | 'absent';

/** What a look found. */
export interface Followed {
  readonly state: FollowState;
  /** The records of the change, as it would have told them, without their marks. */
  readonly records: readonly string[];
}

const states: readonly string[] = ['busy', 'ended', 'stopped', 'absent'] satisfies FollowState[];

/**
 * Waits for a change that goes on without its connection, and tells its records. It changes nothing. `changeNonce` is that of the script that
 * was sent. It answers `busy` after so many seconds, so that whoever asks hears that the machine is there.
 */
export function followScript(
  runId: string,
  changeNonce: string,
  nonce: string,
  folders: NodeFolders,
  waitSeconds: number,
): string {
  return `${[
    '# vmstation: looks what became of a change whose connection was cut',
    `N=${quoteArgument(nonce)}; STATE=${quoteArgument(folders.state)}; RUN=''; F=''`,
    sharedFunctions,
    followFunctions,
    'main() {',
    `say ${quoteArgument(followGreeting)}`,
    'boot=$(cat /proc/sys/kernel/random/boot_id)',
    's=busy; i=0; quiet=0',
    `while [ "$i" -lt ${waitSeconds} ]; do`,
    sh`  for f in "$STATE/runs/"${runId}/*/${`of.${changeNonce}`}; do if [ -e "$f" ]; then F=\${f%/*}; fi; done`.text,
    '  if [ -n "$F" ] && grep -qxF -e \'done\' "$F/records"; then s=ended; break; fi',
    sh`  if at_work ${runId}; then quiet=0; else quiet=$((quiet+1)); fi`.text,
    // Between two looks at a lock it may be given back and the last record written.
    '  if [ "$quiet" -gt 2 ]; then if [ -n "$F" ]; then s=stopped; else s=absent; fi; break; fi',
    '  i=$((i+1)); sleep 1',
    'done',
    'if [ -n "$F" ] && [ "$s" != busy ]; then while IFS= read -r line; do say "record $line"; done <"$F/records"; fi',
    'say "state $s"',
    '}',
    'main </dev/null',
  ].join('\n')}\n`;
}

const followFunctions = `
# The run holds the lock, and lives; before it has begun it waits for whoever holds it.
at_work() {
  o=$(cat "$STATE/lock/owner" 2>/dev/null) || o=''
  if [ -z "$o" ] || is_stale "$o"; then return 1; fi
  [ -z "$F" ] || [ "\${o%% *}" = "$1" ]
}
`.trim();

/** Reads what {@link followScript} prints. @throws AppError host/garbled-reply */
export function parseFollowed(
  text: string,
  source: { node: string; nonce: string; exitCode: number; stderr: string },
): Followed {
  const mark = `@${source.nonce} `;
  const told = text
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith(mark))
    .map((line) => line.slice(mark.length));
  const state = told.at(-1)?.replace(/^state /, '') ?? '';
  if (told[0] !== followGreeting || !states.includes(state)) throw garbled(source, 'it stopped before its end', text);
  const records = told.flatMap((line) => (line.startsWith('record ') ? [line.slice('record '.length)] : []));
  return { state: state as FollowState, records };
}
