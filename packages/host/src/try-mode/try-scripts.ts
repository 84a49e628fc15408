import { quoteArgument } from '@vmstation/remote';
import type { NodeFolders } from '../observe/check-script.ts';
import { rollbackFunctions } from '../rollback/rollback-script.ts';
import { sharedFunctions } from '../script/prelude.ts';
import { sh } from '../script/shell-text.ts';

/** One attempt on one node. */
export interface TryAttempt {
  /** Letters and digits: it names a folder and units. */
  readonly token: string;
  readonly runId: string;
  readonly area: string;
  /** From the moment of arming until the node takes the change back by itself. */
  readonly windowSeconds: number;
  readonly folders: NodeFolders;
}

/** First words of what the scripts of an attempt print. */
export const tryGreeting = 'vmstation-try 1';

/** Seconds for which a restore waits for a change that is still at work, before it ends that change. */
const busySeconds = 15;

/** Where systemd finds a unit of an attempt. */
function unitOf(token: string): string {
  return `vmstation-try-${token}`;
}

function head({ token, folders }: TryAttempt): string {
  return [
    `N=${quoteArgument(token)}; STATE=${quoteArgument(folders.state)}; RUN=''; FOUND=0; T="$STATE/try/$N"`,
    sh`UNIT=${`/etc/systemd/system/${unitOf(token)}-boot.service`}; WANTS=${`/etc/systemd/system/multi-user.target.wants/${unitOf(token)}-boot.service`}`
      .text,
  ].join('\n');
}

/**
 * What the node runs when nobody confirms, or it starts again in between: it takes back, newest first, what this run changed since the
 * attempt was armed. Whoever makes the folder `decided` first, a confirmation or this, decides; there is no other way to either end.
 */
function restoreScript(attempt: TryAttempt): string {
  return [
    '# vmstation: takes back a change that nobody has confirmed',
    head(attempt),
    sharedFunctions,
    rollbackFunctions,
    `
# A change that is still at work must not go on writing behind the restore.
end_change() {
  read -r _ _ _ p <"$STATE/lock/owner" || p=''
  if [ -n "$p" ]; then kill -KILL "$p"; fi
  rm -rf "$STATE/lock"
}

main() {
  [ -d "$T" ] || return 0
  mkdir "$T/decided" 2>/dev/null || return 0
  printf '%s\\n' restore >"$T/decided/by"
  i=0
  while [ -d "$STATE/lock" ] && [ "$i" -lt ${busySeconds} ]; do i=$((i+1)); sleep 1; done
  if [ -d "$STATE/lock" ]; then end_change >/dev/null 2>&1; fi
  lock 5 "try-$N"
  from=$(cat "$T/from")`.trim(),
    sh`  B="$STATE/runs/"${attempt.runId}; i=$from`.text,
    `  while [ -d "$B/$i" ]; do i=$((i+1)); done
  while [ "$i" -gt "$from" ]; do i=$((i-1)); RUN="$B/$i"; [ ! -e "$RUN/order" ] || back_all; done
  RUN=''
  unlock
  rm -f "$UNIT" "$WANTS"
  printf '%s\\n' restored >"$T/result.new"; mv -f "$T/result.new" "$T/result"
  sync
}
main </dev/null >"$T/log" 2>&1`,
  ].join('\n');
}

/**
 * Arms an attempt before anything is touched: the restore is on disk, a timer outside of any session will run it, and so will the next
 * start of the machine. Prints `armed` as its last word.
 */
export function armScript(attempt: TryAttempt, delimiter: string): string {
  const unit = unitOf(attempt.token);
  const window = attempt.windowSeconds;
  return `${[
    '# vmstation: arms a change that takes itself back',
    'LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin; export LC_ALL PATH; umask 077; set -eu',
    head(attempt),
    'main() {',
    'mkdir -p "$STATE/try"; chmod 0700 "$STATE" "$STATE/try"; mkdir "$T"',
    sh`i=1; while [ -e "$STATE/runs/"${attempt.runId}"/$i" ]; do i=$((i+1)); done; printf '%s\n' "$i" >"$T/from"`.text,
    sh`printf '%s %s\n' ${attempt.area} "$(date +%s)" >"$T/what"`.text,
    `cat >"$T/restore" <<'${delimiter}'\n${restoreScript(attempt)}\n${delimiter}`,
    'if [ -d /run/systemd/system ]; then',
    `cat >"$UNIT" <<EOF
[Unit]
Description=VMStation takes back an unconfirmed change
DefaultDependencies=no
RequiresMountsFor=$STATE /etc
After=local-fs.target
Before=network-pre.target ssh.service sshd.service
Wants=network-pre.target

[Service]
Type=oneshot
ExecStart=/bin/sh $T/restore
EOF
chmod 0644 "$UNIT"; mkdir -p "\${WANTS%/*}"; ln -s "$UNIT" "$WANTS"`,
    sh`systemd-run --quiet --collect --unit=${unit} --on-active=${`${window}s`} --timer-property=AccuracySec=500ms /bin/sh "$T/restore"`
      .text,
    'else',
    `( cd /; setsid sh -c "sleep ${window}; exec sh '$T/restore'" </dev/null >/dev/null 2>&1 & )`,
    'fi',
    'sync',
    `printf '%s\\n' ${quoteArgument(tryGreeting)} armed`,
    '}',
    'main </dev/null',
  ].join('\n')}\n`;
}

/** Keeps the change, unless the restore was faster. Last word: `confirmed`, or `restored`, or `restoring` when that is not over. */
export function confirmScript(attempt: TryAttempt): string {
  return settled(attempt, [
    'if mkdir "$T/decided" 2>/dev/null; then',
    `  [ ! -d /run/systemd/system ] || systemctl stop ${unitOf(attempt.token)}.timer`,
    '  rm -f "$UNIT" "$WANTS"; rm -rf "$T"; sync',
    '  echo confirmed; return 0',
    'fi',
  ]);
}

/** Takes the change back now, without waiting for the timer. Last word: `restored`, or `restoring` when that is not over. */
export function restoreNowScript(attempt: TryAttempt): string {
  return settled(attempt, ['[ ! -d "$T" ] || sh "$T/restore"']);
}

function settled(attempt: TryAttempt, before: readonly string[]): string {
  return `${[
    'LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin; export LC_ALL PATH; umask 077',
    head(attempt),
    'main() {',
    `echo ${quoteArgument(tryGreeting)}`,
    ...before,
    'i=0; while [ -d "$T" ] && [ ! -e "$T/result" ] && [ "$i" -lt 40 ]; do i=$((i+1)); sleep 1; done',
    'if [ -d "$T" ] && [ ! -e "$T/result" ]; then echo restoring; return 0; fi',
    'rm -rf "$T"',
    `[ ! -d /run/systemd/system ] || systemctl stop ${unitOf(attempt.token)}.timer 2>/dev/null`,
    'echo restored',
    '}',
    'main </dev/null',
  ].join('\n')}\n`;
}
