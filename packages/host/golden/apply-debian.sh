# vmstation: changes this machine
N=0123456789abcdef; STATE=/var/lib/vmstation; RUN=''; BAD=''; WATCH=''; UNSETTLED=''; MAKES=yes
LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin; export LC_ALL PATH
umask 077

# A record for whoever listens. A closed connection kills the process that writes to it, so this shell does not hear of that while it
# writes; what it starts does, as ever.
say() {
  trap '' PIPE
  { printf '%s\n' "@$N $*"; } 2>/dev/null || :
  trap - PIPE
  [ -z "$RUN" ] || printf '%s\n' "$*" >>"$RUN/records"
}

# The end of what a step printed.
tell() {
  if [ -s "$1" ]; then tail -n 6 "$1" | while IFS= read -r line; do say "said $line"; done; fi
}

# One line that tells a path's state apart from any other. What cannot be read, or goes away at this moment, is in a state that nothing else is in.
state_of() {
  if [ -L "$1" ]; then printf 'link %s\n' "$(readlink "$1")"
  elif [ -f "$1" ]; then s=$(sha256sum "$1") || { printf 'unreadable\n'; return 0; }; s=${s#\\}; printf 'file %s %s\n' "${s%% *}" "$(stat -c '%a %u %g' "$1")"
  elif [ -d "$1" ]; then printf 'directory %s\n' "$(stat -c '%a %u %g' "$1")"
  elif [ -e "$1" ]; then printf 'other\n'
  else printf 'absent\n'; fi
}

# A copy that only root can read, whoever could read the file: owner and mode stand in its state. (Every shell that we meet knows -O and -G: mine,
# my group's.)
keep_copy() {
  # -P: what became a link at this moment is not followed.
  cp -pP "$1" "$2" || return 1
  if [ -L "$2" ]; then rm -f "$2"; printf '%s\n' "$1 was changed at this moment, so it cannot be kept"; return 1; fi
  chmod 0600 "$2"
  # shellcheck disable=SC3067
  if [ ! -O "$2" ] || [ ! -G "$2" ]; then chown 0:0 "$2" 2>/dev/null || :; fi
}

# SELinux: the context that the policy wants for the path.
relabel() {
  if command -v restorecon >/dev/null 2>&1; then restorecon "$1"; fi
}

# What a change needs to be undone cannot be kept, so it is not begun.
cannot() {
  RUN=''
  say "cannot $(printf '%s' "$1" | tr '\n' ' ')"
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
  if ! w=$( { printf '%s %s %s %s %s\n' "$2" "$(seconds_up)" "$boot" "$$" "$3" | cat >"$STATE/lock/owner"; } 2>&1 ); then unlock; cannot "$w"; fi
}

seconds_up() {
  read -r up _ </proc/uptime
  printf '%s' "${up%%.*}"
}

# Seconds for which a lock has been held.
age_of() {
  s=${1#* }; s=${s%% *}
  case $s in ''|*[!0-9]*) printf '?';; *) printf '%s' "$(($(seconds_up)-s))";; esac
}

is_stale() {
  # Its owner has not written its name yet; one that never does was killed in between.
  if [ -z "$1" ]; then [ "$i" -gt 10 ]; return; fi
  rest=${1#* }; since=${rest%% *}
  rest=${rest#* }; at=${rest%% *}; rest=${rest#* }; pid=${rest%% *}
  if [ "$at" != "$boot" ]; then return 0; fi
  if [ -d "/proc/$$" ] && [ ! -d "/proc/$pid" ]; then return 0; fi
  [ $(($(seconds_up)-since)) -gt 3600 ]
}

# Sockets and paths that start a unit, one a line.
triggers_of() {
  for t in $(systemctl show --no-pager --property=TriggeredBy -- "$1"); do
    t=${t#TriggeredBy=}
    case $t in *.socket|*.path) printf '%s\n' "$t";; esac
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
  if [ -n "$w" ]; then printf '%s\n' "$w"; fi
  return "$r"
}
NL='
'
# Ends a step, or what takes it back.
refuse() {
  printf '%s\n' "$1"
  exit 1
}

CLOSED=''; SHARED=''

# Which of the folders above these paths others than root may write to, by their modes: a shell's own tests tell owners, not modes. An access list
# shows in the bits of the group.
survey() {
  CLOSED=$NL; SHARED=$NL; w=$NL
  for p in "$@"; do
    p=${p%/*}
    while [ -n "$p" ]; do
      case $w in *"$NL$p$NL"*) break;; esac
      w="$w$p$NL"; p=${p%/*}
    done
  done
  IFS=$NL; set -f
  # shellcheck disable=SC2086
  set -- $w
  w=$(stat -c '%a %n' / "$@" 2>/dev/null) || :
  for p in $w; do
    case ${p%% *} in *[2367]?|*[2367]) SHARED="$SHARED${p#* }$NL";; *) CLOSED="$CLOSED${p#* }$NL";; esac
  done
  unset IFS; set +f
}

# Whether others than root may rename what is in this folder. One that is new since the survey is known by owner and group; in a sticky one (/tmp)
# they may rename what is their own. Somebody who is not root has nothing to guard.
is_open() {
  # shellcheck disable=SC3067
  if [ ! -O / ]; then return 1; fi
  # shellcheck disable=SC3067
  if [ ! -O . ] || [ -k . ]; then return 0; fi
  case $SHARED in *"$NL$PWD$NL"*) return 0;; esac
  case $CLOSED in *"$NL$PWD$NL"*) return 1;; esac
  # shellcheck disable=SC3067
  [ ! -G . ]
}

# Goes to the folder above a path. OPEN says that others could change the way there, or what is in it: then everything is done from here, by
# names without folders. A link is followed only where root alone could have made it. With MAKES, what is missing is made and remembered for the rollback.
into() {
  OPEN=''; rest=${1#/}
  cd /
  while :; do
    case $rest in */*) ;; *) break;; esac
    c=${rest%%/*}; rest=${rest#*/}
    case $c in ''|.) continue;; esac
    from=''
    if is_open; then from=open; fi
    # shellcheck disable=SC3067
    if [ -k . ] && [ -O . ] && [ -O / ]; then from=sticky; fi
    if [ -L "./$c" ]; then
      if [ -n "$OPEN$from" ]; then refuse "${PWD%/}/$c is a link in a folder that others than root may write to, so it is not followed"; fi
      w=$(readlink "./$c")
      if [ ! -d "./$c" ]; then refuse "${PWD%/}/$c is a link to $w, which is no folder"; fi
      case $w in /*) cd /;; esac
      rest="$w/$rest"
      continue
    fi
    if [ -e "./$c" ] && [ ! -d "./$c" ]; then refuse "${PWD%/}/$c is no folder"; fi
    if [ ! -d "./$c" ] && [ -n "${MAKES:-}" ]; then
      mkdir "./$c"
      printf '%s\n' "${PWD%/}/$c" >>"$RUN/made.$n"
      if [ -z "$OPEN$from" ]; then chmod 0755 "./$c"; fi
      made=yes
    else
      made=''
    fi
    w=${PWD%/}/$c
    cd -P "./$c" 2>/dev/null || refuse "$w is no folder"
    if [ -z "$OPEN$from" ]; then continue; fi
    if [ "$c" != .. ] && [ "$PWD" != "$w" ]; then refuse "$w was changed while a way was made through it, so nothing was done"; fi
    if [ -n "$made" ]; then
      # shellcheck disable=SC3067
      if [ ! -O . ]; then refuse "$w was changed while a way was made through it, so nothing was done"; fi
      chmod 0755 .
    fi
    # Of a sticky folder, others cannot take what is root's.
    # shellcheck disable=SC3067
    if [ "$from" != sticky ] || [ ! -O . ]; then OPEN=yes; fi
  done
  if is_open; then OPEN=yes; fi
}

# Folders above a path.
parents() {
  into "$1"
  cd /
}

# Goes to a folder of root's own in this one, in which nobody else can touch what is written. mkdir follows nothing and takes nothing that is there;
# its -m leaves no room for what an access list of the folder above would give away.
aside() {
  w=${PWD%/}/.vmstation-$N
  mkdir -m 0700 "./.vmstation-$N"
  cd -P "./.vmstation-$N"
  # shellcheck disable=SC3067
  if [ "$PWD" != "$w" ] || [ ! -O . ]; then refuse "$w was changed by somebody else, so nothing was done"; fi
}

# Room for a candidate: the folders above its path, and nothing under its name. WAS is where the present file can be read; in a folder of others
# that is a copy, and the candidate t stands in a folder of its own. With "like", the candidate begins as a copy, so that it has all rights of the present
# file: its mode alone would give to the group what an access list gives to single users. "part" says besides that lines are changed: where others could
# have put a link there, it is not followed.
room() {
  LIKE=''
  into "$1"
  if [ -z "$OPEN" ]; then
    cd /
    WAS=$1
    if [ -e "$2" ] || [ -L "$2" ]; then rm -f "$2"; fi
    if [ -n "${3:-}" ] && [ -f "$1" ] && [ ! -L "$1" ]; then cp -p "$1" "$2"; LIKE=yes; fi
    return 0
  fi
  aside
  t=./new; WAS=./was
  if [ -L "../${1##*/}" ]; then
    if [ "${3:-}" = part ]; then refuse "$1 is a link in a folder that others than root may write to, so it is not followed"; fi
  elif [ -f "../${1##*/}" ]; then
    cp -pP "../${1##*/}" ./was
    if [ -L ./was ] || [ ! -f ./was ]; then refuse "$1 was changed at this moment, so nothing was done"; fi
    if [ -n "${3:-}" ]; then cp -p ./was ./new; LIKE=yes; fi
  fi
  if [ "${3:-}" = part ] && [ -e "$RUN/keeps.$n" ] && [ -n "${MAKES:-}" ]; then proven "$1"; fi
}

# What is kept of a file that others share gives lines back later, so it must be what the first step found there, and not what somebody had put in its way.
proven() {
  read -r k <"$RUN/keeps.$n"
  if [ ! -e "$RUN/shared.$k" ] || [ -e "$RUN/proven.$k" ]; then return 0; fi
  if [ -e ./was ] || [ -e "$RUN/data.$k" ]; then
    cmp -s ./was "$RUN/data.$k" || refuse "$1 was changed since it was looked at, so nothing was done"
  fi
  : >"$RUN/proven.$k"
}

# A folder that aside has made goes again.
leave() {
  if [ -n "$OPEN" ]; then cd -P ..; rm -rf "./.vmstation-$N"; fi
}

# Puts a finished candidate at its path.
place() {
  sync "$2"
  put "$1" "$2"
}

# The same for one that is on disk already.
put() {
  p=$1
  if [ -n "$OPEN" ]; then p="../${1##*/}"; fi
  if [ -d "$p" ]; then
    if [ -L "$p" ]; then rm -f "$p"; else discard "$2" "there is a directory at $1"; return 1; fi
  fi
  spares "$p" "$1" || { rm -f "$2"; return 1; }
  if [ -z "$OPEN" ]; then
    mv -f "$2" "$1" || through "$1" "$2"
  else
    # -T: what became a link to a folder, or a folder, is not gone into.
    mv -fT "$2" "$p"
    leave
  fi
  relabel "$1"
}

# A path that cannot be renamed over (a bind mount) is written through.
through() {
  w=$(stat -c '%u:%g %a' "$2")
  cat "$2" >"$1"
  chown "${w% *}" "$1"; chmod "${w#* }" "$1"
  rm -f "$2"
}

# What could not be put back is not replaced: a FIFO, a socket, a device.
spares() {
  if [ -e "$1" ] && [ ! -f "$1" ] && [ ! -d "$1" ] && [ ! -L "$1" ]; then
    printf '%s\n' "there is a FIFO, a socket or a device at $2, so it is left as it is"
    return 1
  fi
}

discard() {
  rm -f "$1"
  printf '%s\n' "$2"
  return 1
}

# Owner and mode of what is there already, without touching the content; "-" stays. In a folder of others, a copy takes its place.
redress() {
  into "$1"
  if [ -z "$OPEN" ]; then
    cd /
    reown "$1" "$3" "$4"
    if [ "$2" != - ]; then chmod "$2" "$1"; fi
    return 0
  fi
  cd /
  room "$1" ''
  if [ ! -f ./was ]; then refuse "$1 was changed at this moment, so nothing was done"; fi
  reown ./was "$3" "$4"
  if [ "$2" != - ]; then chmod "$2" ./was; fi
  place "$1" ./was
}

reown() {
  case $2:$3 in
    -:-) ;;
    *:-) chown "$2" "$1";;
    -:*) chown ":$3" "$1";;
    *) chown "$2:$3" "$1";;
  esac
}

# Goes into a folder, made with this mode where it is missing; what is done to "." then is done to no other.
folder() {
  into "$1"
  c="./${1##*/}"
  w=${PWD%/}/${1##*/}
  if [ -L "$c" ]; then refuse "$1 is a link and no folder: remove the link, or declare the folder that it leads to"; fi
  if [ -e "$c" ] && [ ! -d "$c" ]; then refuse "$1 is there and is no folder"; fi
  made=''
  if [ ! -d "$c" ]; then mkdir "$c"; made=yes; fi
  cd -P "$c"
  if [ -n "$OPEN" ] && [ "$PWD" != "$w" ]; then refuse "$1 was changed at this moment, so nothing was done"; fi
  # shellcheck disable=SC3067
  if [ -n "$made" ]; then if [ -n "$OPEN" ] && [ ! -O . ]; then refuse "$1 was changed at this moment, so nothing was done"; fi; chmod "$2" .; fi
}

# What stands for a path in what follows: in a folder of others its name, from there.
here() {
  into "$1"
  if [ -n "$OPEN" ]; then p="./${1##*/}"; else cd /; p=$1; fi
}

link() {
  here "$2"
  if [ -d "$p" ] && [ ! -L "$p" ]; then printf '%s\n' "there is a directory at $2"; return 1; fi
  spares "$p" "$2" || return 1
  ln -sfn -- "$1" "$p"
}

remove() {
  here "$1"
  spares "$p" "$1" || return 1
  if [ -d "$p" ] && [ ! -L "$p" ]; then rmdir "$p"; else rm -f "$p"; fi
}
# Owner and mode of a candidate: as declared, else as the present file's ("-"). Where it is like the present file already, nothing is started for it.
dress() {
  m=$3; o=$4; g=$5
  if [ -n "$LIKE" ] && [ "$m$o$g" = --- ]; then return 0; fi
  if [ "$m" = - ] || [ "$o" = - ] || [ "$g" = - ]; then
    was='0644  '; is=''
    if [ -f "$WAS" ] && [ ! -L "$WAS" ]; then was=$(stat -c '%a %u %g' "$WAS" "$2"); is=${was#*"$NL"}; was=${was%%"$NL"*}; fi
    if [ "$m$o$g" = --- ] && [ "$was" = "$is" ]; then return 0; fi
    if [ "$m" = - ]; then m=${was%% *}; fi
    if [ "$o" = - ]; then o=${was#* }; o=${o%% *}; fi
    if [ "$g" = - ]; then g=${was##* }; fi
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
  chown "$2${3:+:$3}" "$1"
}

# Content for the candidate $t, which stands open; path, mode, owner, group. These come first, so that everything is on disk when dd ends.
fill() {
  dress "$1" "$t" "$2" "$3" "$4"
  dd bs=64k conv=fsync status=none
}

# Sets the line of KEY in a file of ours, made when absent; with an empty key the line is only added when it is not there.
setting() {
  t="${1%/*}/.vmstation-$N"
  room "$1" "$t" part
  f=$WAS
  if [ ! -f "$f" ]; then f=/dev/null; fi
  # As such files mostly are.
  umask 022
  { K="$2" V="$3" awk '{ l = $0; sub(/^[ \t]*-?[ \t]*/, "", l); sub(/[ \t]*=.*/, "", l); if (l == ENVIRON["K"] || $0 == ENVIRON["V"]) next; print }' "$f"
    printf '%s\n' "$3"; } >"$t"
  umask 077
  dress "$1" "$t" - - -
  place "$1" "$t"
}
# A short record, written without a process.
note() {
  while IFS= read -r line; do printf '%s\n' "$line"; done
}

# The place of this apply among all that the machine has seen, from 1: names of runs tell seconds, and clocks of operators differ.
take_number() {
  s=0
  for f in "$STATE"/runs/*/*/sequence; do
    if [ -e "$f" ] && read -r v <"$f" && [ "$v" -gt "$s" ]; then s=$v; fi
  done
  printf '%s\n' "$((s+1))" | cat >"$RUN/sequence"
}

# Keeps these paths as they are: the state of the first in before.1, the content of a file in data.1, and so on.
keep() {
  k=0
  for p in "$@"; do
    k=$((k+1))
    printf '%s\n' "$p" >"$RUN/path.$k"
    if [ -f "$p" ] && [ ! -L "$p" ]; then keep_copy "$p" "$RUN/data.$k" || keep_again "$p" "$RUN/data.$k"; fi
  done
  states before "$@"
}

# A file that goes away while it is kept is a matter of its own step, and holds up no other.
keep_again() {
  if w=$(keep_copy "$1" "$2" 2>&1); then return 0; fi
  case $w in
    *'t stat '*|*'was changed at this moment'*) rm -f "$2";;
    *) printf '%s
' "$w"; return 1;;
  esac
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
    s=${sums#\\}
    printf 'file %s %s\n' "${s%% *}" "${modes%%"$NL"*}" >"$RUN/$w.$k"
    sums=${sums#*"$NL"}; modes=${modes#*"$NL"}
  done
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

# A change is only right for what was seen: N, what is there, what was there.
unless_changed() {
  is_bad "$1" && return 0
  [ "$2" = "$3" ] && return 0
  BAD="$BAD $1"
  say "end $1 stale"
  say "said it was \"$3\" and is \"$2\" now"
}

# The same for a path: N, path, state that was seen. Whether there is one is seen without a process.
unless_moved() {
  if [ "$3" = absent ] && [ ! -e "$2" ] && [ ! -L "$2" ]; then return 0; fi
  unless_changed "$1" "$(state_of "$2")" "$3"
}
# Sets d to the device and succeeds only where nothing is on it: no signature that wipefs or blkid knows (file system, partition table,
# RAID, LVM, LUKS), no partition, nobody at work. A regular file must be all zero.
untouched() {
  if [ ! -e "$1" ]; then printf '%s\n' "there is no device $1"; return 1; fi
  d=$(readlink -f "$1")
  s=$(wipefs -p "$d") || { carries "something that wipefs cannot read"; return 1; }
  case $s in *0x*) carries "$(blkid -p "$d" 2>&1 || printf 'more than one signature')"; return 1;; esac
  r=0; blkid -p "$d" >/dev/null 2>&1 || r=$?
  if [ "$r" -ne 2 ]; then carries "something that blkid cannot name (exit status $r)"; return 1; fi
  if grep -q -F -e "$d " /proc/mounts /proc/swaps; then carries 'what is in use'; return 1; fi
  if [ -f "$d" ]; then
    if [ "$(tr -d '\000' <"$d" | head -c 1 | base64)" != '' ]; then carries 'content'; return 1; fi
  elif [ ! -b "$d" ]; then printf '%s\n' "$1 is no block device"; return 1; fi
  for x in "/sys/class/block/${d##*/}/${d##*/}"* "/sys/class/block/${d##*/}/holders/"*; do
    if [ -e "$x" ]; then carries "${x##*/}"; return 1; fi
  done
}

carries() {
  printf '%s\n' "host/device-not-empty: $d carries $1, so no file system was made and nothing was written"
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
      for f in "${p%/*}/.vmstation-$N" "${p%/*}/.vmstation-$N".*; do
        if [ -e "$f" ] || [ -L "$f" ]; then rm -rf "$f"; fi
      done
    done <"$RUN/keeps.$n"
  fi
  if [ -e "$RUN/keys-file.$n" ]; then p=$(cat "$RUN/keys-file.$n"); rm -rf "$p.$N" "${p%/*}/.vmstation-$N"; fi
}

# Candidates of runs that never came to their end: the machine was switched off, or the script was killed.
sweep_interrupted() {
  for f in "$STATE"/runs/*/*/nonce; do
    if [ ! -e "$f" ]; then continue; fi
    o=$(cat "$f")
    if [ -z "$o" ]; then o=$N; fi
    for k in "${f%/*}"/path.*; do
      if [ -e "$k" ]; then p=$(cat "$k"); rm -rf "${p%/*}/.vmstation-$o" "${p%/*}/.vmstation-$o".*; fi
    done
    for k in "${f%/*}"/keys-file.*; do
      if [ -e "$k" ]; then p=$(cat "$k"); rm -rf "$p.$o" "${p%/*}/.vmstation-$o"; fi
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
  printf '%s\n' "$n" >>"$RUN/order"
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
  printf '%s\n' "$RUN" >"$STATE/owed/$1"
  sync "$STATE/owed/$1"
  : >"$RUN/owes.$1"
}

# Starts a unit that does not run; one that runs is left to its handler. Sockets that come up with it go down with it in a rollback.
start() {
  if systemctl is-active --quiet -- "$1"; then return 0; fi
  triggers_of "$1" | while IFS= read -r u; do
    systemctl is-active --quiet -- "$u" || printf '%s\n' "$u" >>"$RUN/woken.$n"
  done
  printf '%s\n' "$1" >>"$RUN/started"
  systemctl start -- "$1"
}

# Stops a unit for good: what listens for it would start it again at the next word.
halt() {
  triggers_of "$1" | while IFS= read -r u; do
    if systemctl is-active --quiet -- "$u"; then printf '%s\n' "$u" >>"$RUN/halted.$n"; systemctl stop -- "$u"; fi
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
  sync -f /etc "$STATE" &
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
    say "said it did not stay up: $(printf '%s' "$p" | tr '\n' ' ')"
    last_words "$u"
  done
}

# Erases what is paid.
paid() {
  case " $UNSETTLED " in *" $2 "*) return 0;; esac
  rm -f "$STATE/owed/$1:$2"
}
change_1() {
groupadd -g 2000 media
}
change_2() {
groupmod -g 1001 ops
gid_of ops >"$RUN/value.$n"
}
change_3() {
useradd -r -u 2000 -g media -d /srv/media -s /usr/sbin/nologin -G video media
account_of media >"$RUN/value.$n"
}
change_4() {
usermod -s /bin/sh -a -G media ops
account_of ops >"$RUN/value.$n"
}
change_5() {
mkdir -p "$RUN/repository.$n"
room /etc/apt/keyrings/.vmstation-0123456789abcdef.asc /etc/apt/keyrings/.vmstation-0123456789abcdef.asc
cat >/etc/apt/keyrings/.vmstation-0123456789abcdef.asc <<'CONTENT_0123456789abcdef'
-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEexample
-----END PGP PUBLIC KEY BLOCK-----
CONTENT_0123456789abcdef
chmod 0644 /etc/apt/keyrings/.vmstation-0123456789abcdef.asc
cat >"$RUN/repository.$n/"kubernetes.sources <<'CONTENT_0123456789abcdef'
# vmstation
Types: deb
URIs: https://pkgs.example.org/core:/stable:/v1.33/deb/
Suites: /
Signed-By: /etc/apt/keyrings/.vmstation-0123456789abcdef.asc
CONTENT_0123456789abcdef
if ! apt-get -q -o Dir::Etc::sourcelist="$RUN/repository.$n/"kubernetes.sources -o Dir::Etc::sourceparts=/dev/null -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any update; then rm -f /etc/apt/keyrings/.vmstation-0123456789abcdef.asc; echo 'refused: its index could not be read'; exit 1; fi
t=/etc/apt/keyrings/.vmstation-0123456789abcdef.asc
dress /etc/apt/keyrings/kubernetes.asc "$t" 0644 root root
place /etc/apt/keyrings/kubernetes.asc "$t"
t=/etc/apt/sources.list.d/.vmstation-0123456789abcdef; room /etc/apt/sources.list.d/kubernetes.sources "$t" 
fill /etc/apt/sources.list.d/kubernetes.sources 0644 root root >"$t" <<'CONTENT_0123456789abcdef'
# vmstation
Types: deb
URIs: https://pkgs.example.org/core:/stable:/v1.33/deb/
Suites: /
Signed-By: /etc/apt/keyrings/kubernetes.asc
CONTENT_0123456789abcdef
put /etc/apt/sources.list.d/kubernetes.sources "$t"
}
change_6() {
dpkg-query -W -f='${Status} ${Package}\n' | sed -n 's/^.* installed //p' >"$RUN/packages.$n"
[ -s "$RUN/packages.$n" ] || { echo 'the list of installed packages could not be read'; exit 1; }
dpkg-query -W -f='${Package} ${Version} ${Status}\n' | sed -n 's/ install ok installed$//p; s/ ok installed$//p' >"$RUN/was.$n"
f=0
patiently apt-mark unhold runc ethtool
DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l; export DEBIAN_FRONTEND NEEDRESTART_MODE
if ! apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold --allow-downgrades install --no-install-recommends chrony rsyslog 'containerd=1.7.24-1' 'runc=1.2.2-1' telnet-; then { dpkg --configure -a --force-confdef --force-confold && apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold update && apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold --allow-downgrades install --no-install-recommends chrony rsyslog 'containerd=1.7.24-1' 'runc=1.2.2-1' telnet-; } || f=$?; fi
if [ "$f" -ne 0 ] && grep -q -F -e ' was not found' "$RUN/log.$n"; then echo 'No package source of this machine has the declared version. Which ones they have: apt-cache madison containerd runc'; fi
if [ "$f" -eq 0 ]; then patiently apt-mark hold containerd runc; else patiently apt-mark hold runc; fi
dpkg-query -W -f='${Status} ${Package}\n' | sed -n 's/^.* installed //p' >"$RUN/present.$n"
grep -vxF -f "$RUN/packages.$n" "$RUN/present.$n" >"$RUN/installed.$n" || :
if [ -s "$RUN/present.$n" ]; then grep -vxF -f "$RUN/present.$n" "$RUN/packages.$n" >"$RUN/gone.$n" || :; fi
dpkg-query -W -f='${Package} ${Version} ${Status}\n' | sed -n 's/ install ok installed$//p; s/ ok installed$//p' >"$RUN/is.$n"
[ "$f" -eq 0 ] || exit "$f"
}
change_7() {
folder /srv/media 0775
reown . media media
chmod 0775 .
relabel /srv/media
chcon -t public_content_t /srv/media
}
change_8() {
h=''; while IFS=: read -r u _ o g _ d _; do if [ "$u" = ops ]; then h=$d; break; fi; done </etc/passwd
if [ -z "$h" ]; then echo 'there is no such user'; exit 1; fi
if [ ! -d "$h" ]; then echo "there is no home $h"; exit 1; fi
F="$h/.ssh/authorized_keys"; if [ -L "$h/.ssh" ] || [ -L "$F" ]; then echo "$h/.ssh holds a link where none may be"; exit 1; fi
folder "$h/.ssh" 0700; if [ -n "$made" ]; then : >"$RUN/keys-folder.$n"; chown "$o:$g" .; relabel "$h/.ssh"; fi
t="$F.$N"; room "$F" "$t" part; f=$WAS
printf '%s\n' "$F" >"$RUN/keys-file.$n"; if [ -f "$f" ]; then cp -p "$f" "$RUN/keys.$n"; fi
{ if [ -f "$f" ]; then cat "$f"; if [ -s "$f" ] && [ -n "$(tail -c 1 "$f")" ]; then echo; fi; fi; printf '%s\n' 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBcu ops@station'; } >"$t"
chmod 0600 "$t"; chown "$o:$g" "$t"; place "$F" "$t"; state_of "$F" >"$RUN/keys-after.$n"
}
change_9() {
owe restart:chrony.service
t=/etc/chrony/.vmstation-0123456789abcdef; room /etc/chrony/chrony.conf "$t" 
fill /etc/chrony/chrony.conf 0644 root root >"$t" <<'CONTENT_0123456789abcdef'
pool 192.168.4.63 iburst
driftfile /var/lib/chrony/drift
# it's ours
CONTENT_0123456789abcdef
if command -v chronyd >/dev/null 2>&1; then chronyd -p -f "$t" || discard "$t" 'refused by: chronyd -p -f '\''{}'\'''; fi
put /etc/chrony/chrony.conf "$t"
chcon -t etc_t /etc/chrony/chrony.conf
}
change_10() {
t=/etc/.vmstation-0123456789abcdef; room /etc/krb5.keytab "$t" 
base64 -d >"$t" <<'CONTENT_0123456789abcdef'
BQJiaW5hcnk=
CONTENT_0123456789abcdef
dress /etc/krb5.keytab "$t" 0600 - -
place /etc/krb5.keytab "$t"
}
change_11() {
remove /etc/motd.old
}
change_12() {
link v1 /etc/vmstation/current
}
change_13() {
t=/etc/.vmstation-0123456789abcdef; room /etc/login.defs "$t" part; f=$WAS
if [ ! -f "$f" ]; then f=/dev/null; fi
k=$(grep -n -E -e '^[[:space:]]*UMASK' "$f" | tail -n 1); k=${k%%:*}
if [ -z "$k" ] && grep -qxF -e 'UMASK 027' "$f"; then leave; exit 0; fi
V='UMASK 027' awk -v k="$k" 'NR == k { print ENVIRON["V"]; next } { print } END { if (k == "") print ENVIRON["V"] }' "$f" >"$t"
dress /etc/login.defs "$t" - - -
place /etc/login.defs "$t"
}
change_14() {
t=/etc/.vmstation-0123456789abcdef; room /etc/rsyslog.conf "$t" part; f=$WAS
if [ ! -f "$f" ]; then leave; exit 0; fi
grep -vxF -e 'module(load="imudp")' "$f" >"$t" || :
dress /etc/rsyslog.conf "$t" - - -
place /etc/rsyslog.conf "$t"
}
change_15() {
t=/etc/security/.vmstation-0123456789abcdef; room /etc/security/limits.conf "$t" part; f=$WAS
if [ ! -f "$f" ]; then f=/dev/null; fi
B='# BEGIN vmstation limits' E='# END vmstation limits' V='* soft nofile 8192
* hard nofile 8192' K=present awk 'function put() { if (done || ENVIRON["K"] == "absent") return; done = 1; print ENVIRON["B"]; if (ENVIRON["V"] != "") print ENVIRON["V"]; print ENVIRON["E"] } $0 == ENVIRON["B"] { if (inside) bad = 1; inside = 1; put(); next } $0 == ENVIRON["E"] { if (!inside) bad = 1; inside = 0; next } !inside { print } END { if (inside || bad) exit 3; put() }' "$f" >"$t" || discard "$t" 'a mark of the block "limits" has no partner in /etc/security/limits.conf: put "# BEGIN vmstation limits" and "# END vmstation limits" right, or remove them'
dress /etc/security/limits.conf "$t" - - -
place /etc/security/limits.conf "$t"
}
change_16() {
t=/etc/.vmstation-0123456789abcdef; room /etc/issue "$t" part; f=$WAS
if [ ! -f "$f" ]; then leave; exit 0; fi
B='# BEGIN vmstation old banner' E='# END vmstation old banner' V='' K=absent awk 'function put() { if (done || ENVIRON["K"] == "absent") return; done = 1; print ENVIRON["B"]; if (ENVIRON["V"] != "") print ENVIRON["V"]; print ENVIRON["E"] } $0 == ENVIRON["B"] { if (inside) bad = 1; inside = 1; put(); next } $0 == ENVIRON["E"] { if (!inside) bad = 1; inside = 0; next } !inside { print } END { if (inside || bad) exit 3; put() }' "$f" >"$t" || discard "$t" 'a mark of the block "old banner" has no partner in /etc/issue: put "# BEGIN vmstation old banner" and "# END vmstation old banner" right, or remove them'
dress /etc/issue "$t" - - -
place /etc/issue "$t"
}
change_17() {
t=/etc/.vmstation-0123456789abcdef; room /etc/hosts "$t" part; f=/etc/hosts; if [ ! -f "$f" ]; then f=/dev/null; fi
cat >"$RUN/hosts.$n" <<'CONTENT_0123456789abcdef'
192.168.4.63 masternode.home.arpa masternode
CONTENT_0123456789abcdef
awk '{ if (FNR == NR) { want[$1] = $0; order[++n] = $1 } else if (!($1 in want)) print; else if (!($1 in done)) { print want[$1]; done[$1] = 1 } } END { for (i = 1; i <= n; i++) if (!(order[i] in done)) print want[order[i]] }' "$RUN/hosts.$n" "$f" >"$t"
dress /etc/hosts "$t" - - -; place /etc/hosts "$t"
}
change_18() {
t=/etc/.vmstation-0123456789abcdef; room /etc/hosts "$t" part; f=/etc/hosts; if [ ! -f "$f" ]; then f=/dev/null; fi
cat >"$RUN/hosts.$n" <<'CONTENT_0123456789abcdef'
192.168.4.61 storagenodet3500.home.arpa storagenodet3500
CONTENT_0123456789abcdef
awk '{ if (FNR == NR) { want[$1] = $0; order[++n] = $1 } else if (!($1 in want)) print; else if (!($1 in done)) { print want[$1]; done[$1] = 1 } } END { for (i = 1; i <= n; i++) if (!(order[i] in done)) print want[order[i]] }' "$RUN/hosts.$n" "$f" >"$t"
dress /etc/hosts "$t" - - -; place /etc/hosts "$t"
}
change_19() {
t=/etc/.vmstation-0123456789abcdef; room /etc/hostname "$t" 
fill /etc/hostname 0644 - - >"$t" <<'CONTENT_0123456789abcdef'
masternode
CONTENT_0123456789abcdef
put /etc/hostname "$t"
printf '%s\n' masternode >/proc/sys/kernel/hostname; cat /proc/sys/kernel/hostname >"$RUN/value.$n"
}
change_20() {
if [ ! -f /usr/share/zoneinfo/Europe/Berlin ]; then echo 'this machine does not know the zone (package tzdata)'; exit 1; fi
link /usr/share/zoneinfo/Europe/Berlin /etc/localtime
t=/etc/.vmstation-0123456789abcdef; room /etc/timezone "$t" 
fill /etc/timezone 0644 - - >"$t" <<'CONTENT_0123456789abcdef'
Europe/Berlin
CONTENT_0123456789abcdef
put /etc/timezone "$t"
}
change_21() {
t=/etc/systemd/system/.vmstation-0123456789abcdef; room /etc/systemd/system/vmstation-wol.service "$t" 
fill /etc/systemd/system/vmstation-wol.service 0644 root root >"$t" <<'CONTENT_0123456789abcdef'
[Service]
Type=oneshot
ExecStart=/bin/true
CONTENT_0123456789abcdef
put /etc/systemd/system/vmstation-wol.service "$t"
}
change_22() {
t=/etc/.vmstation-0123456789abcdef; room /etc/resolv.conf "$t" 
fill /etc/resolv.conf 0644 root root >"$t" <<'CONTENT_0123456789abcdef'
# Written by VMStation (resolver).
search home.arpa
nameserver 192.168.4.1
CONTENT_0123456789abcdef
put /etc/resolv.conf "$t"
}
change_23() {
t=/etc/network/.vmstation-0123456789abcdef; room /etc/network/interfaces "$t"
cat >"$t" <<'CONTENT_0123456789abcdef'
auto enp2s0
iface enp2s0 inet static
    address 192.168.4.63/24
    gateway 192.168.4.1
    dns-nameservers 192.168.4.1
CONTENT_0123456789abcdef
ifdown enp2s0 || :; ip -4 addr flush dev enp2s0
dress /etc/network/interfaces "$t" 0644 root root
place /etc/network/interfaces "$t"
ifup enp2s0
}
change_24() {
modprobe br_netfilter
setting /etc/modules-load.d/vmstation.conf '' br_netfilter
}
change_25() {
printf '%s\n' 1 >/proc/sys/net/ipv4/ip_forward; cat /proc/sys/net/ipv4/ip_forward >"$RUN/value.$n"
setting /etc/sysctl.d/99-zz-vmstation.conf net.ipv4.ip_forward 'net.ipv4.ip_forward = 1'
}
change_26() {
printf '%s' 1 >/sys/fs/selinux/enforce
t=/etc/selinux/.vmstation-0123456789abcdef; room /etc/selinux/config "$t" part; f=/etc/selinux/config; if [ ! -f "$f" ]; then f=/dev/null; fi
V='SELINUX=enforcing' awk '/^[ \t]*SELINUX[ \t]*=/ { if (!done) print ENVIRON["V"]; done = 1; next } { print } END { if (!done) print ENVIRON["V"] }' "$f" >"$t"
dress /etc/selinux/config "$t" - - -; place /etc/selinux/config "$t"
}
change_27() {
ip link set dev enp1s0 mtu 9000; cat /sys/class/net/enp1s0/mtu >"$RUN/value.$n"
ethtool -s enp1s0 wol g
t=/etc/systemd/system/.vmstation-0123456789abcdef; room /etc/systemd/system/vmstation-link-enp1s0.service "$t" 
fill /etc/systemd/system/vmstation-link-enp1s0.service 0644 root root >"$t" <<'CONTENT_0123456789abcdef'
# vmstation: what a network card is set to at every start
[Unit]
Description=Settings of the network card enp1s0
After=network.target
ConditionPathExists=/sys/class/net/enp1s0

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/ip link set dev enp1s0 mtu 9000
ExecStart=/usr/sbin/ethtool -s enp1s0 wol g

[Install]
WantedBy=multi-user.target
CONTENT_0123456789abcdef
put /etc/systemd/system/vmstation-link-enp1s0.service "$t"
link /etc/systemd/system/vmstation-link-enp1s0.service /etc/systemd/system/multi-user.target.wants/vmstation-link-enp1s0.service
}
change_28() {
untouched /dev/disk/by-id/ata-DISK || exit 1
mkfs -t xfs -q -L media "$d"
head_of "$d" >"$RUN/filesystem.$n"
}
change_29() {
e2label /dev/sdc backup
}
change_30() {
xfs_admin -L scratch /dev/sdd
}
change_31() {
swapoff -a
t=/etc/.vmstation-0123456789abcdef; room /etc/fstab "$t" part
awk '$1 !~ /^#/ && $3 == "swap" { print "# off, by vmstation: " $0; next } { print }' /etc/fstab >"$t"
dress /etc/fstab "$t" - - -; place /etc/fstab "$t"
}
change_32() {
parents /srv/scratch/.
t=/etc/.vmstation-0123456789abcdef; room /etc/fstab "$t" part; f=/etc/fstab; if [ ! -f "$f" ]; then f=/dev/null; fi
A=/srv/scratch V='tmpfs /srv/scratch tmpfs nosuid 0 0' awk '$1 ~ /^#/ || $2 != ENVIRON["A"] { print; next } !done { print ENVIRON["V"]; done = 1 } END { if (!done) print ENVIRON["V"] }' "$f" >"$t"
dress /etc/fstab "$t" - - -; place /etc/fstab "$t"
mount -o remount /srv/scratch
}
change_33() {
parents /srv/backup/.
t=/etc/.vmstation-0123456789abcdef; room /etc/fstab "$t" part; f=/etc/fstab; if [ ! -f "$f" ]; then f=/dev/null; fi
A=/srv/backup V='192.168.4.61:/srv/backup /srv/backup nfs rw,soft 0 0' awk '$1 ~ /^#/ || $2 != ENVIRON["A"] { print; next } !done { print ENVIRON["V"]; done = 1 } END { if (!done) print ENVIRON["V"] }' "$f" >"$t"
dress /etc/fstab "$t" - - -; place /etc/fstab "$t"
mount /srv/backup
}
change_34() {
locale-gen en_GB.UTF-8
}
change_35() {
systemctl restart -- vmstation-audit-rules.service
}
change_36() {
if kadmin.local -r HOME.ARPA getprinc alex >/dev/null 2>&1; then
kdb5_util -r HOME.ARPA dump "$RUN/principal.$n" alex@HOME.ARPA
if ! kadmin.local -r HOME.ARPA getstrs alex | grep -qxF -e 'vmstation-password: 3866ebe71f260e8bab17a437'; then
printf '%s\n' 'it'\''s a secret' 'it'\''s a secret' | kadmin.local -r HOME.ARPA cpw alex
fi
else
printf '%s\n' 'it'\''s a secret' 'it'\''s a secret' | kadmin.local -r HOME.ARPA addprinc alex
fi
kadmin.local -r HOME.ARPA setstr alex vmstation-password 3866ebe71f260e8bab17a437
}
change_37() {
printf '%s' 'nothing
' | kinit -k -t /etc/krb5.keytab -c MEMORY:
}
change_38() {
systemctl is-enabled --quiet -- chrony.service || systemctl enable --no-reload -- chrony.service
start chrony.service
}
change_39() {
systemctl disable --no-reload -- telnet.socket
halt telnet.socket
systemctl mask -- telnet.socket
}
# Runs a function with all paths that this run may change, in the order of their keys.
of_kept() {
"$@" \
  /etc/apt/sources.list.d/kubernetes.sources \
  /etc/apt/keyrings/kubernetes.asc \
  /srv/media \
  /etc/chrony/chrony.conf \
  /etc/krb5.keytab \
  /etc/motd.old \
  /etc/vmstation/current \
  /etc/login.defs \
  /etc/rsyslog.conf \
  /etc/security/limits.conf \
  /etc/issue \
  /etc/hosts \
  /etc/hostname \
  /etc/localtime \
  /etc/timezone \
  /etc/systemd/system/vmstation-wol.service \
  /etc/resolv.conf \
  /etc/network/interfaces \
  /etc/modules-load.d/vmstation.conf \
  /etc/sysctl.d/99-zz-vmstation.conf \
  /etc/selinux/config \
  /etc/systemd/system/vmstation-link-enp1s0.service \
  /etc/systemd/system/multi-user.target.wants/vmstation-link-enp1s0.service \
  /etc/fstab
}
prepare() {
set -e
printf "%s\n" "$N" | cat >"$RUN/nonce"; : >"$RUN/of.$N"
take_number
of_kept keep
: >"$RUN/shared.8"
: >"$RUN/shared.9"
: >"$RUN/shared.10"
: >"$RUN/shared.11"
: >"$RUN/shared.12"
: >"$RUN/shared.24"
printf '%s\n' group:media >"$RUN/ids.1"
note >"$RUN/undo.1" <<'UNDO_0123456789abcdef'
if grep -q -e '^media:' /etc/group; then groupdel media; fi
UNDO_0123456789abcdef
printf '%s\n' group:ops >"$RUN/ids.2"
note >"$RUN/undo.2" <<'UNDO_0123456789abcdef'
if grep -q -e '^ops:' /etc/group; then may_put_back 'the group ops' "$(gid_of ops)" 1000; groupmod -g 1000 ops; fi
UNDO_0123456789abcdef
printf '%s\n' user:media >"$RUN/ids.3"
note >"$RUN/undo.3" <<'UNDO_0123456789abcdef'
if grep -q -e '^media:' /etc/passwd; then
may_put_back 'the account media' "$(account_of media)" ''
userdel media
fi
UNDO_0123456789abcdef
printf '%s\n' user:ops >"$RUN/ids.4"
note >"$RUN/undo.4" <<'UNDO_0123456789abcdef'
if grep -q -e '^ops:' /etc/passwd; then may_put_back 'the account ops' "$(account_of ops)" ops:x:1000:1000::/home/ops:/bin/bash; usermod -u 1000 -g ops -d /home/ops -s /bin/bash -G '' ops; fi
UNDO_0123456789abcdef
printf '%s\n' package-repository:kubernetes >"$RUN/ids.5"
printf '%s\n' 1 2 >"$RUN/keeps.5"
note >"$RUN/undo-after.5" <<'UNDO_0123456789abcdef'
rm -f /var/lib/apt/lists/pkgs.example.org_core:_stable:_v1.33_deb_*
UNDO_0123456789abcdef
printf '%s\n' package:chrony package:rsyslog package:telnet package:containerd package:runc package:ethtool >"$RUN/ids.6"
cat >"$RUN/undo.6" <<'UNDO_0123456789abcdef'
if [ -s "$RUN/installed.$n" ]; then set --; while read -r v; do set -- "$@" "$v"; done <"$RUN/installed.$n"; patiently dpkg --purge "$@"; fi
if [ -s "$RUN/gone.$n" ]; then set --; while read -r v; do set -- "$@" "$v"; done <"$RUN/gone.$n"; DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l; export DEBIAN_FRONTEND NEEDRESTART_MODE; apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install --no-install-recommends "$@"; fi
dpkg-query -W -f='${Package} ${Version} ${Status}\n' | sed -n 's/ install ok installed$//p; s/ ok installed$//p' >"$RUN/now.$n"
if [ ! -e "$RUN/is.$n" ]; then cp -p "$RUN/now.$n" "$RUN/is.$n"; fi
{ awk '{ print "was", $0 }' "$RUN/was.$n"; awk '{ print "is", $0 }' "$RUN/is.$n"; awk '{ print "now", $0 }' "$RUN/now.$n"; } | D=' containerd runc ' H=' containerd runc ethtool ' S='=' awk 'function in_words(words, p) { return index(ENVIRON[words], " " p " ") > 0 }
{ v[$1 " " $2] = $3; h[$1 " " $2] = ($4 == "hold"); if ($1 == "was") all[$2] = 1 }
END {
  for (p in all) if (in_words("D", p) && v["is " p] != "" && v["was " p] != v["is " p]) moved = 1
  for (p in all) {
    w = v["was " p]; i = v["is " p]; now = v["now " p]; owned = in_words("D", p)
    if (i == "") continue
    back = w != i && now == i && (owned || moved)
    if (back) print (owned ? "own" : "along"), p ENVIRON["S"] w
    else if (owned && w != i && now != w) {
      if (now == "") print "left", p " (removed)"
      else print "left", p ENVIRON["S"] now
    }
    if (!in_words("H", p) || now == "") continue
    if (back || (h["now " p] && !h["was " p])) print "release", p
    if (h["was " p] && (back || !h["now " p])) print "hold", p
  }
}' >"$RUN/back.$n"
set --; while read -r k v; do case $k in release) set -- "$@" "$v";; esac; done <"$RUN/back.$n"; if [ "$#" -gt 0 ]; then patiently apt-mark unhold "$@"; fi
set --; while read -r k v; do case $k in own|along) set -- "$@" "$v";; esac; done <"$RUN/back.$n"; if [ "$#" -gt 0 ]; then ( DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l; export DEBIAN_FRONTEND NEEDRESTART_MODE; apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold --allow-downgrades install --no-install-recommends "$@" ) || { set --; while read -r k v; do case $k in own) set -- "$@" "$v";; esac; done <"$RUN/back.$n"; ( DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l; export DEBIAN_FRONTEND NEEDRESTART_MODE; apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold --allow-downgrades install --no-install-recommends "$@" ); }; fi
set --; while read -r k v; do case $k in hold) set -- "$@" "$v";; esac; done <"$RUN/back.$n"; if [ "$#" -gt 0 ]; then patiently apt-mark hold "$@"; fi
set --; while read -r k v; do case $k in left) set -- "$@" "$v";; esac; done <"$RUN/back.$n"; if [ "$#" -gt 0 ]; then printf '%s\n' "changed after the run, so left as it is: $*"; exit 1; fi
UNDO_0123456789abcdef
printf '%s\n' directory:/srv/media >"$RUN/ids.7"
printf '%s\n' 3 >"$RUN/keeps.7"
printf '%s\n' 'authorized-key:ops#AAAAC3NzaC1lZDI1NTE5AAAAIBcu' >"$RUN/ids.8"
note >"$RUN/undo.8" <<'UNDO_0123456789abcdef'
if [ -e "$RUN/keys-file.$n" ]; then F=$(cat "$RUN/keys-file.$n"); t="$F.$N"
if [ ! -e "$F" ] && [ ! -L "$F" ]; then :; else
room "$F" "$t" part; f=$WAS
if [ -e "$RUN/keys.$n" ] && [ -e "$RUN/keys-after.$n" ] && [ "$(state_of "$f")" = "$(cat "$RUN/keys-after.$n")" ]; then cp -p "$RUN/keys.$n" "$t"; place "$F" "$t"
else
cp -p "$f" "$t"; grep -vF -e AAAAC3NzaC1lZDI1NTE5AAAAIBcu "$f" >"$t" || :; if [ -s "$t" ] || [ -e "$RUN/keys.$n" ]; then place "$F" "$t"; else rm -f "$t"; leave; remove "$F"; fi
fi; fi; if [ -e "$RUN/keys-folder.$n" ]; then here "${F%/*}"; rmdir "$p" 2>/dev/null || :; fi; fi
UNDO_0123456789abcdef
printf '%s\n' file:/etc/chrony/chrony.conf >"$RUN/ids.9"
printf '%s\n' 4 >"$RUN/keeps.9"
printf '%s\n' 'restart chrony.service' >"$RUN/notifies.9"
printf '%s\n' file:/etc/krb5.keytab >"$RUN/ids.10"
printf '%s\n' 5 >"$RUN/keeps.10"
: >"$RUN/secret.10"
printf '%s\n' file:/etc/motd.old >"$RUN/ids.11"
printf '%s\n' 6 >"$RUN/keeps.11"
printf '%s\n' symlink:/etc/vmstation/current >"$RUN/ids.12"
printf '%s\n' 7 >"$RUN/keeps.12"
printf '%s\n' 'line:/etc/login.defs#umask' >"$RUN/ids.13"
printf '%s\n' 8 >"$RUN/keeps.13"
printf '%s\n' 'line:/etc/rsyslog.conf#imudp' >"$RUN/ids.14"
printf '%s\n' 9 >"$RUN/keeps.14"
printf '%s\n' 'block:/etc/security/limits.conf#limits' >"$RUN/ids.15"
printf '%s\n' 10 >"$RUN/keeps.15"
printf '%s\n' 'block:/etc/issue#old banner' >"$RUN/ids.16"
printf '%s\n' 11 >"$RUN/keeps.16"
printf '%s\n' hosts-entry:192.168.4.63 >"$RUN/ids.17"
printf '%s\n' 12 >"$RUN/keeps.17"
printf '%s\n' hosts-entries:nodes >"$RUN/ids.18"
printf '%s\n' 12 >"$RUN/keeps.18"
printf '%s\n' hostname:system >"$RUN/ids.19"
printf '%s\n' 13 >"$RUN/keeps.19"
note >"$RUN/undo.19" <<'UNDO_0123456789abcdef'
may_put_back 'the host name in force' "$(cat /proc/sys/kernel/hostname)" debian; printf '%s\n' debian >/proc/sys/kernel/hostname
UNDO_0123456789abcdef
printf '%s\n' timezone:system >"$RUN/ids.20"
printf '%s\n' 14 15 >"$RUN/keeps.20"
printf '%s\n' unit:vmstation-wol.service >"$RUN/ids.21"
printf '%s\n' 16 >"$RUN/keeps.21"
: >"$RUN/reload.21"
printf '%s\n' resolver:system >"$RUN/ids.22"
printf '%s\n' 17 >"$RUN/keeps.22"
note >"$RUN/undo-after.22" <<'UNDO_0123456789abcdef'
:
UNDO_0123456789abcdef
printf '%s\n' network-interface:enp2s0 >"$RUN/ids.23"
printf '%s\n' 18 >"$RUN/keeps.23"
note >"$RUN/undo.23" <<'UNDO_0123456789abcdef'
ifdown enp2s0 || :; ip -4 addr flush dev enp2s0
UNDO_0123456789abcdef
note >"$RUN/undo-after.23" <<'UNDO_0123456789abcdef'
bare() { [ -z "$(ip -4 addr show dev enp2s0 scope global)" ]; }
set +e; (set -eu; ifup enp2s0); told=$?; set -e
w=0; while bare && [ "$w" -lt 10 ]; do sleep 1; w=$((w+1)); done
if bare; then
printf '%s\n' 'nothing gave enp2s0 an address again, so it was given back by hand what it had: 10.0.0.7/24'
ip addr replace 10.0.0.7/24 brd + dev enp2s0
ip link set enp2s0 up
ip route replace default via 10.0.0.1 dev enp2s0
fi
[ "$told" -eq 0 ] || exit "$told"
UNDO_0123456789abcdef
printf '%s\n' kernel-module:br_netfilter >"$RUN/ids.24"
printf '%s\n' 19 >"$RUN/keeps.24"
note >"$RUN/undo.24" <<'UNDO_0123456789abcdef'
if [ -d /sys/module/br_netfilter ]; then modprobe -r br_netfilter; fi
UNDO_0123456789abcdef
printf '%s\n' sysctl:net.ipv4.ip_forward >"$RUN/ids.25"
printf '%s\n' 20 >"$RUN/keeps.25"
note >"$RUN/undo.25" <<'UNDO_0123456789abcdef'
may_put_back net.ipv4.ip_forward "$(cat /proc/sys/net/ipv4/ip_forward)" 0; printf '%s\n' 0 >/proc/sys/net/ipv4/ip_forward
UNDO_0123456789abcdef
printf '%s\n' selinux:system >"$RUN/ids.26"
printf '%s\n' 21 >"$RUN/keeps.26"
note >"$RUN/undo.26" <<'UNDO_0123456789abcdef'
printf '%s' 0 >/sys/fs/selinux/enforce
UNDO_0123456789abcdef
printf '%s\n' link:enp1s0 >"$RUN/ids.27"
printf '%s\n' 22 23 >"$RUN/keeps.27"
: >"$RUN/reload.27"
note >"$RUN/undo.27" <<'UNDO_0123456789abcdef'
may_put_back 'the size of packets of enp1s0' "$(cat /sys/class/net/enp1s0/mtu)" 1500; ip link set dev enp1s0 mtu 1500
ethtool -s enp1s0 wol d
UNDO_0123456789abcdef
printf '%s\n' filesystem:/dev/disk/by-id/ata-DISK >"$RUN/ids.28"
note >"$RUN/undo.28" <<'UNDO_0123456789abcdef'
if [ -e "$RUN/filesystem.$n" ]; then d=$(readlink -f /dev/disk/by-id/ata-DISK)
if grep -q -F -e "$d " /proc/mounts; then echo "$d is mounted: its file system is left as it is"; exit 1; fi
if [ "$(head_of "$d")" != "$(cat "$RUN/filesystem.$n")" ]; then echo "$d was used since its file system was made: it is left as it is"; exit 1; fi
if [ -f "$d" ]; then s=$(stat -c %s "$d"); truncate -s 0 "$d"; truncate -s "$s" "$d"; else wipefs -a -q "$d"; fi; fi
UNDO_0123456789abcdef
printf '%s\n' filesystem:/dev/sdc >"$RUN/ids.29"
note >"$RUN/undo.29" <<'UNDO_0123456789abcdef'
e2label /dev/sdc old
UNDO_0123456789abcdef
printf '%s\n' filesystem:/dev/sdd >"$RUN/ids.30"
note >"$RUN/undo.30" <<'UNDO_0123456789abcdef'
xfs_admin -L old /dev/sdd
UNDO_0123456789abcdef
printf '%s\n' swap:system >"$RUN/ids.31"
printf '%s\n' 24 >"$RUN/keeps.31"
note >"$RUN/undo-after.31" <<'UNDO_0123456789abcdef'
if ! grep -q -F -e '/dev/sda2 ' /proc/swaps; then swapon -p 5 /dev/sda2; fi
UNDO_0123456789abcdef
printf '%s\n' mount:/srv/scratch >"$RUN/ids.32"
printf '%s\n' 24 >"$RUN/keeps.32"
: >"$RUN/reload.32"
note >"$RUN/undo-after.32" <<'UNDO_0123456789abcdef'
mount -o remount,rw,suid,dev,exec,relatime /srv/scratch
UNDO_0123456789abcdef
printf '%s\n' mount:/srv/backup >"$RUN/ids.33"
printf '%s\n' 24 >"$RUN/keeps.33"
: >"$RUN/reload.33"
note >"$RUN/undo.33" <<'UNDO_0123456789abcdef'
if grep -q -F -e ' /srv/backup ' /proc/mounts; then umount /srv/backup; fi
UNDO_0123456789abcdef
printf '%s\n' command:locale >"$RUN/ids.34"
note >"$RUN/undo.34" <<'UNDO_0123456789abcdef'
true
UNDO_0123456789abcdef
printf '%s\n' 'command:audit rules' >"$RUN/ids.35"
printf '%s\n' kerberos-principal:alex@HOME.ARPA >"$RUN/ids.36"
note >"$RUN/undo.36" <<'UNDO_0123456789abcdef'
if [ -e "$RUN/principal.$n" ]; then kdb5_util -r HOME.ARPA load -update "$RUN/principal.$n"
elif kadmin.local -r HOME.ARPA getprinc alex >/dev/null 2>&1; then kadmin.local -r HOME.ARPA delprinc -force alex; fi
UNDO_0123456789abcdef
printf '%s\n' command:ticket >"$RUN/ids.37"
: >"$RUN/secret.37"
printf '%s\n' service:chrony.service >"$RUN/ids.38"
note >"$RUN/undo.38" <<'UNDO_0123456789abcdef'
each stop "$RUN/woken.$n"; systemctl stop -- chrony.service
systemctl disable -- chrony.service
UNDO_0123456789abcdef
printf '%s\n' service:telnet.socket >"$RUN/ids.39"
note >"$RUN/undo.39" <<'UNDO_0123456789abcdef'
systemctl unmask -- telnet.socket
UNDO_0123456789abcdef
}
main() {
say 'vmstation-apply 1'
mkdir -p "$STATE/runs" "$STATE/owed"; chmod 0700 "$STATE" "$STATE/runs" "$STATE/owed"
lock 60 20261123-091500-k3f9 ops@station
sweep_interrupted
B="$STATE/runs/"20261123-091500-k3f9; mkdir -p "$B"; i=1; while [ -e "$B/$i" ]; do i=$((i+1)); done; RUN="$B/$i"; if ! w=$(mkdir "$RUN" 2>&1); then unlock; cannot "$w"; fi
ME=$(id -u):$(id -g)
w=$( ( prepare ) 2>&1 ); r=$?
if [ "$r" -ne 0 ]; then unlock; cannot "$w"; fi
of_kept survey
unless_changed 1 "$(grep -e '^media:' /etc/group)" ''
unless_changed 2 "$(grep -e '^ops:' /etc/group)" ops:x:1000:
unless_changed 3 "$(grep -e '^media:' /etc/passwd)" ''
unless_changed 4 "$(grep -e '^ops:' /etc/passwd)" ops:x:1000:1000::/home/ops:/bin/bash
unless_moved 5 /etc/apt/sources.list.d/kubernetes.sources absent
unless_moved 5 /etc/apt/keyrings/kubernetes.asc absent
unless_moved 7 /srv/media absent
unless_moved 9 /etc/chrony/chrony.conf absent
unless_moved 10 /etc/krb5.keytab absent
unless_moved 11 /etc/motd.old absent
unless_moved 12 /etc/vmstation/current absent
unless_moved 13 /etc/login.defs absent
unless_moved 14 /etc/rsyslog.conf absent
unless_moved 15 /etc/security/limits.conf absent
unless_moved 16 /etc/issue absent
unless_moved 17 /etc/hosts absent
unless_moved 18 /etc/hosts absent
unless_moved 19 /etc/hostname absent
unless_changed 19 "$(cat /proc/sys/kernel/hostname)" debian
unless_moved 20 /etc/localtime absent
unless_moved 20 /etc/timezone absent
unless_moved 21 /etc/systemd/system/vmstation-wol.service absent
unless_moved 22 /etc/resolv.conf absent
unless_moved 23 /etc/network/interfaces absent
unless_moved 24 /etc/modules-load.d/vmstation.conf absent
unless_moved 25 /etc/sysctl.d/99-zz-vmstation.conf absent
unless_changed 25 "$(cat /proc/sys/net/ipv4/ip_forward 2>/dev/null)" 0
unless_moved 26 /etc/selinux/config absent
unless_moved 27 /etc/systemd/system/vmstation-link-enp1s0.service absent
unless_moved 27 /etc/systemd/system/multi-user.target.wants/vmstation-link-enp1s0.service absent
unless_moved 31 /etc/fstab absent
unless_moved 32 /etc/fstab absent
unless_moved 33 /etc/fstab absent
unless_changed 34 "$(if timeout 20 grep -q en_GB /etc/locale.gen >/dev/null 2>&1; then echo yes; else echo no; fi)" no
unless_changed 35 "$(if printed=$(timeout 20 auditctl -l -k vmstation- 2>/dev/null) && printf '%s\n' "$printed" | cmp -s - '/run/it'\''s.listing'; then echo yes; else echo no; fi)" no
unless_changed 37 "$(if timeout 20 kinit -k -t /etc/krb5.keytab -c MEMORY: >/dev/null 2>&1; then echo yes; else echo no; fi)" no
unless_changed 38 "$(systemctl show --no-pager --property=UnitFileState -- chrony.service)" 'UnitFileState=disabled'
unless_changed 39 "$(systemctl show --no-pager --property=UnitFileState -- telnet.socket)" 'UnitFileState=disabled'
step 1
step 2
step 3 1
step 4 1
step 5
step 6
step 7 3 1
step 8 4
step 9
step 10
step 11
step 12
step 13
step 14
step 15
step 16
step 17
step 18
step 19
step 20
step 21
step 22
step 23
step 24
step 25
step 26
step 27 6
step 28
step 29
step 30
step 31
[ ! -d /run/systemd/system ] || systemctl daemon-reload >"$RUN/log.reload" 2>&1 || {
tell "$RUN/log.reload"
BAD="$BAD 21"; say "end 21 failed 1"
BAD="$BAD 27"; say "end 27 failed 1"
}
step 32
[ ! -d /run/systemd/system ] || systemctl daemon-reload >"$RUN/log.reload" 2>&1 || {
tell "$RUN/log.reload"
BAD="$BAD 32"; say "end 32 failed 1"
}
step 33
[ ! -d /run/systemd/system ] || systemctl daemon-reload >"$RUN/log.reload" 2>&1 || {
tell "$RUN/log.reload"
BAD="$BAD 33"; say "end 33 failed 1"
}
step 34
step 35
step 36
step 37
step 38
step 39
[ ! -d /run/systemd/system ] || systemctl daemon-reload >"$RUN/log.reload" 2>&1 || {
tell "$RUN/log.reload"
BAD="$BAD 38"; say "end 38 failed 1"
BAD="$BAD 39"; say "end 39 failed 1"
}
handle restart chrony.service
settle 2
paid restart chrony.service
of_kept left
sync -f /etc "$STATE"
rm -f "$RUN/nonce"
unlock
say 'done'
}
main </dev/null
