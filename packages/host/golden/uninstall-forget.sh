# vmstation: removes its own records from this machine
N=0123456789abcdef; STATE=/var/lib/vmstation; RUN=''
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
main() {
say 'vmstation-uninstall 1'
if [ -d "$STATE" ]; then
  lock 60 uninstall-0123 ops@station
  for u in /etc/systemd/system/vmstation-try-*.service /etc/systemd/system/multi-user.target.wants/vmstation-try-*.service; do
    if [ -e "$u" ] || [ -L "$u" ]; then rm -f "$u"; fi
  done
  [ ! -d /run/systemd/system ] || systemctl daemon-reload
  rm -rf "$STATE"
fi
for p in "$STATE" /etc/*vmstation* /etc/*/*vmstation* /etc/*/*/*vmstation* /etc/*/*/*/*vmstation* /usr/local/*/*vmstation* /var/lib/vmstation; do
  if [ -e "$p" ] || [ -L "$p" ]; then say "named $p"; fi
done
say 'done'
}
main </dev/null
