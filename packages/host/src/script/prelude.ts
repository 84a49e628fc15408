/** A rename is on disk only when its folder is: without this, power that fails right after a change which was told as done brings back what was before. */
export const durably = 'sync -f /etc "$STATE"';

/**
 * Functions that the apply and the rollback script share. `$N` is the nonce, `$RUN` the folder of this apply, `$STATE` the state
 * folder. No `local` (not POSIX): functions keep to their positional parameters or to names that nobody else uses.
 */
export const sharedFunctions = `
LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin; export LC_ALL PATH
umask 077

# A record for whoever listens. A closed connection kills the process that writes to it, so this shell does not hear of that while it
# writes; what it starts does, as ever.
say() {
  trap '' PIPE
  { printf '%s\\n' "@$N $*"; } 2>/dev/null || :
  trap - PIPE
  [ -z "$RUN" ] || printf '%s\\n' "$*" >>"$RUN/records"
}

# The end of what a step printed.
tell() {
  if [ -s "$1" ]; then tail -n 6 "$1" | while IFS= read -r line; do say "said $line"; done; fi
}

# One line that tells a path's state apart from any other.
state_of() {
  if [ -L "$1" ]; then printf 'link %s\\n' "$(readlink "$1")"
  elif [ -f "$1" ]; then s=$(sha256sum "$1"); s=\${s#\\\\}; printf 'file %s %s\\n' "\${s%% *}" "$(stat -c '%a %u %g' "$1")"
  elif [ -d "$1" ]; then printf 'directory %s\\n' "$(stat -c '%a %u %g' "$1")"
  elif [ -e "$1" ]; then printf 'other\\n'
  else printf 'absent\\n'; fi
}

# A copy that only root can read, whoever could read the file: owner and mode stand in its state. (Every shell that we meet knows -O and -G: mine,
# my group's.)
keep_copy() {
  cp -p "$1" "$2"
  chmod 0600 "$2"
  # shellcheck disable=SC3067
  if [ ! -O "$2" ] || [ ! -G "$2" ]; then chown 0:0 "$2" 2>/dev/null || :; fi
}

# SELinux: the context that the policy wants for the path.
relabel() {
  if command -v restorecon >/dev/null 2>&1; then restorecon "$1"; fi
}

# Puts a finished candidate at its path.
place() {
  sync "$2"
  put "$1" "$2"
}

# The same for one that is on disk already. A path that cannot be renamed over (a bind mount) is written through.
put() {
  if [ -d "$1" ]; then
    if [ -L "$1" ]; then rm -f "$1"; else discard "$2" "there is a directory at $1"; return 1; fi
  fi
  mv -f "$2" "$1" || { cat "$2" >"$1"; rm -f "$2"; }
  relabel "$1"
}

discard() {
  rm -f "$1"
  printf '%s\\n' "$2"
  return 1
}

link() {
  if [ -d "$2" ] && [ ! -L "$2" ]; then printf '%s\\n' "there is a directory at $2"; return 1; fi
  ln -sfn -- "$1" "$2"
}

remove() {
  if [ -d "$1" ] && [ ! -L "$1" ]; then rmdir "$1"; else rm -f "$1"; fi
}

# What a change needs to be undone cannot be kept, so it is not begun.
cannot() {
  RUN=''
  say "cannot $(printf '%s' "$1" | tr '\\n' ' ')"
  exit 0
}

# One change at a time: a folder that only one can make, with the run, the time, this start of the machine, the process and who it is for.
# It is stale after a reboot, or when its owner is gone. Time is the kernel's
# own since boot: a clock that was set would make a living lock seem old.
lock() {
  i=0
  boot=$(cat /proc/sys/kernel/random/boot_id)
  until w=$(mkdir "$STATE/lock" 2>&1); do
    # Nobody holds it and it cannot be had: the file system is full or read-only.
    if [ ! -d "$STATE/lock" ]; then
      if w=$(mkdir "$STATE/lock" 2>&1); then break; fi
      if [ ! -d "$STATE/lock" ]; then cannot "$w"; fi
    fi
    held=$(cat "$STATE/lock/owner" 2>/dev/null) || held=''
    if is_stale "$held" && mv "$STATE/lock" "$STATE/lock.$N" 2>/dev/null; then
      rm -rf "$STATE/lock.$N"
      continue
    fi
    i=$((i+1))
    if [ "$i" -gt "$1" ]; then RUN=''; say "locked $(age_of "$held") $held"; exit 0; fi
    sleep 1
  done
  # By a program, because the word of a shell for a full disk is only "I/O error".
  if ! w=$( { printf '%s %s %s %s %s\\n' "$2" "$(seconds_up)" "$boot" "$$" "$3" | cat >"$STATE/lock/owner"; } 2>&1 ); then unlock; cannot "$w"; fi
}

seconds_up() {
  read -r up _ </proc/uptime
  printf '%s' "\${up%%.*}"
}

# Seconds for which a lock has been held.
age_of() {
  s=\${1#* }; s=\${s%% *}
  case $s in ''|*[!0-9]*) printf '?';; *) printf '%s' "$(($(seconds_up)-s))";; esac
}

is_stale() {
  # Its owner has not written its name yet; one that never does was killed in between.
  if [ -z "$1" ]; then [ "$i" -gt 10 ]; return; fi
  rest=\${1#* }; since=\${rest%% *}
  rest=\${rest#* }; at=\${rest%% *}; rest=\${rest#* }; pid=\${rest%% *}
  if [ "$at" != "$boot" ]; then return 0; fi
  if [ -d "/proc/$$" ] && [ ! -d "/proc/$pid" ]; then return 0; fi
  [ $(($(seconds_up)-since)) -gt 3600 ]
}

# Sockets and paths that start a unit, one a line.
triggers_of() {
  for t in $(systemctl show --no-pager --property=TriggeredBy -- "$1"); do
    t=\${t#TriggeredBy=}
    case $t in *.socket|*.path) printf '%s\\n' "$t";; esac
  done
}

# All units that a step wrote down get one verb.
each() {
  if [ -e "$2" ]; then while IFS= read -r u; do systemctl "$1" -- "$u"; done <"$2"; fi
}

# An account in one line: its own of passwd, and the groups that name it.
account_of() {
  grep -e "^$1:" /etc/passwd || :
  while IFS=: read -r a _ _ d; do
    case ",$d," in *",$1,"*) printf ' %s' "$a";; esac
  done </etc/group
}

gid_of() {
  while IFS=: read -r a _ c _; do
    if [ "$a" = "$1" ]; then printf '%s' "$c"; fi
  done </etc/group
}

# The beginning of a device, where every file system writes as soon as it is used.
head_of() {
  head -c 1048576 "$1" | sha256sum
}

unlock() {
  rm -rf "$STATE/lock"
}

# dpkg and rpm do not wait for their locks by themselves, as apt-get does: whoever holds one is waited for, within bounds.
patiently() {
  t=0
  while :; do
    r=0; w=$("$@" 2>&1) || r=$?
    case "$r:$w" in
      0:*) break;;
      *'locked by another process'*|*'transaction lock on'*) if [ "$t" -ge 300 ]; then break; fi; t=$((t+1)); sleep 1;;
      *) break;;
    esac
  done
  if [ -n "$w" ]; then printf '%s\\n' "$w"; fi
  return "$r"
}
`.trim();

/** Functions that only a change needs. */
export const changeFunctions = `
# Folders above a path; what is made is remembered for the rollback.
parents() {
  case \${1%/*} in '') return 0;; esac
  if [ -d "\${1%/*}" ]; then return 0; fi
  parents "\${1%/*}"
  mkdir "\${1%/*}"
  chmod 0755 "\${1%/*}"
  printf '%s\\n' "\${1%/*}" >>"$RUN/made.$n"
}

# Room for a candidate: the folders above its path, and nothing under its name.
room() {
  parents "$1"
  if [ -e "$2" ] || [ -L "$2" ]; then rm -f "$2"; fi
}

# Owner and mode of a candidate: as declared, else as the present file's ("-"). Where it is like the present file already, nothing is started for it.
dress() {
  m=$3; o=$4; g=$5
  if [ "$m" = - ] || [ "$o" = - ] || [ "$g" = - ]; then
    was='0644  '; is=''
    if [ -f "$1" ] && [ ! -L "$1" ]; then was=$(stat -c '%a %u %g' "$1" "$2"); is=\${was#*"$NL"}; was=\${was%%"$NL"*}; fi
    if [ "$m$o$g" = --- ] && [ "$was" = "$is" ]; then return 0; fi
    if [ "$m" = - ]; then m=\${was%% *}; fi
    if [ "$o" = - ]; then o=\${was#* }; o=\${o%% *}; fi
    if [ "$g" = - ]; then g=\${was##* }; fi
  fi
  own "$2" "$o" "$g"
  chmod "$m" "$2"
}

# Owner and group, by name or number; an empty one stays. What root makes is root's, unless its folder or file system says otherwise: a look tells.
own() {
  case $2:$3 in
    :) return 0;;
    root:root|root:|:root|0:0|0:|:0)
      # shellcheck disable=SC3067
      if [ "$ME" = 0:0 ] && [ -O "$1" ] && [ -G "$1" ]; then return 0; fi;;
  esac
  chown "$2\${3:+:$3}" "$1"
}

# Content for the candidate $t, which stands open; path, mode, owner, group. These come first, so that everything is on disk when dd ends.
fill() {
  dress "$1" "$t" "$2" "$3" "$4"
  dd bs=64k conv=fsync status=none
}

# A short record, written without a process.
note() {
  while IFS= read -r line; do printf '%s\\n' "$line"; done
}

# The place of this apply among all that the machine has seen, from 1: names of runs tell seconds, and clocks of operators differ.
take_number() {
  s=0
  for f in "$STATE"/runs/*/*/sequence; do
    if [ -e "$f" ] && read -r v <"$f" && [ "$v" -gt "$s" ]; then s=$v; fi
  done
  printf '%s\\n' "$((s+1))" | cat >"$RUN/sequence"
}

# Keeps these paths as they are: the state of the first in before.1, the content of a file in data.1, and so on.
keep() {
  k=0
  for p in "$@"; do
    k=$((k+1))
    printf '%s\\n' "$p" >"$RUN/path.$k"
    if [ -f "$p" ] && [ ! -L "$p" ]; then keep_copy "$p" "$RUN/data.$k"; fi
  done
  states before "$@"
}

# Writes the states of these paths to $1.1, $1.2 and so on, as state_of tells them: one process for what all files hold, one for their owners and modes.
states() {
  w=$1; shift
  k=0; files=''
  for p in "$@"; do
    # The list becomes that of the files.
    shift
    k=$((k+1))
    if [ -f "$p" ] && [ ! -L "$p" ]; then set -- "$@" "$p"; files="$files $k"; else state_of "$p" >"$RUN/$w.$k"; fi
  done
  if [ $# -eq 0 ]; then return 0; fi
  # When one of them goes away meanwhile, each is looked at by itself.
  if ! sums=$(sha256sum "$@" 2>/dev/null) || ! modes=$(stat -c '%a %u %g' "$@" 2>/dev/null); then sums=''; fi
  for k in $files; do
    if [ -z "$sums" ]; then state_of "$1" >"$RUN/$w.$k"; shift; continue; fi
    s=\${sums#\\\\}
    printf 'file %s %s\\n' "\${s%% *}" "\${modes%%"$NL"*}" >"$RUN/$w.$k"
    sums=\${sums#*"$NL"}; modes=\${modes#*"$NL"}
  done
}

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

# Notes how the run leaves these paths; of a file that others share, also its lines.
left() {
  states after "$@"
  k=0
  for p in "$@"; do
    k=$((k+1))
    if [ -e "$RUN/shared.$k" ] && [ -f "$p" ] && [ ! -L "$p" ]; then keep_copy "$p" "$RUN/left.$k"; fi
  done
}

is_bad() {
  case " $BAD " in *" $1 "*) return 0;; esac
  return 1
}

# A change is only right for what was seen: N, what is there, what was there.
unless_changed() {
  is_bad "$1" && return 0
  [ "$2" = "$3" ] && return 0
  BAD="$BAD $1"
  say "end $1 stale"
  say "said it was \\"$3\\" and is \\"$2\\" now"
}

# The same for a path: N, path, state that was seen. Whether there is one is seen without a process.
unless_moved() {
  if [ "$3" = absent ] && [ ! -e "$2" ] && [ ! -L "$2" ]; then return 0; fi
  unless_changed "$1" "$(state_of "$2")" "$3"
}

# Candidates that a failed step left behind.
sweep() {
  if [ -e "$RUN/keeps.$n" ]; then
    while read -r k; do
      IFS= read -r p <"$RUN/path.$k"
      for f in "\${p%/*}/.vmstation-$N" "\${p%/*}/.vmstation-$N".*; do
        if [ -e "$f" ] || [ -L "$f" ]; then rm -f "$f"; fi
      done
    done <"$RUN/keeps.$n"
  fi
  if [ -e "$RUN/keys-file.$n" ]; then rm -f "$(cat "$RUN/keys-file.$n").$N"; fi
}

# Candidates of runs that never came to their end: the machine was switched off, or the script was killed.
sweep_interrupted() {
  for f in "$STATE"/runs/*/*/nonce; do
    if [ ! -e "$f" ]; then continue; fi
    o=$(cat "$f")
    if [ -z "$o" ]; then o=$N; fi
    for k in "\${f%/*}"/path.*; do
      if [ -e "$k" ]; then p=$(cat "$k"); rm -f "\${p%/*}/.vmstation-$o" "\${p%/*}/.vmstation-$o".*; fi
    done
    for k in "\${f%/*}"/keys-file.*; do
      if [ -e "$k" ]; then rm -f "$(cat "$k").$o"; fi
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

# Sets the line of KEY in a file of ours, made when absent; with an empty key the line is only added when it is not there.
setting() {
  f=$1; t="\${1%/*}/.vmstation-$N"
  room "$1" "$t"
  if [ ! -f "$f" ]; then f=/dev/null; fi
  # As such files mostly are.
  umask 022
  { K="$2" V="$3" awk '{ l = $0; sub(/^[ \\t]*-?[ \\t]*/, "", l); sub(/[ \\t]*=.*/, "", l); if (l == ENVIRON["K"] || $0 == ENVIRON["V"]) next; print }' "$f"
    printf '%s\\n' "$3"; } >"$t"
  umask 077
  dress "$1" "$t" - - -
  place "$1" "$t"
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
