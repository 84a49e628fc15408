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
  /** Who tries it, as one word. */
  readonly holder: string;
}

/** First words of what the scripts of an attempt print. */
export const tryGreeting = 'vmstation-try 1';

/** Seconds for which a restore waits for a change that is still at work, before it ends that change. */
const busySeconds = 15;

/** Where systemd finds a unit of an attempt. */
function unitOf(token: string): string {
  return `vmstation-try-${token}`;
}

/**
 * An attempt's folder holds `open` until it is decided. Confirmation and restore race to rename that one file, which a full disk does
 * not hinder: the winner's name, `confirmed` or `restoring`, is what became of the attempt.
 */
function head({ token, folders, runId }: TryAttempt): string {
  return [
    `N=${quoteArgument(token)}; STATE=${quoteArgument(folders.state)}; T="$STATE/try/$N"; BESIDE="/etc/.vmstation-try-$N"`,
    sh`UNIT=${`/etc/systemd/system/${unitOf(token)}-boot.service`}; WANTS=${`/etc/systemd/system/multi-user.target.wants/${unitOf(token)}-boot.service`}; RUNS="$STATE/runs/"${runId}`
      .text,
    `
# Whoever confirmed may never hear of it; the note says so as long as the run is kept.
keep_change() {
  rm -rf "$T/reserve" "$BESIDE"
  if [ -d "$RUNS" ]; then : >"$RUNS/confirmed-$N"; fi
  [ ! -d /run/systemd/system ] || systemctl stop ${unitOf(token)}.timer 2>/dev/null
  rm -f "$UNIT" "$WANTS"; rm -rf "$T"; sync
}`.trim(),
  ].join('\n');
}

/**
 * What the node runs when nobody confirms, or it starts again in between: it takes back, newest first, what this run changed since the
 * attempt was armed. With the argument `again` it goes on with a restore that was stopped half way, as by a reboot.
 */
function restoreScript(attempt: TryAttempt): string {
  return [
    '# vmstation: takes back a change that nobody has confirmed',
    "RUN=''; FOUND=0",
    head(attempt),
    sharedFunctions,
    rollbackFunctions,
    restoreFunctions,
  ].join('\n');
}

const restoreFunctions = `
# At the start of a machine, units that are not there yet would wait for this script, and it for them. What the change had enabled
# may run already, because it is started early; disabling alone would leave it at that.
if [ "\${2:-}" = boot ]; then
  systemctl() {
    case $1 in
      disable) shift; command systemctl disable --now "$@";;
      *) command systemctl --no-block "$@";;
    esac
  }
fi

# Holds back other changes. One that is still at work is waited for, then ended: it must not go on writing behind the restore. A lock
# that cannot be had (the disk is full) keeps no restore from its work.
take_lock() {
  boot=$(cat /proc/sys/kernel/random/boot_id)
  i=0
  until mkdir "$STATE/lock" 2>/dev/null; do
    [ -d "$STATE/lock" ] || return 0
    p=''; at=''
    read -r _ _ at p _ <"$STATE/lock/owner"
    # Numbers of processes begin anew with every start: nobody of an earlier one is ended.
    if [ -n "$at" ] && [ "$at" != "$boot" ]; then break; fi
    if [ -n "$p" ] && [ ! -d "/proc/$p" ]; then break; fi
    if [ "$i" -ge ${busySeconds} ]; then own_lock; [ -z "$p" ] || kill -KILL "$p"; return 0; fi
    i=$((i+1)); sleep 1
  done
  own_lock
}

own_lock() {
  printf '%s %s %s %s\\n' "try-$N" "$(seconds_up)" "$boot" "$$" >"$STATE/lock/owner"
}

main() {
  [ -d "$T" ] || return 0
  if ! mv "$T/open" "$T/restoring"; then
    if [ -e "$T/confirmed" ]; then keep_change; return 0; fi
    if [ "$1" != again ] || [ -e "$T/result" ]; then return 0; fi
  fi
  # What the restore writes finds room here, however full the disk has become.
  rm -rf "$T/reserve" "$BESIDE"
  printf '%s %s\\n' "$$" "$(cat /proc/sys/kernel/random/boot_id)" >"$T/restoring"
  take_lock
  from=$(cat "$T/from"); i=$from
  while [ -d "$RUNS/$i" ]; do i=$((i+1)); done
  while [ "$i" -gt "$from" ]; do i=$((i-1)); RUN="$RUNS/$i"; [ ! -e "$RUN/order" ] || back_all; done
  RUN=''
  unlock
  rm -f "$UNIT" "$WANTS"
  [ ! -d /run/systemd/system ] || systemctl daemon-reload
  printf '%s\\n' restored >"$T/result.new"; mv -f "$T/result.new" "$T/result"
  sync
}
main "\${1:-}" </dev/null >>"$T/log" 2>&1
`.trim();

/**
 * Arms an attempt before anything is touched: the restore is on disk with the room that it needs, a timer outside of any session will
 * run it (on the clock that counts since the start, so that a clock that is set does not matter), and so will the next start of the
 * machine. Attempts that ended without anybody to hear of it are cleaned up; one that nobody settled is taken back first. Last words:
 * `armed`, or `held AREA RUN SECONDS` when another attempt is not decided yet.
 */
export function armScript(attempt: TryAttempt, delimiter: string): string {
  return `${[
    '# vmstation: arms a change that takes itself back',
    sh`RUN=''; HOLDER=${attempt.holder}`.text,
    head(attempt),
    sharedFunctions,
    earlierAttempts,
    roomFunctions,
    'main() {',
    'set -eu',
    `echo ${quoteArgument(tryGreeting)}`,
    'mkdir -p "$STATE/try"; chmod 0700 "$STATE" "$STATE/try"',
    sh`lock ${armSeconds} ${attempt.runId} ${attempt.holder}`.text,
    'set +e; settle_earlier; set -e',
    'if [ -n "$HELD" ]; then unlock; echo "held $HELD"; return 0; fi',
    armed(attempt, delimiter),
    'unlock',
    'echo armed',
    '}',
    'main </dev/null',
  ].join('\n')}\n`;
}

/** Seconds that an arming waits for a change that somebody else makes. */
const armSeconds = 20;

const earlierAttempts = `
# All of it is done holding the lock, so that no attempt that is just being armed is taken for a left one.
HELD=''
settle_earlier() {
  for t in "$STATE"/try/*/; do
    t=\${t%/}
    if [ ! -d "$t" ]; then continue; fi
    if ! is_at_work "$t"; then settle_one "$t"; fi
    if [ ! -d "$t" ]; then continue; fi
    if [ -e "$t/result" ]; then rm -rf "$t"; continue; fi
    a=''; w=''; s=''
    read -r a w s _ <"$t/what"
    HELD="$a $w $(($(seconds_up)-\${s:-0}))"
  done
}

# Armed, and its time is not over, and the machine has not started since; or being taken back at this moment.
is_at_work() {
  b=$(cat /proc/sys/kernel/random/boot_id)
  if [ -e "$1/restoring" ] && [ ! -e "$1/result" ]; then
    p=''; at=''
    read -r p at <"$1/restoring"
    [ "$at" = "$b" ] && [ -d "/proc/$p" ]
    return
  fi
  [ -e "$1/open" ] && [ -e "$1/armed" ] || return 1
  s=''; d=''; at=''
  read -r _ _ s d at <"$1/what"
  [ "$at" = "$b" ] && [ $(($(seconds_up)-\${s:-0})) -le $((\${d:-0}+60)) ]
}

# The restore takes the lock itself.
settle_one() {
  o="\${1##*/}"
  unlock
  if [ -e "$1/restore" ]; then sh "$1/restore" again; fi
  lock 20 "try-$N" "$HOLDER"
  if [ -e "$1/armed" ] && [ ! -e "$1/result" ]; then return 0; fi
  rm -f "/etc/systemd/system/vmstation-try-$o-boot.service" "/etc/systemd/system/multi-user.target.wants/vmstation-try-$o-boot.service"
  rm -rf "/etc/.vmstation-try-$o" "$1"
}
`.trim();

/** Room and names for what a restore writes, on the file system of its records and on that of /etc. */
const roomFunctions = `
hold_room() {
  mkdir "$1"
  for k in 1 2 3 4 5 6 7 8 9 10 11 12; do head -c 262144 /dev/zero >"$1/$k"; done
}
`.trim();

function armed(attempt: TryAttempt, delimiter: string): string {
  const unit = unitOf(attempt.token);
  const window = attempt.windowSeconds;
  return [
    'mkdir "$T"; : >"$T/log"',
    'i=1; while [ -e "$RUNS/$i" ]; do i=$((i+1)); done; printf \'%s\\n\' "$i" >"$T/from"',
    sh`printf '%s %s %s %s %s\n' ${attempt.area} ${attempt.runId} "$(seconds_up)" ${String(window)} "$boot" >"$T/what"`
      .text,
    'hold_room "$T/reserve"',
    'if [ "$(stat -c %d /etc)" != "$(stat -c %d "$T")" ]; then hold_room "$BESIDE"; fi',
    `cat >"$T/restore" <<'${delimiter}'\n${restoreScript(attempt)}\n${delimiter}`,
    ': >"$T/open"',
    'if [ -d /run/systemd/system ]; then',
    `cat >"$UNIT" <<EOF
[Unit]
Description=VMStation takes back an unconfirmed change
DefaultDependencies=no
RequiresMountsFor=$STATE /etc
After=local-fs.target
Conflicts=shutdown.target
Before=basic.target network-pre.target ssh.service sshd.service ssh.socket sshd.socket shutdown.target
Before=nftables.service firewalld.service ufw.service netfilter-persistent.service vmstation-firewall.service systemd-resolved.service
Wants=network-pre.target

[Service]
Type=oneshot
ExecStart=/bin/sh $T/restore again boot
TimeoutStartSec=180
EOF
chmod 0644 "$UNIT"; mkdir -p "\${WANTS%/*}"; ln -s "$UNIT" "$WANTS"`,
    sh`systemd-run --quiet --collect --unit=${unit} --on-active=${`${window}s`} --timer-property=AccuracySec=500ms /bin/sh "$T/restore"`
      .text,
    'else',
    `( cd /; setsid sh -c "sleep ${window}; exec sh '$T/restore'" </dev/null >/dev/null 2>&1 & )`,
    'fi',
    ': >"$T/armed"',
    'sync',
  ].join('\n');
}

/** Keeps the change, unless the restore was faster. Last word: `confirmed`, or `restored`, or `restoring` when that is not over. */
export function confirmScript(attempt: TryAttempt): string {
  return settled(attempt, [
    'if mv "$T/open" "$T/confirmed" 2>/dev/null; then keep_change; echo confirmed; return 0; fi',
  ]);
}

/** Takes the change back now, without waiting for the timer; one that was confirmed stays. Last words as of {@link confirmScript}. */
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
    'if [ -e "$RUNS/confirmed-$N" ]; then echo confirmed; return 0; fi',
    'if [ -d "$T" ] && [ ! -e "$T/result" ]; then echo restoring; return 0; fi',
    'rm -rf "$T"',
    `[ ! -d /run/systemd/system ] || systemctl stop ${unitOf(attempt.token)}.timer 2>/dev/null`,
    'echo restored',
    '}',
    'main </dev/null',
  ].join('\n')}\n`;
}
