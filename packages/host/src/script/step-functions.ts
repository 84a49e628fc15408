import { durably } from './prelude.ts';

/** Functions with which a change takes its steps, and units are told of them. They stand on those that all scripts share (prelude.ts). */
export const stepFunctions = `
# Sets d to the device and succeeds only where nothing is on it: no signature that wipefs or blkid knows (file system, partition table,
# RAID, LVM, LUKS), no partition, nobody at work. A regular file must be all zero.
untouched() {
  if [ ! -e "$1" ]; then printf '%s\\n' "there is no device $1"; return 1; fi
  d=$(readlink -f "$1")
  s=$(wipefs -p "$d") || { carries "something that wipefs cannot read"; return 1; }
  case $s in *0x*) carries "$(blkid -p "$d" 2>&1 || printf 'more than one signature')"; return 1;; esac
  r=0; blkid -p "$d" >/dev/null 2>&1 || r=$?
  if [ "$r" -ne 2 ]; then carries "something that blkid cannot name (exit status $r)"; return 1; fi
  if grep -q -F -e "$d " /proc/mounts /proc/swaps; then carries 'what is in use'; return 1; fi
  if [ -f "$d" ]; then
    if [ "$(tr -d '\\000' <"$d" | head -c 1 | base64)" != '' ]; then carries 'content'; return 1; fi
  elif [ ! -b "$d" ]; then printf '%s\\n' "$1 is no block device"; return 1; fi
  for x in "/sys/class/block/\${d##*/}/\${d##*/}"* "/sys/class/block/\${d##*/}/holders/"*; do
    if [ -e "$x" ]; then carries "\${x##*/}"; return 1; fi
  done
}

carries() {
  printf '%s\\n' "host/device-not-empty: $d carries $1, so no file system was made and nothing was written"
}

is_bad() {
  case " $BAD " in *" $1 "*) return 0;; esac
  return 1
}

# Candidates that a failed step left behind.
sweep() {
  if [ -e "$RUN/keeps.$n" ]; then
    while read -r k; do
      IFS= read -r p <"$RUN/path.$k"
      for f in "\${p%/*}/.vmstation-$N" "\${p%/*}/.vmstation-$N".*; do
        if [ -e "$f" ] || [ -L "$f" ]; then rm -rf "$f"; fi
      done
    done <"$RUN/keeps.$n"
  fi
  if [ -e "$RUN/keys-file.$n" ]; then p=$(cat "$RUN/keys-file.$n"); rm -rf "$p.$N" "\${p%/*}/.vmstation-$N"; fi
}

# Candidates of runs that never came to their end: the machine was switched off, or the script was killed.
sweep_interrupted() {
  for f in "$STATE"/runs/*/*/nonce; do
    if [ ! -e "$f" ]; then continue; fi
    o=$(cat "$f")
    if [ -z "$o" ]; then o=$N; fi
    for k in "\${f%/*}"/path.*; do
      if [ -e "$k" ]; then p=$(cat "$k"); rm -rf "\${p%/*}/.vmstation-$o" "\${p%/*}/.vmstation-$o".*; fi
    done
    for k in "\${f%/*}"/keys-file.*; do
      if [ -e "$k" ]; then p=$(cat "$k"); rm -rf "$p.$o" "\${p%/*}/.vmstation-$o"; fi
    done
    rm -f "$f"
  done
}

# Runs change_N unless something it depends on went wrong.
step() {
  n=$1; shift
  if is_bad "$n"; then return 0; fi
  for d in "$@"; do
    if is_bad "$d"; then BAD="$BAD $n"; say "end $n blocked $d"; return 0; fi
  done
  say "begin $n"
  printf '%s\\n' "$n" >>"$RUN/order"
  ( set -eu; "change_$n" ) >"$RUN/log.$n" 2>&1
  r=$?
  # What it printed may hold the secret.
  if [ -e "$RUN/secret.$n" ]; then rm -f "$RUN/log.$n"; fi
  if [ "$r" -eq 0 ]; then say "end $n ok"; return 0; fi
  BAD="$BAD $n"
  sweep
  say "end $n failed $r"
  if [ ! -e "$RUN/secret.$n" ]; then tell "$RUN/log.$n"; fi
}

# A notification is owed from before the change until the unit has settled; the next run pays what this one cannot.
owe() {
  # An earlier step of this run has seen to it.
  if [ -e "$RUN/owes.$1" ]; then return 0; fi
  printf '%s\\n' "$RUN" >"$STATE/owed/$1"
  sync "$STATE/owed/$1"
  : >"$RUN/owes.$1"
}

# Starts a unit that does not run; one that runs is left to its handler. Sockets that come up with it go down with it in a rollback.
start() {
  if systemctl is-active --quiet -- "$1"; then return 0; fi
  triggers_of "$1" | while IFS= read -r u; do
    systemctl is-active --quiet -- "$u" || printf '%s\\n' "$u" >>"$RUN/woken.$n"
  done
  printf '%s\\n' "$1" >>"$RUN/started"
  systemctl start -- "$1"
}

# Stops a unit for good: what listens for it would start it again at the next word.
halt() {
  triggers_of "$1" | while IFS= read -r u; do
    if systemctl is-active --quiet -- "$u"; then printf '%s\\n' "$u" >>"$RUN/halted.$n"; systemctl stop -- "$u"; fi
  done
  systemctl stop -- "$1"
}

# A unit's state by which it is seen to stay up. A timer, socket or path goes to and fro while it works.
pulse_of() {
  case $1 in
    *.service) systemctl show --no-pager --property=ActiveState,SubState,NRestarts,MainPID -- "$1";;
    *) systemctl show --no-pager --property=ActiveState -- "$1";;
  esac
}

# Restarts or reloads a unit when that is owed, unless this run started it after its files were right.
handle() {
  if [ ! -e "$STATE/owed/$1:$2" ]; then return 0; fi
  if [ -e "$RUN/started" ] && grep -qxF -e "$2" "$RUN/started"; then return 0; fi
  if [ "$1" = reload ] && [ -e "$STATE/owed/restart:$2" ]; then return 0; fi
  say "handle $1 $2"
  # systemd refuses a unit that was started too often of late, whoever asks.
  if [ "$1" = restart ]; then systemctl reset-failed -- "$2" 2>/dev/null; systemctl restart -- "$2"; else systemctl reload-or-restart -- "$2"; fi >"$RUN/log.handler" 2>&1
  r=$?
  if [ "$r" -eq 0 ]; then WATCH="$WATCH $2"; return 0; fi
  UNSETTLED="$UNSETTLED $2"
  say "unsettled $2"
  tell "$RUN/log.handler"
  last_words "$2"
}

last_words() {
  journalctl --no-pager -q -o cat -n 5 -u "$1" >"$RUN/log.journal" 2>&1
  tell "$RUN/log.journal"
}

# A unit that dies a moment after its start did not start: watched units must be as they were after a while.
settle() {
  if [ -e "$RUN/started" ]; then while IFS= read -r u; do WATCH="$WATCH $u"; done <"$RUN/started"; fi
  if [ -z "$WATCH" ]; then return 0; fi
  for u in $WATCH; do pulse_of "$u" >"$RUN/pulse.$u"; done
  # The disk has the time that the units get.
  ${durably} &
  sleep "$1"
  wait
  for u in $WATCH; do
    p=$(pulse_of "$u")
    case $p in
      *ActiveState=active*) if [ "$p" = "$(cat "$RUN/pulse.$u")" ]; then continue; fi;;
      *ActiveState=inactive*) if systemctl show --no-pager --property=Type,Result -- "$u" | grep -qxF Type=oneshot; then continue; fi;;
    esac
    UNSETTLED="$UNSETTLED $u"
    say "unsettled $u"
    say "said it did not stay up: $(printf '%s' "$p" | tr '\\n' ' ')"
    last_words "$u"
  done
}

# Erases what is paid.
paid() {
  case " $UNSETTLED " in *" $2 "*) return 0;; esac
  rm -f "$STATE/owed/$1:$2"
}
`.trim();
